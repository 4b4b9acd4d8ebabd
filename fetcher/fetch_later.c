#include "fetcher/fetch_later.h"

#include "base/alloc.h"
#include "base/log.h"
#include "base/net/frame.h"
#include "config/conf_folders.h"
#include "fetcher/fetch_priv.h"

#include <stdio.h>
#include <stdlib.h>

#define HEADER_COST 2048 /* of a message, and */
#define PART_COST 300	 /* of a part, approximately */
#define STRUCTURE_MAX (64u << 10)
#define STRUCTURES_BYTES (16u << 20) /* of all messages; the others are fetched whole */

/* --- which parts */

static bool is_of_type(const struct conf_account *account, const struct imap_part *part)
{
	char name[sizeof(part->name)];

	snprintf(name, sizeof(name), "%s", part->name);
	str_lower_ascii(name);
	for (size_t i = 0; i < account->attachments_types.count; i++) {
		const char *pattern = account->attachments_types.items[i];

		if (conf_folders_fit(pattern, strchr(pattern, '/') != NULL ? part->type : name))
			return true;
	}
	return false;
}

bool fetch_later_is_left(const struct conf_account *account, const struct imap_part *part)
{
	bool is_text = slice_begins_nocase(slice_of(part->type), "text/") && !part->is_attachment;

	return !part->is_multipart && !is_text && (part->size > (uint64_t)account->attachments_above || is_of_type(account, part));
}

bool fetch_later_choose(const struct conf_account *account, const struct imap_structure *structure, struct buf *sections, uint64_t *cost)
{
	size_t left = 0;

	*cost = HEADER_COST;
	buf_append_text(sections, "BODY.PEEK[HEADER]");
	for (size_t i = 0; i < structure->count; i++) {
		const struct imap_part *part = &structure->parts[i];
		bool is_left = fetch_later_is_left(account, part);

		left += is_left;
		*cost += PART_COST + (is_left ? 0 : part->size);
		if (part->is_multipart && (part->boundary[0] == '\0' || strpbrk(part->boundary, "\r\n") != NULL))
			return false;
		if (is_left)
			continue;
		if (part->depth > 0)
			buf_printf(sections, " BODY.PEEK[%s.MIME]", part->section);
		if (!part->is_multipart)
			buf_printf(sections, " BODY.PEEK[%s]", part->section);
	}
	return left > 0 && *cost <= FETCH_LATER_BYTES && sections->len <= IMAP_SET_MAX && !sections->overflow;
}

/* --- before the transfer */

/* One that a rule has fetched comes whole, and one at which a connection has broken. */
static bool is_candidate(const struct fetch *fetch, const struct plan_item *item)
{
	uint64_t least = fetch->job->account->attachments_types.count > 0 ? HEADER_COST : (uint64_t)fetch->job->account->attachments_above;

	return (item->action == PLAN_GET || item->action == PLAN_STUB) && item->rule == NULL && item->key != NULL && !item->is_doubtful && item->kept == 0 &&
	       item->size > least && fetch_tries_count(fetch, item) == 0 && !plan_is_wanted(item, &fetch->memory.seen) &&
	       map_get(&fetch->later.whole, slice_of(item->key)) == NULL && map_get(&fetch->later.structures, slice_of(item->key)) == NULL;
}

/* It is kept as a string. */
static bool can_be_kept(const struct fetch *fetch, struct slice structure)
{
	return structure.len <= STRUCTURE_MAX && fetch->later.bytes + structure.len <= STRUCTURES_BYTES && slice_find(structure, '\0') < 0;
}

static bool feed_structures(struct fetch *fetch)
{
	while (fetch->later.next < fetch->plan.count) {
		const struct plan_item *item = &fetch->plan.items[fetch->later.next++];

		if (is_candidate(fetch, item))
			return fetch_dialogue_ask(fetch, ASK_STRUCTURE, item);
	}
	return false;
}

static void take_structure(struct fetch *fetch, struct plan_item *item, struct slice text)
{
	struct buf sections = BUF_INIT(IMAP_SET_MAX);
	struct imap_structure structure;
	uint64_t cost;

	if (!is_candidate(fetch, item) || !can_be_kept(fetch, text) || !imap_structure_read(text, &structure))
		return;
	if (fetch_later_choose(fetch->job->account, &structure, &sections, &cost)) {
		map_put(&fetch->later.structures, slice_of(item->key), slice_dup(text));
		fetch->later.bytes += text.len;
		item->action = PLAN_STUB;
		item->is_later = true;
		item->later_cost = cost;
	}
	imap_structure_clear(&structure);
	buf_clear(&sections);
}

