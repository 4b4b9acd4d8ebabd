#include "message/stub_reply.h"

#include "base/buf.h"
#include "message/header.h"
#include "message/mime.h"
#include "message/msgid.h"

#define TEXT_MAX (64u << 10) /* limit of lines: the user's own text comes first or between quotes */

bool stub_reply_is_stub(struct slice message, const char *id, uint64_t *size)
{
	struct header_field field;
	struct slice rest;
	bool found = false;

	*size = 0;
	if (!header_find(message, STUB_FIELD, &field))
		return false;
	for (rest = field.body; rest.len > 0;) {
		struct slice part = slice_trim(slice_cut(&rest, ';'));

		if (slice_begins_nocase(part, "id="))
			found = found || slice_is(slice_from(part, 3), id);
		else if (slice_begins_nocase(part, "size=") && !slice_number(slice_from(part, 5), 0, UINT64_MAX, size))
			*size = 0;
	}
	return found;
}

bool stub_reply_by_imap(struct slice subject, struct slice *user)
{
	struct slice word = slice_cut(&subject, ' ');

	slice_cut(&subject, ' '); /* the id */
	*user = subject;
	return slice_is(word, STUB_KEYWORD) && user->len > 0;
}

bool stub_reply_id(struct slice subject, struct slice *id)
{
	for (size_t at = 0; at + MSGID_LEN < subject.len; at++) {
		struct slice rest = slice_from(subject, at);

		if (!slice_begins_nocase(rest, "fetch "))
			continue;
		rest = slice_trim(slice_from(rest, strlen("fetch ")));
		if (rest.len >= MSGID_LEN && msgid_is(slice_make(rest.ptr, MSGID_LEN))) {
			*id = slice_make(rest.ptr, MSGID_LEN);
			return true;
		}
	}
	return false;
}

/* Lines with which programs introduce a message that they quote without ">". */
static bool begins_original(struct slice line)
{
	return slice_begins_nocase(line, "-----") || slice_begins_nocase(line, "_____") || slice_begins_nocase(line, "From: ") ||
	       slice_begins_nocase(line, "От: ") || slice_begins_nocase(line, "Von: ");
}

static bool text_has_own(struct slice text)
{
	size_t words = 0; /* lines of own words since the last quote */
	struct slice last = SLICE_NONE;

	while (text.len > 0) {
		struct slice line = slice_cut(&text, '\n');

		if (line.len > 0 && line.ptr[line.len - 1] == '\r')
			line.len--;
		if (slice_is(line, "-- ") || slice_is(line, "--"))
			break;
		line = slice_trim(line);
		if (line.len == 0) { /* an introduction is one paragraph */
			if (words > 0 && last.ptr[last.len - 1] != ':')
				return true;
			continue;
		}
		if (line.ptr[0] == '>') {
			/* Text before a quote that ends in a colon introduces it. */
			if (words > 2 || (words > 0 && last.ptr[last.len - 1] != ':'))
				return true;
			words = 0;
			continue;
		}
		if (begins_original(line))
			break;
		words++;
		last = line;
	}
	return words > 0;
}

bool stub_reply_has_text(struct slice message)
{
	struct buf text = BUF_INIT(TEXT_MAX);
	bool has_text = false, found = false;
	struct mime_walk walk;
	struct mime_part part;

	mime_walk_init(&walk, message);
	while (!found && mime_walk_next(&walk, &part)) {
		if (mime_is_attachment(&part)) {
			found = true;
		} else if (!has_text && !part.is_container && mime_is_shown_text(&part)) {
			has_text = true; /* the other parts have the same text as HTML */
			found = mime_text(&part, &text) != 0 || text_has_own(buf_slice(&text));
		}
	}
	buf_clear(&text);
	return found;
}
