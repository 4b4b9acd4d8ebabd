#include "gateway/services/filter_attachments.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file/mapped.h"
#include "message/attachment/attachment_cut.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

struct filter_attachments {
	const struct conf *conf;
	struct attachment_types *types;
	pthread_mutex_t lock; /* held while one message is looked at */
};

struct filter_attachments *filter_attachments_new(const struct conf *conf, struct error *error)
{
	struct filter_attachments *attachments;
	struct attachment_types *types;

	error->class = ERROR_NONE;
	if (!conf_forbids_attachments(conf, CONF_FETCHED | CONF_LOCAL | CONF_OUTGOING))
		return NULL;
	types = attachment_types_open(error);
	if (types == NULL)
		return NULL;
	attachments = xcalloc(1, sizeof(*attachments));
	attachments->conf = conf;
	attachments->types = types;
	pthread_mutex_init(&attachments->lock, NULL);
	return attachments;
}

static void say(const struct attachment_finding *finding, struct scan_verdict *verdict)
{
	attachment_kind_phrase(verdict->attachment, sizeof(verdict->attachment), finding->kind, finding->name);
}

static void look(struct filter_attachments *attachments, struct slice message, struct scan_verdict *verdict)
{
	const struct conf_filter *filter = &attachments->conf->filter;
	const struct attachment_rules rules = {&filter->attachments_forbidden, filter->attachments_kinds};
	struct attachment_finding finding;

	pthread_mutex_lock(&attachments->lock);
	if (attachment_find(attachments->types, &rules, message, &finding)) {
		say(&finding, verdict);
		if (filter->attachments == VIRUS_STRIP)
			attachment_cut(attachments->types, &rules, message, &verdict->cuts);
	}
	pthread_mutex_unlock(&attachments->lock);
	verdict->looked |= SCAN_ATTACHMENT;
}

/* The file may shrink meanwhile. */
static void look_at_file(struct filter_attachments *attachments, const struct scanner_message *message, struct scan_verdict *verdict)
{
	size_t size = (size_t)message->size;
	void *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, message->file, 0);
	bool is_whole;

	if (map == MAP_FAILED || !mapped_add(map, size)) {
		verdict->skipped |= SCAN_ATTACHMENT;
	} else {
		look(attachments, slice_make(map, size), verdict);
		is_whole = mapped_is_intact(map);
		mapped_remove(map);
		if (!is_whole)
			verdict->cuts.count = 0;
		if (!is_whole && verdict->attachment[0] == '\0') {
			verdict->looked &= ~(unsigned)SCAN_ATTACHMENT;
			verdict->skipped |= SCAN_ATTACHMENT;
		}
	}
	if (map != MAP_FAILED)
		munmap(map, size);
}

void filter_attachments_look(struct filter_attachments *attachments, unsigned sources, const struct scanner_message *message,
    struct scan_verdict *verdict)
{
	int64_t begun = clock_now_ms();

	if (attachments == NULL || !conf_forbids_attachments(attachments->conf, sources))
		return;
	if (message->size == 0 || message->size > FILTER_ATTACHMENTS_MAX)
		verdict->skipped |= SCAN_ATTACHMENT;
	else if (message->file < 0)
		look(attachments, slice_make(message->bytes, (size_t)message->size), verdict);
	else
		look_at_file(attachments, message, verdict);
	if (verdict->skipped & SCAN_ATTACHMENT && attachments->conf->filter.attachments_kinds & ATTACHMENT_UNREADABLE)
		say(&(struct attachment_finding){.kind = ATTACHMENT_UNREADABLE, .name = "-"}, verdict);
	verdict->ms += clock_now_ms() - begun;
}
