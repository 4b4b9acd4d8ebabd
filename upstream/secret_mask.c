#include "upstream/secret_mask.h"

#include "base/base64.h"

#include <ctype.h>
#include <string.h>

#define SHORT 4 /* characters: a shorter one would occur in any text */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The value of two hex digits at `at`; -1 if there are none. */
static int hex_byte(struct slice text, size_t at)
{
	int high = at + 1 < text.len ? hex_digit(text.ptr[at]) : -1, low = high < 0 ? -1 : hex_digit(text.ptr[at + 1]);

	return low < 0 ? -1 : high * 16 + low;
}

static bool is_same(char one, char other)
{
	return ascii_lower(one) == ascii_lower(other);
}

/* The number of characters of text at `at` that encode c; 0 if they do not. */
static size_t match_number(struct slice text, size_t at, char c)
{
	int value = 0;
	size_t end = at + 2;

	if (end >= text.len || text.ptr[at] != '&' || text.ptr[at + 1] != '#')
		return 0;
	for (; end < text.len && end < at + 6 && text.ptr[end] >= '0' && text.ptr[end] <= '9'; end++)
		value = value * 10 + text.ptr[end] - '0';
	return end < text.len && text.ptr[end] == ';' && value == (unsigned char)c ? end + 1 - at : 0;
}

static size_t match_char(struct slice text, size_t at, char c)
{
	unsigned char byte = (unsigned char)c;
	char first = text.ptr[at];
	size_t number = match_number(text, at, c);

	if (number > 0)
		return number;
	if ((first == '%' || first == '=') && hex_byte(text, at + 1) == byte)
		return 3;
	if (first == '\\' && at + 1 < text.len && ascii_lower(text.ptr[at + 1]) == 'x' && hex_byte(text, at + 2) == byte)
		return 4;
	if (first == '\\' && at + 1 < text.len && text.ptr[at + 1] == c)
		return 2;
	return is_same(first, c) || (c == ' ' && first == '+') ? 1 : 0;
}

typedef size_t (*match_function)(struct slice text, size_t at, struct slice secret);

static size_t match_text(struct slice text, size_t at, struct slice secret)
{
	size_t end = at;

	for (size_t i = 0; i < secret.len; i++) {
		size_t len = end < text.len ? match_char(text, end, secret.ptr[i]) : 0;

		if (len == 0)
			return 0;
		end += len;
	}
	return end - at;
}

/* For a secret that contains text that looks like an escape. */
static size_t match_as_it_is(struct slice text, size_t at, struct slice secret)
{
	size_t len = 0;

	while (len < secret.len && at + len < text.len && is_same(text.ptr[at + len], secret.ptr[len]))
		len++;
	return len == secret.len ? len : 0;
}

static size_t match_hex(struct slice text, size_t at, struct slice secret)
{
	size_t end = at;

	for (size_t i = 0; i < secret.len; i++) {
		if (i > 0 && end < text.len && strchr(" :-", text.ptr[end]) != NULL && text.ptr[end] != '\0')
			end++;
		if (hex_byte(text, end) != (unsigned char)secret.ptr[i])
			return 0;
		end += 2;
	}
	return end - at;
}

static char standard(char c)
{
	return c == '-' ? '+' : c == '_' ? '/' : c;
}

/* A piece of base64, with or without line breaks. */
static size_t match_base64(struct slice text, size_t at, struct slice piece)
{
	size_t end = at;

	for (size_t i = 0; i < piece.len; i++) {
		size_t len;

		while (i > 0 && end < text.len && (text.ptr[end] == ' ' || text.ptr[end] == '\t'))
			end++;
		if (end >= text.len)
			return 0;
		len = is_same(standard(text.ptr[end]), piece.ptr[i]) ? 1 : match_char(text, end, piece.ptr[i]);
		if (len == 0)
			return 0;
		end += len;
	}
	return end - at;
}

static bool is_base64(char c)
{
	return isalnum((unsigned char)c) || (c != '\0' && strchr("+/-_=%", c) != NULL);
}

static bool is_in_word(struct slice text, size_t start, size_t end)
{
	return (start > 0 && isalnum((unsigned char)text.ptr[start - 1])) || (end < text.len && isalnum((unsigned char)text.ptr[end]));
}

/* is_run: the base64 around it is masked, too. */
static void mask_with(struct buf *text, struct slice secret, match_function match, bool is_word, bool is_run)
{
	struct buf out = BUF_SECRET(text->len + 3);
	struct slice rest = buf_slice(text);
	size_t kept = 0;

	for (size_t at = 0; at < rest.len;) {
		size_t len = match(rest, at, secret), start = at, end = at + len;

		if (len == 0 || (is_word && is_in_word(rest, start, end))) {
			at++;
			continue;
		}
		while (is_run && start > kept && is_base64(rest.ptr[start - 1]))
			start--;
		while (is_run && end < rest.len && is_base64(rest.ptr[end]))
			end++;
		buf_append(&out, rest.ptr + kept, start - kept);
		buf_append(&out, "***", len < 3 ? len : 3); /* never longer than before */
		at = kept = end;
	}
	if (kept > 0) {
		buf_append_slice(&out, slice_from(rest, kept));
		explicit_bzero(text->ptr, text->len);
		buf_reset(text);
		buf_append_slice(text, buf_slice(&out));
	}
	buf_clear(&out);
}

/* The part of the base64 of a longer text that depends only on the secret, if the secret begins at byte `offset`
 * of a group. */
static void mask_base64(struct buf *text, struct slice secret, size_t offset)
{
	struct buf bytes = BUF_SECRET(secret.len + 3), encoded = BUF_SECRET(2 * secret.len + 16);
	size_t start = (offset * 8 + 5) / 6, end = (offset + secret.len) * 8 / 6;

	buf_append(&bytes, "\0\0", offset);
	buf_append_slice(&bytes, secret);
	if (base64_encode(buf_slice(&bytes), &encoded) == 0 && end >= start + SHORT)
		mask_with(text, slice_make(encoded.ptr + start, end - start), match_base64, false, true);
	buf_clear(&bytes);
	buf_clear(&encoded);
}

void secret_mask(struct buf *text, struct slice secret)
{
	bool is_short = secret.len < SHORT, is_stars = true;

	for (size_t i = 0; i < secret.len; i++)
		is_stars = is_stars && secret.ptr[i] == '*';
	if (is_stars || text->len == 0)
		return;
	for (size_t offset = 0; offset < 3; offset++)
		mask_base64(text, secret, offset);
	mask_with(text, secret, match_hex, is_short, false);
	mask_with(text, secret, match_as_it_is, is_short, false);
	mask_with(text, secret, match_text, is_short, false);
}
