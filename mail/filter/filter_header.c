#include "mail/filter/filter_header.h"

#include "base/alloc.h"
#include "message/header.h"

#include <stdio.h>
#include <stdlib.h>

#define VIRUS_FIELD "X-Virus-Status"
#define SCORE_FIELD "X-Spam-Score"
#define FLAG_FIELD "X-Spam-Flag"

bool filter_header_is_ours(struct slice name, const struct scan_verdict *verdict)
{
	unsigned kinds = verdict == NULL ? SCAN_VIRUS | SCAN_SPAM : verdict->looked | verdict->away | verdict->skipped;

	if (slice_is_nocase(name, SCAN_FIELD))
		return true;
	if (slice_is_nocase(name, VIRUS_FIELD))
		return kinds & SCAN_VIRUS;
	if (slice_is_nocase(name, FILTER_ATTACHMENT_FIELD))
		return verdict == NULL || kinds & SCAN_ATTACHMENT;
	return kinds & SCAN_SPAM && (slice_is_nocase(name, SCORE_FIELD) || slice_is_nocase(name, FLAG_FIELD));
}

static void add_virus(const struct scan_verdict *verdict, struct envelope *envelope)
{
	char text[SCAN_VIRUS_MAX + 32];

	if (verdict->virus[0] != '\0')
		snprintf(text, sizeof(text), "infected (%s)", verdict->virus);
	else
		snprintf(text, sizeof(text), "%s", (verdict->away | verdict->skipped) & SCAN_VIRUS ? "not scanned" : "clean");
	envelope_add_header(envelope, VIRUS_FIELD, slice_of(text));
}

static void add_attachment(const struct scan_verdict *verdict, struct envelope *envelope)
{
	char text[PHRASE_MAX];

	if (verdict->attachment[0] != '\0')
		str_printable(text, sizeof(text), slice_of(PHRASE_EN(verdict->attachment)));
	else
		snprintf(text, sizeof(text), "%s", verdict->away & SCAN_ATTACHMENT ? "not looked at" : "allowed");
	envelope_add_header(envelope, FILTER_ATTACHMENT_FIELD, slice_of(text));
}

void filter_header_add(const struct scan_verdict *verdict, bool is_spam, struct envelope *envelope)
{
	unsigned kinds = verdict->looked | verdict->away | verdict->skipped;
	struct scan_verdict shown = *verdict;
	struct buf text = BUF_INIT(SCAN_TEXT_MAX);

	if (kinds & SCAN_VIRUS)
		add_virus(verdict, envelope);
	if (kinds & SCAN_ATTACHMENT)
		add_attachment(verdict, envelope);
	if (verdict->looked & SCAN_SPAM) {
		envelope_add_header(envelope, SCORE_FIELD, slice_of(SCAN_SCORE(verdict->score)));
		envelope_add_header(envelope, FLAG_FIELD, slice_of(is_spam ? "YES" : "NO"));
	}
	if (kinds == 0)
		return;
	shown.reason[0] = '\0'; /* it is in the journal, */
	shown.attachment[0] = '\0'; /* and this in a field of its own */
	scan_verdict_write(&shown, &text);
	envelope_add_header(envelope, SCAN_FIELD, buf_slice(&text));
	buf_clear(&text);
}

/* What was at `end` or later in the message moves towards its beginning. */
static void move_offsets(struct envelope *envelope, uint64_t end, size_t len)
{
	if (envelope->insert_at >= end)
		envelope->insert_at -= len;
	for (size_t i = 0; i < envelope->cut_count; i++)
		if (envelope->cuts[i].at >= end)
			envelope->cuts[i].at -= len;
}

size_t filter_header_clean(struct slice message, const struct scan_verdict *verdict, struct envelope *envelope, struct slice **parts)
{
	const char *kept = message.ptr;
	uint64_t gone = 0;
	struct header_walk walk;
	struct header_field field;
	size_t count = 0;

	*parts = NULL;
	header_walk_init(&walk, message);
	while (header_walk_next(&walk, &field)) {
		if (!filter_header_is_ours(field.name, verdict))
			continue;
		ARRAY_GROW(*parts, count);
		(*parts)[count++] = slice_make(kept, (size_t)(field.raw.ptr - kept));
		kept = field.raw.ptr + field.raw.len;
		move_offsets(envelope, (uint64_t)(kept - message.ptr) - gone, field.raw.len);
		gone += field.raw.len;
	}
	if (count == 0)
		return 0;
	ARRAY_GROW(*parts, count);
	(*parts)[count++] = slice_make(kept, message.len - (size_t)(kept - message.ptr));
	return count;
}
