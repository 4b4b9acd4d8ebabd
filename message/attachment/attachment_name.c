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

/* "evil.exe::$DATA" is evil.exe on Windows; "evil%2Eexe" is, too, for some programs. */
static bool fits_decoded(const struct strlist *patterns, struct buf *name)
{
	struct buf plain = BUF_INIT(ATTACHMENT_NAME_MAX);
	ptrdiff_t colon = slice_find(buf_slice(name), ':');
	bool found = fits(patterns, name);

	for (size_t i = 0; !found && i < name->len && (colon < 0 || i < (size_t)colon); i++) {
		int byte = transfer_hex_byte(buf_slice(name), i, '%');

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

/* Each field with a name, also a second one of its kind. A field that is too long counts, with an unknown end. */
bool attachment_name_of_part_fits(const struct strlist *patterns, const struct mime_part *part, struct buf *name)
{
	struct header_walk walk;
	struct header_field field;

	header_walk_init(&walk, part->header);
	while (header_walk_next(&walk, &field)) {
		const char *parameter = slice_is_nocase(field.name, "Content-Disposition") ? "filename"
					: slice_is_nocase(field.name, "Content-Type")	     ? "name"
											     : NULL;

		if (parameter == NULL)
			continue;
		buf_reset(name);
		if ((decode_parameter(field.body, parameter, name) && attachment_name_fits(patterns, name)) || name->overflow ||
		    has_forbidden_word(patterns, field.body, name))
			return true;
	}
	return false;
}
