#include "message/imap/imap_utf7.h"

#include <limits.h>

/* RFC 3501 section 5.1.3: "," in place of "/". */
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static bool is_direct(unsigned char byte, const char *also)
{
	return byte >= 0x20 && byte < 0x7f && strchr(also, byte) == NULL;
}

/* --- encoding */

/* The bits of UTF-16 code units that wait for the next base64 digit. */
struct bits {
	uint32_t value;
	unsigned count;
};

static void put_unit(struct bits *bits, uint32_t unit, struct buf *out)
{
	bits->value = bits->value << 16 | unit;
	bits->count += 16;
	while (bits->count >= 6) {
		bits->count -= 6;
		buf_append_byte(out, alphabet[bits->value >> bits->count & 63]);
	}
	bits->value &= (1u << bits->count) - 1;
}

static void put_character(struct bits *bits, uint32_t code, struct buf *out)
{
	if (code < 0x10000) {
		put_unit(bits, code, out);
		return;
	}
	put_unit(bits, 0xd800 + ((code - 0x10000) >> 10), out);
	put_unit(bits, 0xdc00 + ((code - 0x10000) & 0x3ff), out);
}

static uint32_t code_of(const char *text, size_t len)
{
	uint32_t code = (unsigned char)text[0];

	if (len > 1)
		code &= 0x7fu >> len;
	for (size_t i = 1; i < len; i++)
		code = code << 6 | ((unsigned char)text[i] & 0x3f);
	return code;
}

/* Encodes a run of characters; returns its bytes, 0 if it is not valid UTF-8. */
static size_t encode_run(struct slice text, const char *also, struct buf *out)
{
	struct bits bits = {0};
	size_t at = 0;

	buf_append_byte(out, '&');
	while (at < text.len && !is_direct((unsigned char)text.ptr[at], also)) {
		size_t len = utf8_char_len(slice_from(text, at));

		if (len == 0)
			return 0;
		put_character(&bits, code_of(text.ptr + at, len), out);
		at += len;
	}
	if (bits.count > 0)
		buf_append_byte(out, alphabet[bits.value << (6 - bits.count) & 63]);
	buf_append_byte(out, '-');
	return at;
}

int imap_utf7_encode(struct slice name, const char *also, struct buf *out)
{
	for (size_t at = 0; at < name.len;) {
		size_t len = 1;

		if (name.ptr[at] == '&')
			buf_append_text(out, "&-");
		else if (is_direct((unsigned char)name.ptr[at], also))
			buf_append_byte(out, name.ptr[at]);
		else
			len = encode_run(slice_from(name, at), also, out);
		if (len == 0)
			return -1;
		at += len;
	}
	return out->overflow ? -1 : 0;
}

/* --- decoding */

static int append_code(uint32_t code, struct buf *out)
{
	char text[4];
	size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	for (size_t i = len; i-- > 1; code >>= 6)
		text[i] = (char)(0x80 | (code & 0x3f));
	text[0] = (char)(len == 1 ? code : (uint32_t)(0xf00 >> len & 0xff) | code);
	return buf_append(out, text, len);
}

/* Takes one UTF-16 code unit; *high is the first half of a pair, 0 if none waits. */
static int take_unit(uint32_t unit, uint32_t *high, const char *also, struct buf *out)
{
	if (unit >= 0xdc00 && unit < 0xe000) {
		uint32_t first = *high;

		*high = 0;
		return first == 0 ? -1 : append_code(0x10000 + ((first - 0xd800) << 10) + (unit - 0xdc00), out);
	}
	if (*high != 0)
		return -1;
	if (unit >= 0xd800 && unit < 0xdc00) {
		*high = unit;
		return 0;
	}
	if (unit < 0x80 && is_direct((unsigned char)unit, also))
		return -1;
	return append_code(unit, out);
}

/* Decodes what is between "&" and "-". */
static int decode_run(struct slice text, const char *also, struct buf *out)
{
	struct bits bits = {0};
	uint32_t high = 0;

	for (size_t i = 0; i < text.len; i++) {
		const char *digit = text.ptr[i] == '\0' ? NULL : strchr(alphabet, text.ptr[i]);

		if (digit == NULL)
			return -1;
		bits.value = bits.value << 6 | (uint32_t)(digit - alphabet);
		bits.count += 6;
		if (bits.count < 16)
			continue;
		bits.count -= 16;
		if (take_unit(bits.value >> bits.count & 0xffff, &high, also, out) != 0)
			return -1;
		bits.value &= (1u << bits.count) - 1;
	}
	return high == 0 && bits.count < 6 && bits.value == 0 ? 0 : -1;
}

int imap_utf7_decode(struct slice text, const char *also, struct buf *out)
{
	bool after_run = false;

	for (size_t at = 0; at < text.len; at++) {
		struct slice run;
		ptrdiff_t end;

		if (!is_direct((unsigned char)text.ptr[at], also))
			return -1;
		if (text.ptr[at] != '&') {
			buf_append_byte(out, text.ptr[at]);
			after_run = false;
			continue;
		}
		end = slice_find(slice_from(text, at), '-');
		if (end < 0 || end > INT_MAX)
			return -1;
		run = slice_make(text.ptr + at + 1, (size_t)end - 1);
		if (run.len == 0)
			buf_append_byte(out, '&');
		else if (after_run || decode_run(run, also, out) != 0)
			return -1;
		after_run = run.len > 0;
		at += (size_t)end;
	}
	return out->overflow ? -1 : 0;
}
