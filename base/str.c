#include "base/str.h"

#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>

bool slice_equal(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool slice_equal_nocase(struct slice a, struct slice b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (ascii_lower(a.ptr[i]) != ascii_lower(b.ptr[i]))
			return false;
	return true;
}

bool slice_is(struct slice a, const char *text)
{
	return slice_equal(a, slice_of(text));
}

bool slice_is_nocase(struct slice a, const char *text)
{
	return slice_equal_nocase(a, slice_of(text));
}

bool slice_is_ascii(struct slice a)
{
	for (size_t i = 0; i < a.len; i++)
		if ((unsigned char)a.ptr[i] >= 0x80)
			return false;
	return true;
}

bool slice_begins_nocase(struct slice a, const char *prefix)
{
	size_t len = strlen(prefix);

	return a.len >= len && slice_equal_nocase(slice_make(a.ptr, len), slice_make(prefix, len));
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice slice_trim(struct slice a)
{
	while (a.len > 0 && is_space(a.ptr[0])) {
		a.ptr++;
		a.len--;
	}
	while (a.len > 0 && is_space(a.ptr[a.len - 1]))
		a.len--;
	return a;
}

struct slice slice_from(struct slice a, size_t start)
{
	if (start > a.len)
		start = a.len;
	return a.len == 0 ? a : slice_make(a.ptr + start, a.len - start);
}

ptrdiff_t slice_find(struct slice a, char byte)
{
	const char *at = a.len == 0 ? NULL : memchr(a.ptr, byte, a.len);

	return at == NULL ? -1 : at - a.ptr;
}

ptrdiff_t slice_find_last(struct slice a, char byte)
{
	const char *at = a.len == 0 ? NULL : memrchr(a.ptr, byte, a.len);

	return at == NULL ? -1 : at - a.ptr;
}

ptrdiff_t slice_search(struct slice a, struct slice wanted)
{
	const char *at = a.len == 0 || wanted.len == 0 ? NULL : memmem(a.ptr, a.len, wanted.ptr, wanted.len);

	return at == NULL ? -1 : at - a.ptr;
}

bool slice_contains(struct slice a, const char *text)
{
	return slice_search(a, slice_of(text)) >= 0;
}

struct slice slice_cut(struct slice *rest, char byte)
{
	ptrdiff_t at = slice_find(*rest, byte);
	struct slice head = *rest;

	if (at < 0) {
		*rest = SLICE_NONE;
		return head;
	}
	head.len = (size_t)at;
	*rest = slice_make(rest->ptr + at + 1, rest->len - (size_t)at - 1);
	return head;
}

bool slice_number(struct slice a, uint64_t min, uint64_t max, uint64_t *value)
{
	uint64_t sum = 0;

	if (a.len == 0)
		return false;
	for (size_t i = 0; i < a.len; i++) {
		unsigned digit = (unsigned char)a.ptr[i] - '0';

		if (digit > 9 || sum > (UINT64_MAX - digit) / 10)
			return false;
		sum = sum * 10 + digit;
	}
	if (sum < min || sum > max)
		return false;
	*value = sum;
	return true;
}

bool slice_integer(struct slice text, int64_t *number)
{
	bool is_negative = text.len > 0 && text.ptr[0] == '-';
	uint64_t size;

	if (!slice_number(is_negative ? slice_from(text, 1) : text, 0, INT64_MAX, &size))
		return false;
	*number = is_negative ? -(int64_t)size : (int64_t)size;
	return true;
}

char *slice_dup(struct slice a)
{
	return xstrndup(a.len == 0 ? "" : a.ptr, a.len);
}

void str_lower_ascii(char *text)
{
	for (; *text != '\0'; text++)
		*text = ascii_lower(*text);
}

size_t utf8_char_len(struct slice text)
{
	const unsigned char *p = (const unsigned char *)text.ptr;
	size_t need;
	uint32_t point;

	if (text.len == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xC2 && p[0] <= 0xDF) {
		need = 2;
		point = p[0] & 0x1F;
	} else if (p[0] >= 0xE0 && p[0] <= 0xEF) {
		need = 3;
		point = p[0] & 0x0F;
	} else if (p[0] >= 0xF0 && p[0] <= 0xF4) {
		need = 4;
		point = p[0] & 0x07;
	} else {
		return 0;
	}
	if (text.len < need)
		return 0;
	for (size_t i = 1; i < need; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0;
		point = point << 6 | (p[i] & 0x3F);
	}
	if ((need == 3 && point < 0x800) || (need == 4 && point < 0x10000) || point > 0x10FFFF ||
	    (point >= 0xD800 && point <= 0xDFFF))
		return 0;
	return need;
}

bool utf8_is_valid(struct slice text)
{
	while (text.len > 0) {
		size_t len = utf8_char_len(text);

		if (len == 0)
			return false;
		text = slice_from(text, len);
	}
	return true;
}

bool str_is_treacherous(struct slice character)
{
	const unsigned char *p = (const unsigned char *)character.ptr;
	size_t len = character.len;

	if (len == 1)
		return p[0] < 0x20 || p[0] == 0x7F;
	if (len == 2)
		return p[0] == 0xC2 && p[1] < 0xA0; /* C1 controls */
	if (len == 3 && p[0] == 0xE2 && p[1] == 0x80) /* LS, PS, bidi marks and overrides */
		return p[2] == 0x8E || p[2] == 0x8F || (p[2] >= 0xA8 && p[2] <= 0xAE);
	if (len == 3 && p[0] == 0xE2 && p[1] == 0x81) /* bidi isolates */
		return p[2] >= 0xA6 && p[2] <= 0xA9;
	return false;
}

static size_t escape_into(char *out, size_t room, struct slice text, const char *also)
{
	size_t used = 0;

	while (text.len > 0) {
		size_t len = utf8_char_len(text);
		bool escape = len == 0 || str_is_treacherous(slice_make(text.ptr, len));

		if (len == 0)
			len = 1;
		if (escape) {
			if (used + 4 * len >= room)
				break;
			for (size_t i = 0; i < len; i++)
				used += (size_t)snprintf(out + used, room - used, "\\x%02x",
				    (unsigned char)text.ptr[i]);
		} else {
			bool quote = len == 1 && strchr(also, text.ptr[0]) != NULL;

			if (used + len + quote >= room)
				break;
			if (quote)
				out[used++] = '\\';
			memcpy(out + used, text.ptr, len);
			used += len;
		}
		text = slice_from(text, len);
	}
	out[used] = '\0';
	return used;
}

char *str_printable(char *out, size_t size, struct slice text)
{
	escape_into(out, size, text, "");
	return out;
}

char *str_quote(char *out, size_t size, struct slice text)
{
	size_t used = escape_into(out + 1, size - 2, text, "\"\\");

	out[0] = '"';
	out[used + 1] = '"';
	out[used + 2] = '\0';
	return out;
}

#define DISTANCE_MAX 64

/* The edit distance from a to b, not case-sensitive for ASCII; for hints on typos. */
static size_t str_distance(const char *a, const char *b)
{
	size_t row[DISTANCE_MAX + 1];
	size_t alen = strlen(a), blen = strlen(b);

	if (alen > DISTANCE_MAX || blen > DISTANCE_MAX)
		return DISTANCE_MAX;
	for (size_t j = 0; j <= blen; j++)
		row[j] = j;
	for (size_t i = 1; i <= alen; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= blen; j++) {
			size_t change = diagonal + (ascii_lower(a[i - 1]) != ascii_lower(b[j - 1]));
			size_t best = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;

			diagonal = row[j];
			row[j] = change < best ? change : best;
		}
	}
	return row[blen];
}

const char *str_nearest(const char *name, const char *const *list)
{
	const char *best = NULL;
	size_t limit = strlen(name) / 3 + 2; /* a greater distance is not a typo */

	for (; *list != NULL; list++) {
		size_t distance = str_distance(name, *list);

		if (distance < limit) {
			limit = distance;
			best = *list;
		}
	}
	return best;
}

void strlist_add(struct strlist *list, const char *text)
{
	ARRAY_GROW(list->items, list->count);
	list->items[list->count++] = xstrdup(text);
}

bool strlist_has(const struct strlist *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], text) == 0)
			return true;
	return false;
}

void strlist_clear(struct strlist *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct strlist){NULL, 0};
}
