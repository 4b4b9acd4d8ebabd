#include "upstream/imap_folder.h"

#include "base/alloc.h"
#include "base/str.h"
#include "message/imap/imap_utf7.h"
#include "upstream/imap_words.h"

#include <string.h>

/* An atom ends at a blank, but names on some servers have characters that no atom may have. */
static bool read_string(struct slice *rest, struct buf *out)
{
	if (rest->len > 0 && (rest->ptr[0] == '"' || rest->ptr[0] == '{'))
		return imap_words_take_string(rest, out);
	buf_append_slice(out, slice_cut(rest, ' '));
	return out->len > 0 && !out->overflow;
}

static bool read_separator(struct slice *rest, char *separator)
{
	struct buf text = BUF_INIT(8);
	bool good;

	*separator = '\0';
	if (imap_words_take(rest, "NIL "))
		return true;
	good = rest->len > 0 && rest->ptr[0] == '"' && imap_words_take_string(rest, &text) && text.len == 1 && imap_words_take(rest, " ");
	if (good)
		*separator = text.ptr[0];
	buf_clear(&text);
	return good && (unsigned char)*separator > 0x20 && (unsigned char)*separator < 0x7f;
}

bool imap_folder_read(struct slice text, struct imap_folder *folder, struct buf *name)
{
	ptrdiff_t end = slice_find(text, ')');
	struct slice flags;

	*folder = (struct imap_folder){.can_be_selected = true};
	if (!imap_words_take(&text, "(") || end < 1)
		return false;
	flags = slice_make(text.ptr, (size_t)end - 1);
	text = slice_from(text, (size_t)end);
	folder->can_be_selected = !imap_words_have(flags, "\\Noselect") && !imap_words_have(flags, "\\NonExistent");
	return imap_words_take(&text, " ") && read_separator(&text, &folder->separator) && read_string(&text, name);
}

bool imap_folder_status(struct slice text, uint32_t *next, struct buf *name)
{
	uint64_t number = 0;

	if (!read_string(&text, name))
		return false;
	imap_words_find_number(text, "UIDNEXT", UINT32_MAX, &number);
	*next = (uint32_t)number;
	return true;
}

/* --- names */

static bool is_usable(struct slice name)
{
	if (name.len == 0 || !utf8_is_valid(name))
		return false;
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.ptr[i] < 0x20 || name.ptr[i] == 0x7f)
			return false;
	return true;
}

static void append_levels(struct slice name, char separator, struct buf *out)
{
	for (size_t i = 0; i < name.len; i++) {
		if (name.ptr[i] == separator)
			buf_append_byte(out, '/');
		else if (name.ptr[i] == '/')
			buf_append_text(out, "//");
		else
			buf_append_byte(out, name.ptr[i]);
	}
}

char *imap_folder_name(struct slice wire, char separator)
{
	struct buf text = BUF_INIT(4 * IMAP_FOLDER_MAX), name = BUF_INIT(8 * IMAP_FOLDER_MAX);
	char *result = NULL;

	if (wire.len > 0 && wire.len <= IMAP_FOLDER_MAX) {
		if (imap_utf7_decode(wire, "", &text) != 0) {
			buf_reset(&text);
			buf_append_slice(&text, wire);
		}
		append_levels(buf_slice(&text), separator, &name);
		if (is_usable(buf_slice(&name)))
			result = xstrdup(buf_text(&name));
	}
	if (result != NULL && slice_begins_nocase(slice_of(result), "INBOX") && (result[5] == '\0' || result[5] == '/'))
		memcpy(result, "INBOX", 5);
	buf_clear(&text);
	buf_clear(&name);
	return result;
}

int imap_folder_quote(struct slice wire, struct buf *out)
{
	buf_append_byte(out, '"');
	for (size_t i = 0; i < wire.len; i++) {
		if (wire.ptr[i] == '"' || wire.ptr[i] == '\\')
			buf_append_byte(out, '\\');
		if (wire.ptr[i] == '\0' || wire.ptr[i] == '\r' || wire.ptr[i] == '\n')
			return -1;
		buf_append_byte(out, wire.ptr[i]);
	}
	buf_append_byte(out, '"');
	return wire.len > IMAP_FOLDER_MAX || out->overflow ? -1 : 0;
}

static void append_server_levels(struct slice name, char separator, struct buf *out)
{
	for (size_t i = 0; i < name.len; i++) {
		bool is_double = separator != '/' && i + 1 < name.len && name.ptr[i] == '/' && name.ptr[i + 1] == '/';

		if (is_double) /* a / within a level */
			i++;
		buf_append_byte(out, name.ptr[i] == '/' && !is_double && separator != '\0' ? separator : name.ptr[i]);
	}
}

int imap_folder_argument(const char *name, char separator, struct buf *out)
{
	struct buf levels = BUF_INIT(2 * IMAP_FOLDER_MAX), wire = BUF_INIT(4 * IMAP_FOLDER_MAX);
	int result = -1;

	append_server_levels(slice_of(name), separator, &levels);
	if (!levels.overflow && imap_utf7_encode(buf_slice(&levels), "", &wire) == 0)
		result = imap_folder_quote(buf_slice(&wire), out);
	buf_clear(&levels);
	buf_clear(&wire);
	return result;
}
