#include "message/attachment/attachment_name.h"

#include "base/alloc.h"
#include "message/decode.h"
#include "message/transfer.h"

#include <fnmatch.h>
#include <string.h>

/* Invisible characters at the end of a name: Windows drops dots and blanks, mail programs the rest. */
static void trim(struct buf *name)
{
	static const char *const invisible[] = {".", " ", "\xc2\xa0", "\xe2\x80\x8b", "\xe2\x80\x8c", "\xe2\x80\x8d", "\xe2\x80\x8e", "\xe2\x80\x8f",
	    "\xe2\x80\xac", "\xe2\x80\xad", "\xe2\x80\xae", "\xe2\x81\xa0", "\xef\xbb\xbf"};
	size_t before;

	do {
		before = name->len;
		for (size_t i = 0; i < ARRAY_LEN(invisible); i++) {
			size_t len = strlen(invisible[i]);

			if (name->len >= len && memcmp(name->ptr + name->len - len, invisible[i], len) == 0)
				name->len -= len;
		}
		if (name->len > 0 && (unsigned char)name->ptr[name->len - 1] < ' ')
			name->len--;
	} while (name->len < before);
}

static bool fits(const struct strlist *patterns, struct buf *name)
{
	trim(name);
	for (size_t i = 0; name->len > 0 && i < patterns->count; i++)
		if (fnmatch(patterns->items[i], buf_text(name), FNM_CASEFOLD) == 0)
			return true;
	return false;
}

/* "evil.exe::$DATA" is evil.exe on Windows; "evil%2Eexe" and one with a NUL in it are, too, for some programs. */
static bool fits_decoded(const struct strlist *patterns, struct buf *name)
{
	struct buf plain = BUF_INIT(ATTACHMENT_NAME_MAX);
	ptrdiff_t colon = slice_find(buf_slice(name), ':');
	bool found = fits(patterns, name);

	for (size_t i = 0; !found && i < name->len && (colon < 0 || i < (size_t)colon); i++) {
		int byte = transfer_hex_byte(buf_slice(name), i, '%');

		if (byte > 0 || (unsigned char)name->ptr[i] >= ' ')
			buf_append_byte(&plain, byte > 0 ? (char)byte : name->ptr[i]);
		i += byte > 0 ? 2 : 0;
	}
	found = found || fits(patterns, &plain);
	buf_clear(&plain);
	return found;
}

/* Archives have paths, with slashes of either kind. */
static struct slice last_component(struct slice name)
{
	size_t at = name.len;

	while (at > 0 && name.ptr[at - 1] != '/' && name.ptr[at - 1] != '\\')
		at--;
	return slice_from(name, at);
}

bool attachment_name_fits(const struct strlist *patterns, struct buf *name)
{
	struct slice last = last_component(buf_slice(name));
	struct buf short_name = BUF_INIT(ATTACHMENT_NAME_MAX);
	bool found = fits_decoded(patterns, name);

	if (!found && last.len < name->len) {
		buf_append_slice(&short_name, last);
		found = fits_decoded(patterns, &short_name);
	}
	buf_clear(&short_name);
	return found;
}

/* Takes the next word from the front: a quoted text, or one without separators. */
static void take_word(struct slice *rest, struct buf *word)
{
	bool quoted = rest->ptr[0] == '"';
	size_t at = quoted ? 1 : 0;

	buf_reset(word);
	for (; at < rest->len; at++) {
		char c = rest->ptr[at];

		if (quoted ? c == '"' : c == '\0' || strchr(" \t\r\n;,=()\"'", c) != NULL)
			break;
		if (quoted && c == '\\' && at + 1 < rest->len)
			c = rest->ptr[++at];
		if (c != '\r' && c != '\n')
			buf_append_byte(word, c);
	}
	*rest = slice_from(*rest, at < rest->len ? at + 1 : at);
}

static bool has_forbidden_word(const struct strlist *patterns, struct slice body, struct buf *word)
{
	while (body.len > 0) {
		take_word(&body, word);
		if (word->overflow || attachment_name_fits(patterns, word))
			return true;
	}
	return false;
}

/* The parameter of the field that is a name, NULL if it has none. */
static const char *parameter_of(struct slice field)
{
	if (slice_is_nocase(field, "Content-Disposition"))
		return "filename";
	return slice_is_nocase(field, "Content-Type") ? "name" : NULL;
}

/* A name that is too long, or in too many pieces, counts: its end is not known. */
static bool field_fits(const struct strlist *patterns, struct slice body, const char *parameter, struct buf *name)
{
	buf_reset(name);
	return (decode_parameter(body, parameter, name) && attachment_name_fits(patterns, name)) || name->overflow ||
	       has_forbidden_word(patterns, body, name);
}

/* Each field with a name, also a second one of its kind. */
bool attachment_name_of_part_fits(const struct strlist *patterns, const struct mime_part *part, struct buf *name)
{
	struct header_walk walk;
	struct header_field field;

	header_walk_init(&walk, part->header);
	while (header_walk_next(&walk, &field)) {
		const char *parameter = parameter_of(field.name);

		if (parameter != NULL && field_fits(patterns, field.body, parameter, name))
			return true;
	}
	return false;
}

/* --- anywhere */

/* What follows a line that CR, LF or both end. */
static size_t end_of_line(struct slice text, size_t at)
{
	while (at < text.len && text.ptr[at] != '\r' && text.ptr[at] != '\n')
		at++;
	return at + (at + 1 < text.len && text.ptr[at] == '\r' && text.ptr[at + 1] == '\n' ? 2 : 1);
}

/* Takes a field with its continuation lines from the front of the text, or another line: then its name is empty. */
static struct slice take_field(struct slice *text, struct slice *body)
{
	size_t end = end_of_line(*text, 0);
	struct slice name, line;

	if (!slice_begins_nocase(*text, "Content-")) {
		*text = slice_from(*text, end);
		return SLICE_NONE;
	}
	while (end < text->len && (text->ptr[end] == ' ' || text->ptr[end] == '\t'))
		end = end_of_line(*text, end);
	line = slice_make(text->ptr, end < text->len ? end : text->len);
	*text = slice_from(*text, end);
	name = slice_cut(&line, ':');
	*body = line;
	return slice_trim(name);
}

bool attachment_name_anywhere_fits(const struct strlist *patterns, struct slice text, size_t *most, struct buf *name)
{
	while (text.len > 0 && *most > 0) {
		struct slice body = SLICE_NONE;
		const char *parameter = parameter_of(take_field(&text, &body));

		*most -= parameter != NULL;
		if (parameter != NULL && field_fits(patterns, body, parameter, name))
			return true;
	}
	return false;
}
