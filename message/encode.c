/*
 * Text as encoded words (RFC 2047).
 */
#include "base/base64.h"
#include "message/decode.h"

#define FOLD_MAX 60 /* of text that we fold ourselves; the name of the field comes before it */
#define LINE_MAX 900 /* a longer word is not kept unchanged (RFC 5322 section 2.1.1) */

static bool is_plain(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < ' ' || text.ptr[i] > '~')
			return false;
	return !slice_contains(text, "=?");
}

/* Length of the first line: up to the last blank between two words within FOLD_MAX, or the first blank after it. A line
 * that begins or ends with blanks could be mistaken for an empty one. */
static size_t line_length(struct slice text)
{
	size_t len = text.len;

	for (size_t at = 1; at + 1 < text.len && (at <= FOLD_MAX || len == text.len); at++)
		if (text.ptr[at] == ' ' && text.ptr[at - 1] != ' ' && text.ptr[at + 1] != ' ')
			len = at;
	return text.len > FOLD_MAX ? len : text.len;
}

static bool has_long_line(struct slice text)
{
	while (text.len > LINE_MAX) {
		size_t len = line_length(text);

		if (len > LINE_MAX)
			return true;
		text = slice_from(text, len + 1);
	}
	return false;
}

static int fold_plain(struct slice text, struct buf *out)
{
	size_t len;

	while ((len = line_length(text)) < text.len) {
		if (buf_append(out, text.ptr, len) < 0 || buf_append_text(out, "\r\n ") < 0)
			return -1;
		text = slice_from(text, len + 1);
	}
	return buf_append_slice(out, text);
}

int encode_text(struct slice text, struct buf *out)
{
	/* 30 bytes make 52 characters with "=?UTF-8?B?" and "?=": room for the name of the field.
	 */
	const size_t chunk_max = 30;
	struct buf clean = BUF_INIT(text.len * 3 + 1);
	struct slice rest;
	int result = 0;

	if (text.len == 0)
		return 0;
	if (is_plain(text) && !has_long_line(text))
		return fold_plain(text, out);
	decode_append_clean(text, &clean);
	for (rest = buf_slice(&clean); rest.len > 0 && result == 0;) {
		size_t len = 0, next;

		while ((next = utf8_char_len(slice_from(rest, len))) > 0 && len + next <= chunk_max)
			len += next;
		if (rest.ptr != clean.ptr)
			result = buf_append_text(out, "\r\n ");
		if (result == 0)
			result = buf_append_text(out, "=?UTF-8?B?");
		if (result == 0)
			result = base64_encode(slice_make(rest.ptr, len), out);
		if (result == 0)
			result = buf_append_text(out, "?=");
		rest = slice_from(rest, len);
	}
	buf_clear(&clean);
	return result;
}
