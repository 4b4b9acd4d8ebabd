#include "message/fold.h"

#include <stdlib.h>
#include <unicase.h>
#include <uninorm.h>

/* Bytes of the simple character at the start of text, 0 if it is not one. Simple are ASCII and
 * U+0400..U+045F: already composed, folded by arithmetic, and never composed with the character
 * before. */
static size_t simple_len(struct slice text)
{
	unsigned char first = (unsigned char)text.ptr[0], second;

	if (first < 0x80)
		return 1;
	if ((first != 0xd0 && first != 0xd1) || text.len < 2)
		return 0;
	second = (unsigned char)text.ptr[1];
	return (second & 0xc0) == 0x80 && (first == 0xd0 || second <= 0x9f) ? 2 : 0;
}

size_t fold_same_length(struct slice text)
{
	size_t at = 0, last = 0, len;

	while (at < text.len && (len = simple_len(slice_make(text.ptr + at, text.len - at))) > 0) {
		at += len;
		last = len;
	}
	/* The next character may combine with the last one. */
	return at < text.len ? at - last : at;
}

/* Folds simple characters. U+0400..U+040F are 80 below their small letters, U+0410..U+042F 32. */
static int fold_simple(struct slice text, struct buf *out)
{
	char *to = buf_reserve(out, text.len);

	if (to == NULL)
		return -1;
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i], next;

		if (c != 0xd0) {
			to[i] = ascii_lower((char)c);
			if (c == 0xd1) {
				to[i + 1] = text.ptr[i + 1];
				i++;
			}
			continue;
		}
		next = (unsigned char)text.ptr[i + 1];
		to[i] = (char)(next < 0x90 || (next >= 0xa0 && next < 0xb0) ? 0xd1 : 0xd0);
		to[i + 1] = (char)(next < 0x90   ? next + 0x10
		                   : next < 0xa0 ? next + 0x20
		                   : next < 0xb0 ? next - 0x20
		                                 : next);
		i++;
	}
	out->len += text.len;
	return 0;
}

static int fold_unicode(struct slice text, struct buf *out)
{
	uint8_t small[256];
	size_t len = sizeof(small);
	uint8_t *folded =
	    u8_casefold((const uint8_t *)text.ptr, text.len, NULL, UNINORM_NFC, small, &len);
	int result;

	if (folded == NULL)
		return buf_append_slice(out, text);
	result = buf_append(out, folded, len);
	if (folded != small)
		free(folded);
	return result;
}

/* Bytes of the first character (simple or not) and of all that follow it up to a simple one or an
 * invalid byte; 0 if the first is invalid. */
static size_t complex_len(struct slice text)
{
	size_t at = utf8_char_len(text), len;

	while (at > 0 && at < text.len && simple_len(slice_from(text, at)) == 0 &&
	       (len = utf8_char_len(slice_from(text, at))) > 0)
		at += len;
	return at;
}

int fold_text(struct slice text, struct buf *out)
{
	while (text.len > 0) {
		size_t len = fold_same_length(text);

		if (len > 0 && fold_simple(slice_make(text.ptr, len), out) < 0)
			return -1;
		text = slice_from(text, len);
		if (text.len == 0)
			break;
		len = complex_len(text);
		if (len == 0 ? buf_append_byte(out, text.ptr[0]) < 0
		             : fold_unicode(slice_make(text.ptr, len), out) < 0)
			return -1;
		text = slice_from(text, len == 0 ? 1 : len);
	}
	return 0;
}

void fold_yo(char *text, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++) {
		unsigned char c = (unsigned char)text[i], next = (unsigned char)text[i + 1];

		if (c == 0xd1 && next == 0x91) {
			text[i] = (char)0xd0;
			text[i + 1] = (char)0xb5;
		} else if (c == 0xd0 && next == 0x81) {
			text[i + 1] = (char)0x95;
		}
	}
}
