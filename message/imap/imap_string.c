#include "message/imap/imap_string.h"

#include <inttypes.h>

static bool may_be_quoted(struct slice text)
{
	if (text.len > IMAP_QUOTED_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < 0x20 || (unsigned char)text.ptr[i] >= 0x7f)
			return false;
	return true;
}

static void append_quoted(struct buf *out, struct slice text)
{
	buf_append_byte(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		unsigned char byte = (unsigned char)text.ptr[i];

		if (byte == '"' || byte == '\\')
			buf_append_byte(out, '\\');
		buf_append_byte(out, byte < 0x20 || byte == 0x7f ? '?' : text.ptr[i]);
	}
	buf_append_byte(out, '"');
}

void imap_append_literal_length(struct buf *out, uint64_t len)
{
	buf_printf(out, "{%" PRIu64 "}\r\n", len);
}

void imap_append_string(struct buf *out, struct slice text)
{
	if (may_be_quoted(text)) {
		append_quoted(out, text);
		return;
	}
	imap_append_literal_length(out, text.len);
	if (text.len > 0 && slice_find(text, '\0') < 0) {
		buf_append_slice(out, text);
		return;
	}
	for (size_t i = 0; i < text.len; i++)
		buf_append_byte(out, text.ptr[i] == '\0' ? '?' : text.ptr[i]);
}

void imap_append_utf8(struct buf *out, struct slice text)
{
	if (utf8_is_valid(text))
		append_quoted(out, text);
	else
		imap_append_string(out, text);
}
