#include "message/xml.h"

/* XML 1.0 section 2.2: no controls but tab and line ends, no U+FFFE and U+FFFF. */
static bool is_character(struct slice character)
{
	unsigned char first = (unsigned char)character.ptr[0];

	if (character.len == 1)
		return first >= 0x20 || first == '\t' || first == '\n' || first == '\r';
	return !(character.len == 3 && first == 0xEF && (unsigned char)character.ptr[1] == 0xBF &&
		 (unsigned char)character.ptr[2] >= 0xBE);
}

static const char *entity(char byte)
{
	switch (byte) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	default:
		return NULL;
	}
}

void xml_text(struct buf *out, const char *text)
{
	struct slice rest = slice_of(text);

	while (rest.len > 0) {
		size_t len = utf8_char_len(rest);
		const char *escaped = entity(rest.ptr[0]);

		if (escaped != NULL)
			buf_append_text(out, escaped);
		else if (len > 0 && is_character(slice_make(rest.ptr, len)))
			buf_append(out, rest.ptr, len);
		rest = slice_from(rest, len > 0 ? len : 1);
	}
}

void xml_element(struct buf *out, int indent, const char *name, const char *text)
{
	buf_printf(out, "%*s<%s>", indent, "", name);
	xml_text(out, text);
	buf_printf(out, "</%s>\n", name);
}