static int structure_event(struct fetch *fetch, const struct fetch_event *event, struct error *error)
{
	(void)error;
	if (event->what == GOT_LINE && event->ask == ASK_STRUCTURE && event->item != NULL)
		take_structure(fetch, event->item, event->text);
	return 0;
}

int fetch_later_find(struct fetch *fetch, struct error *error)
{
	fetch_later_clear(fetch);
	if (!fetch->is_imap || fetch->job->account->attachments != ATTACHMENTS_LATER)
		return 0;
	return fetch_dialogue_run(fetch, feed_structures, structure_event, error);
}

/* --- the transfer */

static struct slice structure_of(const struct fetch *fetch, const struct plan_item *item)
{
	const char *text = item->key == NULL ? NULL : map_get(&fetch->later.structures, slice_of(item->key));

	return text == NULL ? SLICE_NONE : slice_of(text);
}

bool fetch_later_ask(struct fetch *fetch, const struct plan_item *item)
{
	struct buf sections = BUF_INIT(IMAP_SET_MAX);
	struct imap_structure structure;
	uint64_t cost;
	bool asked = false;

	if (imap_structure_read(structure_of(fetch, item), &structure) &&
	    fetch_later_choose(fetch->job->account, &structure, &sections, &cost))
		asked = fetch_dialogue_ask_parts(fetch, item, buf_slice(&sections));
	imap_structure_clear(&structure);
	buf_clear(&sections);
	return asked;
}

void fetch_later_section(struct fetch *fetch, struct slice name)
{
	struct fetch_sections *sections = &fetch->message.sections;
	struct fetch_section section = {.at = fetch->message.stub.len};

	if (fetch->message.item == NULL || !fetch->message.item->is_later || sections->count > 2 * IMAP_PARTS_MAX)
		return;
	snprintf(section.name, sizeof(section.name), "%.*s", SLICE_PRINT(name));
	ARRAY_GROW(sections->items, sections->count);
	sections->items[sections->count++] = section;
}

static bool has(const struct fetch_sections *sections, const char *name, const char *behind)
{
	char wanted[IMAP_SECTION_SIZE + 8];

	snprintf(wanted, sizeof(wanted), "%s%s", name, behind);
	for (size_t i = 0; i < sections->count; i++)
		if (slice_is_nocase(slice_of(sections->items[i].name), wanted))
			return true;
	return false;
}

/* All that was requested has come; an empty part may be missing. */
static bool is_whole(const struct fetch *fetch, const struct imap_structure *structure)
{
	const struct fetch_sections *sections = &fetch->message.sections;

	if (sections->count == 0 || !slice_is_nocase(slice_of(sections->items[0].name), "HEADER"))
		return false; /* its digest is that of the beginning */
	for (size_t i = 0; i < structure->count; i++) {
		const struct imap_part *part = &structure->parts[i];

		if (fetch_later_is_left(fetch->job->account, part))
			continue;
		if ((part->depth > 0 && !has(sections, part->section, ".MIME")) || (!part->is_multipart && part->size > 0 && !has(sections, part->section, "")))
			return false;
	}
	return true;
}

static void put_frames(const struct fetch_message *message, struct buf *frames)
{
	const struct fetch_sections *sections = &message->sections;

	for (size_t i = 0; i < sections->count; i++) {
		size_t end = i + 1 < sections->count ? sections->items[i + 1].at : message->stub.len;

		frame_put(frames, 'n', slice_of(sections->items[i].name));
		frame_put(frames, 'd', slice_make(message->stub.ptr + sections->items[i].at, end - sections->items[i].at));
	}
}

bool fetch_later_is_whole(const struct fetch *fetch)
{
	struct imap_structure structure;
	bool good = imap_structure_read(structure_of(fetch, fetch->message.item), &structure) && is_whole(fetch, &structure);

	imap_structure_clear(&structure);
	return good;
}

void fetch_later_refused(struct fetch *fetch, const struct plan_item *item)
{
	log_info("event=parts-missing account=%s uidl=%s", LOG_CSTR(fetch->job->account->name), LOG_CSTR(item->key));
	map_put(&fetch->later.whole, slice_of(item->key), (void *)1);
	fetch->transfer.tries_again = true;
}

struct slice fetch_later_frames(const struct fetch *fetch, struct buf *frames)
{
	put_frames(&fetch->message, frames);
	return structure_of(fetch, fetch->message.item);
}

void fetch_later_clear(struct fetch *fetch)
{
	struct slice key;
	void *text;

	for (size_t at = 0; map_next(&fetch->later.structures, &at, &key, &text);)
		free(text);
	map_clear(&fetch->later.structures);
	fetch->later.bytes = fetch->later.next = 0;
}
