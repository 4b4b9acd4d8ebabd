#include "message/scan/scan_cut.h"

#include "base/alloc.h"
#include "message/escape.h"

#include <stdlib.h>

#define KINDS 15 /* all of enum attachment_kind */

void scan_cuts_write(const struct scan_cuts *cuts, struct buf *out)
{
	for (size_t i = 0; i < cuts->count; i++) {
		const struct scan_cut *cut = &cuts->items[i];

		buf_printf(out, "%llu %llu %d %llu %u ", (unsigned long long)cut->at, (unsigned long long)cut->len, cut->is_silent,
		    (unsigned long long)cut->size, cut->kind);
		escape_append(out, slice_of(cut->name));
		buf_append_byte(out, ' ');
		escape_append(out, slice_of(cut->type));
		buf_append_byte(out, '\n');
	}
}

/* Printable, whatever the word is. */
static bool read_text(struct slice word, char *out, size_t size)
{
	char *text = escape_undo(word);

	if (text != NULL)
		str_printable(out, size, slice_of(text));
	free(text);
	return text != NULL;
}

static bool read_cut(struct slice line, struct scan_cut *cut)
{
	struct slice words[7];
	uint64_t silent, kind;

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		words[i] = slice_cut(&line, ' ');
	if (words[6].ptr == NULL || line.ptr != NULL || !slice_number(words[0], 0, INT64_MAX, &cut->at) ||
	    !slice_number(words[1], 0, INT64_MAX, &cut->len) || !slice_number(words[2], 0, 1, &silent) || !slice_number(words[3], 0, INT64_MAX, &cut->size) ||
	    !slice_number(words[4], 0, KINDS, &kind))
		return false;
	cut->is_silent = silent != 0;
	cut->kind = (unsigned)kind;
	return read_text(words[5], cut->name, sizeof(cut->name)) && read_text(words[6], cut->type, sizeof(cut->type));
}

bool scan_cuts_read(struct slice text, struct scan_cuts *cuts)
{
	uint64_t end = 0;

	*cuts = (struct scan_cuts){.count = 0};
	while (text.len > 0) {
		struct scan_cut *cut = &cuts->items[cuts->count];

		if (cuts->count == SCAN_CUTS_MAX || !read_cut(slice_cut(&text, '\n'), cut) || cut->at < end)
			return false;
		end = cut->at + cut->len;
		cuts->count++;
	}
	return true;
}
