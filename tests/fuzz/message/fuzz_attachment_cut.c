/*
 * Attachments that are cut out of any message: what is left has the same parts, of which the others are unchanged, and nothing forbidden; the text form
 * of the cuts is read again, and any other text is refused or read.
 */
#include "message/attachment/attachment_cut.h"

#include "base/alloc.h"
#include "message/mime.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOTICE "Content-Type: text/plain; charset=UTF-8\r\n\r\nremoved"

static size_t count_parts(struct slice message)
{
	struct mime_walk walk;
	struct mime_part part;
	size_t count = 0;

	mime_walk_init(&walk, message);
	while (mime_walk_next(&walk, &part))
		count++;
	return count;
}

static void check_rest(struct attachment_types *types, const struct attachment_rules *rules, struct slice message, const struct scan_cuts *cuts)
{
	struct buf rest = BUF_INIT(message.len + SCAN_CUTS_MAX * sizeof(NOTICE));
	struct attachment_finding finding;
	size_t end = 0;

	for (size_t i = 0; i < cuts->count; i++) {
		const struct scan_cut *cut = &cuts->items[i];

		assert(cut->at >= end && cut->len <= message.len - cut->at);
		buf_append(&rest, message.ptr + end, (size_t)cut->at - end);
		buf_append_text(&rest, cut->is_silent ? "" : NOTICE);
		end = (size_t)(cut->at + cut->len);
	}
	buf_append_slice(&rest, slice_from(message, end));
	assert(count_parts(buf_slice(&rest)) == count_parts(message));
	assert(!attachment_find(types, rules, buf_slice(&rest), &finding));
	buf_clear(&rest);
}

static void check_text(struct slice text)
{
	struct buf once = BUF_INIT(SCAN_CUTS_TEXT_MAX), twice = BUF_INIT(SCAN_CUTS_TEXT_MAX);
	struct scan_cuts cuts, again;

	if (!scan_cuts_read(text, &cuts))
		return;
	scan_cuts_write(&cuts, &once);
	assert(!once.overflow && scan_cuts_read(buf_slice(&once), &again));
	scan_cuts_write(&again, &twice);
	assert(slice_equal(buf_slice(&once), buf_slice(&twice)));
	buf_clear(&once);
	buf_clear(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct attachment_types *types;
	static char *patterns[] = {"*.exe", "application/x-dosexec"};
	static const struct strlist names = {patterns, ARRAY_LEN(patterns)};
	const struct attachment_rules rules = {&names, ATTACHMENT_PROGRAM | ATTACHMENT_MACROS};
	struct slice message = slice_make((const char *)data, size);
	struct scan_cuts cuts;
	struct error error;

	if (types == NULL)
		types = attachment_types_open(&error);
	assert(types != NULL);
	check_text(message);
	if (attachment_cut(types, &rules, message, &cuts) && cuts.count > 0)
		check_rest(types, &rules, message, &cuts);
	return 0;
}
