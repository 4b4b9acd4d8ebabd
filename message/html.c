#include "message/html.h"

#include "base/alloc.h"

#define ENTITY_MAX 12

static const struct {
	const char *name, *text;
} entities[] = {
    {"nbsp", " "},
    {"amp", "&"},
    {"lt", "<"},
    {"gt", ">"},
    {"quot", "\""},
    {"apos", "'"},
    {"laquo", "«"},
    {"raquo", "»"},
    {"ndash", "–"},
    {"mdash", "—"},
    {"hellip", "…"},
    {"copy", "©"},
    {"euro", "€"},
    {"shy", ""},
};

static int append_point(uint32_t point, struct buf *out)
{
	char c[4];
	size_t len = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;

	if (point == 0xa0)
		point = ' ', len = 1;
	if (point < ' ' || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return buf_append_byte(out, ' ');
	for (size_t i = len; i-- > 1; point >>= 6)
		c[i] = (char)(0x80 | (point & 0x3f));
	c[0] = (char)(len == 1 ? point : (0xf00u >> len & 0xff) | point);
	return buf_append(out, c, len);
}

static bool read_number(struct slice digits, uint32_t *point)
{
	bool is_hex = digits.len > 1 && ascii_lower(digits.ptr[0]) == 'x';
	uint32_t value = 0;

	for (size_t i = is_hex ? 1 : 0; i < digits.len; i++) {
		char c = ascii_lower(digits.ptr[i]);
		uint32_t digit = c >= '0' && c <= '9'             ? (uint32_t)(c - '0')
		                 : is_hex && c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
		                                                  : 99;

		if (digit == 99 || value > 0x110000)
			return false;
		value = value * (is_hex ? 16 : 10) + digit;
	}
	*point = value;
	return digits.len > 0;
}

/* Writes the entity at the start of text; returns its bytes, or 0 if it is not one. */
static size_t take_entity(struct slice text, struct buf *out)
{
	struct slice name = slice_from(text, 1);
	size_t len = 0;
	uint32_t point;

	while (len < name.len && len < ENTITY_MAX && name.ptr[len] != ';' && name.ptr[len] > ' ')
		len++;
	if (len == 0 || len >= name.len || name.ptr[len] != ';')
		return 0;
	name.len = len;
	if (name.ptr[0] == '#') {
		if (!read_number(slice_from(name, 1), &point))
			return 0;
		append_point(point, out);
		return len + 2;
	}
	for (size_t i = 0; i < ARRAY_LEN(entities); i++) {
		if (!slice_is(name, entities[i].name))
			continue;
		buf_append_text(out, entities[i].text);
		return len + 2;
	}
	return 0;
}

static bool names_tag(struct slice tag, const char *name)
{
	size_t len = strlen(name);

	return slice_begins_nocase(tag, name) &&
	       (tag.len == len || strchr(" \t\r\n/>", tag.ptr[len]) != NULL);
}

/* Tags inside a word do not split it: "сч<b>ёт</b>" is one word. */
static bool is_inline(struct slice tag)
{
	static const char *const names[] = {
	    "b", "i", "u", "s", "a", "em", "strong", "span", "font", "big", "small", "sub", "sup"};

	if (tag.len > 0 && tag.ptr[0] == '/')
		tag = slice_from(tag, 1);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names_tag(tag, names[i]))
			return true;
	return false;
}

/* Bytes up to and including `end` (ASCII, lower case), all if it does not occur. */
static size_t skip_past(struct slice text, const char *end)
{
	size_t len = strlen(end);

	for (size_t i = 0; i + len <= text.len; i++)
		if (slice_begins_nocase(slice_from(text, i), end))
			return i + len;
	return text.len;
}

/* Bytes of the tag, comment or invisible element at the start of text. */
static size_t skip_tag(struct slice text, bool *is_blank)
{
	struct slice tag = slice_from(text, 1);
	ptrdiff_t close;

	*is_blank = !is_inline(tag);
	if (slice_begins_nocase(tag, "!--"))
		return skip_past(text, "-->");
	if (names_tag(tag, "script"))
		return skip_past(text, "</script>");
	if (names_tag(tag, "style"))
		return skip_past(text, "</style>");
	close = slice_find(text, '>');
	return close < 0 ? text.len : (size_t)close + 1;
}

/* "a < b" is not a tag. */
static bool begins_tag(struct slice text)
{
	char c = text.len > 1 ? ascii_lower(text.ptr[1]) : ' ';

	return (c >= 'a' && c <= 'z') || c == '/' || c == '!' || c == '?';
}

int html_to_text(struct slice html, struct buf *out)
{
	while (html.len > 0 && !out->overflow) {
		size_t len = 1;
		bool is_blank = false;

		if (html.ptr[0] == '<' && begins_tag(html)) {
			len = skip_tag(html, &is_blank);
			if (is_blank)
				buf_append_byte(out, ' ');
		} else if (html.ptr[0] != '&' || (len = take_entity(html, out)) == 0) {
			len = 1;
			while (len < html.len && html.ptr[len] != '<' && html.ptr[len] != '&')
				len++;
			if (len > out->limit - out->len) {
				buf_append(out, html.ptr, out->limit - out->len);
				out->overflow = true;
				break;
			}
			buf_append(out, html.ptr, len);
		}
		html = slice_from(html, len);
	}
	return out->overflow ? -1 : 0;
}
