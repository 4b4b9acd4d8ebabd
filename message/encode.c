/*
 * Text as encoded words (RFC 2047).
 */
#include "message/decode.h"

#define FOLD_MAX 60 /* of text that we fold ourselves; the name of the field stands before it */

static bool is_plain(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < ' ' || text.ptr[i] > '~')
			return false;
	return memmem(text.ptr, text.len, "=?", 2) == NULL;
}

static int append_base64(struct slice bytes, struct buf *out)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < bytes.len; i += 3) {
		size_t count = bytes.len - i < 3 ? bytes.len - i : 3;
		unsigned triple = 0;
		char four[4] = "====";

		for (size_t j = 0; j < 3; j++)
			triple = triple << 8 | (j < count ? (unsigned char)bytes.ptr[i + j] : 0);
		for (size_t j = 0; j <= count; j++)
			four[j] = digits[triple >> (18 - 6 * j) & 63];
		if (buf_append(out, four, 4) < 0)
			return -1;
	}
	return 0;
}

/* Plain ASCII is folded at blanks, where there are any. */
static int fold_plain(struct slice text, struct buf *out)
{
	while (text.len > FOLD_MAX) {
		size_t cut = FOLD_MAX;

		while (cut > 0 && text.ptr[cut] != ' ')
			cut--;
		if (cut == 0)
			break;
		if (buf_append(out, text.ptr, cut) < 0 || buf_append_text(out, "\r\n ") < 0)
			return -1;
		text = slice_from(text, cut + 1);
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
	if (is_plain(text))
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
			result = append_base64(slice_make(rest.ptr, len), out);
		if (result == 0)
			result = buf_append_text(out, "?=");
		rest = slice_from(rest, len);
	}
	buf_clear(&clean);
	return result;
}
