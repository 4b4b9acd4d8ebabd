#include "config/ini_edit.h"

#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/owned.h"
#include "base/file/path.h"
#include "base/process/service_user.h"
#include "config/ini.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOWHERE SIZE_MAX

/* Positions in the text, as offsets. */
struct spot {
	const char *kind, *name; /* of the section */
	size_t header;	     /* of the section; NOWHERE */
	size_t after;	     /* end of its header or of its last key */
	size_t key, key_end; /* of the key's line, NOWHERE */
	char *comment;	     /* after the key's value, "" */
};

/* The configuration belongs to the admin: it is read and written with the rights of the user who
 * started the program. */
static int read_as_admin(const char *path, char **bytes, size_t *len, struct error *error)
{
	bool paused = service_user_pause();
	int result = fsx_read(path, INI_FILE_MAX, bytes, len, error);

	service_user_resume(paused);
	return result;
}

int ini_edit_read(const char *path, struct buf *text, struct error *error)
{
	char *bytes;
	size_t len;

	if (access(path, F_OK) != 0 && errno == ENOENT)
		return 0;
	if (read_as_admin(path, &bytes, &len, error) != 0)
		return -1;
	buf_append(text, bytes, len);
	explicit_bzero(bytes, len);
	free(bytes);
	if (text->overflow)
		return error_set(error, ERROR_LIMIT, N_("%s is too large"), path);
	return 0;
}

static int own(const char *path, const char *main, struct error *error)
{
	char *folder = path_folder(path);
	bool has_main = strcmp(path, main) != 0 && access(main, F_OK) == 0;
	int result = owned_like(path, has_main ? main : folder, error);

	free(folder);
	return result;
}

int ini_edit_own(const char *path, const char *main, struct error *error)
{
	bool paused = service_user_pause();
	int result = own(path, main, error);

	service_user_resume(paused);
	return result;
}

/* Root does not follow a link that another user could have created: it may lead to any file. New memory. */
static char *follow_links(const char *path)
{
	char *folder = path_folder(path), *target = NULL;
	struct stat st;

	if (geteuid() != 0 || (stat(folder, &st) == 0 && st.st_uid == 0))
		target = realpath(path, NULL);
	free(folder);
	return target != NULL ? target : xstrdup(path);
}

static int write_as_admin(const char *path, const struct buf *text, const char *main, struct error *error)
{
	char *file = follow_links(path);
	struct stat st;
	bool existed = lstat(file, &st) == 0 && S_ISREG(st.st_mode);
	int result = fsx_replace_keeping(file, buf_slice(text), 0600, error);

	if (result == 0 && !existed)
		result = own(file, main, error);
	free(file);
	return result;
}

int ini_edit_write(const char *path, const struct buf *text, const char *main, struct error *error)
{
	bool paused = service_user_pause();
	int result = write_as_admin(path, text, main, error);

	service_user_resume(paused);
	return result;
}

/* --- finding */

static bool is_title(struct slice line, const char *kind, const char *name)
{
	ptrdiff_t end = slice_find(line, ']');
	struct slice title, word;
	size_t len = strlen(kind);

	if (end < 0)
		return false;
	title = slice_trim(slice_make(line.ptr + 1, (size_t)end - 1));
	word = slice_make(title.ptr, title.len < len ? title.len : len);
	return slice_is_nocase(word, kind) && slice_is_nocase(slice_trim(slice_from(title, len)), name) &&
	       (title.len == len || title.ptr[len] == ' ' || title.ptr[len] == '\t');
}

static void see_key(struct spot *spot, const struct ini_lines *lines, struct slice line, size_t start,
    const char *key)
{
	struct slice raw = line, found = slice_trim(slice_cut(&raw, '='));

	spot->after = start + lines->raw.len;
	if (key == NULL || !slice_is_nocase(found, key))
		return;
	raw = slice_trim(raw);
	spot->key = start;
	spot->key_end = start + lines->raw.len;
	free(spot->comment);
	spot->comment = slice_dup(slice_trim(slice_from(raw, ini_value_end(raw))));
}

/* key: NULL to find the section only. The caller frees spot->comment. */
static void find(const struct buf *text, const char *kind, const char *name, const char *key,
    struct spot *spot)
{
	struct buf whole = BUF_INIT(INI_FILE_MAX);
	struct ini_lines lines;
	bool inside = false;

	*spot = (struct spot){kind, name, NOWHERE, NOWHERE, NOWHERE, NOWHERE, xstrdup("")};
	ini_lines_init(&lines, ini_without_mark(buf_slice(text)));
	while (ini_next_line(&lines, &whole)) {
		struct slice line = slice_trim(buf_slice(&whole));
		size_t start = (size_t)(lines.raw.ptr - text->ptr);

		if (line.len == 0 || line.ptr[0] == ';' || line.ptr[0] == '#')
			continue;
		if (line.ptr[0] != '[') {
			if (inside)
				see_key(spot, &lines, line, start, key);
			continue;
		}
		inside = spot->header == NOWHERE && is_title(line, kind, name);
		if (inside) {
			spot->header = start;
			spot->after = start + lines.raw.len;
		}
	}
	buf_clear(&whole);
}

/* --- changing */

static const char *line_end(const struct buf *text)
{
	ptrdiff_t end = slice_find(buf_slice(text), '\n');

	return end > 0 && text->ptr[end - 1] == '\r' ? "\r\n" : "\n";
}

/* Replaces text[from, to) by bytes. */
static int splice(struct buf *text, size_t from, size_t to, struct slice bytes, struct error *error)
{
	struct buf result = BUF_INIT(text->limit);

	buf_append(&result, text->ptr, from);
	buf_append_slice(&result, bytes);
	buf_append_slice(&result, slice_from(buf_slice(text), to));
	if (result.overflow) {
		buf_clear(&result);
		return error_set(error, ERROR_LIMIT, N_("the file would become too large"));
	}
	buf_clear(text);
	*text = result;
	return 0;
}

static bool needs_quotes(struct slice value)
{
	struct slice trimmed = slice_trim(value);

	return value.len > 0 && (trimmed.len != value.len || strpbrk(value.ptr, ";#") != NULL ||
				    strchr("'\"", value.ptr[0]) != NULL ||
				    value.ptr[value.len - 1] == '\\');
}

/* The whole line `key = value`, with quotes if iniparser needs them. */
static int write_line(struct buf *line, const char *key, const char *value, const char *comment,
    const char *end, struct error *error)
{
	const char *quote = "";

	for (const char *at = value; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			return error_set(error, ERROR_CONFIG,
			    N_("%s: a value cannot contain control characters"), key);
	if (!utf8_is_valid(slice_of(value)))
		return error_set(error, ERROR_CONFIG, N_("%s: the value is not UTF-8"), key);
	if (needs_quotes(slice_of(value)))
		quote = strchr(value, '\'') == NULL ? "'" : "\"";
	if (quote[0] != '\0' && strchr(value, quote[0]) != NULL)
		return error_set(error, ERROR_CONFIG,
		    N_("%s: a value with ; or # cannot contain both kinds of quotes"), key);
	buf_printf(line, "%s =%s%s%s%s%s%s", key, value[0] == '\0' ? "" : " ", quote, value, quote,
	    comment[0] == '\0' ? "" : " ", comment);
	if (line->len > INI_LINE_MAX)
		return error_set(error, ERROR_LIMIT, N_("%s: longer than %d bytes"), key, INI_LINE_MAX);
	buf_append_text(line, end);
	return 0;
}

/* Adds a line end if the last line has none. */
static void end_last_line(struct buf *text, const char *end)
{
	if (text->len > 0 && text->ptr[text->len - 1] != '\n')
		buf_append_text(text, end);
}

static int set_at(struct buf *text, const struct spot *spot, struct slice line, const char *end, struct error *error)
{
	struct buf section = BUF_INIT(2 * INI_LINE_MAX);
	int result;

	if (spot->key != NOWHERE)
		return splice(text, spot->key, spot->key_end, line, error);
	if (spot->header != NOWHERE)
		return splice(text, spot->after, spot->after, line, error);
	buf_printf(&section, "%s[%s%s%s]%s", text->len > 0 ? end : "", spot->kind, spot->name[0] == '\0' ? "" : " ", spot->name, end);
	buf_append_slice(&section, line);
	result = splice(text, text->len, text->len, buf_slice(&section), error);
	buf_clear(&section);
	return result;
}

int ini_edit_set(struct buf *text, const char *kind, const char *name, const char *key,
    const char *value, struct error *error)
{
	struct buf line = BUF_INIT(2 * INI_LINE_MAX);
	const char *end = line_end(text);
	struct spot spot;
	int result;

	end_last_line(text, end);
	find(text, kind, name, key, &spot);
	result = write_line(&line, key, value, spot.comment, end, error);
	if (result == 0)
		result = set_at(text, &spot, buf_slice(&line), end, error);
	if (line.ptr != NULL)
		explicit_bzero(line.ptr, line.capacity);
	buf_clear(&line);
	free(spot.comment);
	return result;
}

int ini_edit_unset(struct buf *text, const char *kind, const char *name, const char *key, struct error *error)
{
	struct spot spot;

	find(text, kind, name, key, &spot);
	free(spot.comment);
	return spot.key == NOWHERE ? 0 : splice(text, spot.key, spot.key_end, SLICE_NONE, error);
}

/* Length of the line end at this place, 0 if there is none. */
static size_t line_end_at(const struct buf *text, size_t at)
{
	if (at < text->len && text->ptr[at] == '\n')
		return 1;
	return at + 1 < text->len && text->ptr[at] == '\r' && text->ptr[at + 1] == '\n' ? 2 : 0;
}

/* Removes text[from, to), and one of the blank lines around it. */
static int take_out(struct buf *text, size_t from, size_t to, struct error *error)
{
	const char *end = line_end(text);
	size_t blank = strlen(end);

	if (from >= 2 * blank && memcmp(text->ptr + from - blank, end, blank) == 0 &&
	    memcmp(text->ptr + from - 2 * blank, end, blank) == 0)
		from -= blank;
	else
		to += line_end_at(text, to);
	return splice(text, from, to, SLICE_NONE, error);
}

static bool find_section(const struct buf *text, const char *kind, const char *name, struct spot *spot)
{
	find(text, kind, name, NULL, spot);
	free(spot->comment);
	return spot->header != NOWHERE;
}

bool ini_edit_remove(struct buf *text, const char *kind, const char *name)
{
	struct error error;
	struct spot spot;

	return find_section(text, kind, name, &spot) &&
	       take_out(text, spot.header, spot.after, &error) == 0;
}

static size_t line_before(const struct buf *text, size_t at)
{
	at--;
	while (at > 0 && text->ptr[at - 1] != '\n')
		at--;
	return at;
}

/* The start of the comments directly above a header: they belong to it. */
static size_t with_comments(const struct buf *text, size_t header)
{
	while (header > 0) {
		size_t line = line_before(text, header);
		struct slice content = slice_trim(slice_make(text->ptr + line, header - line));

		if (content.len == 0 || strchr(";#", content.ptr[0]) == NULL)
			break;
		header = line;
	}
	return header;
}

bool ini_edit_move(struct buf *text, const char *kind, const char *name, const char *other, bool behind)
{
	struct buf block = BUF_INIT(text->limit);
	struct error error;
	struct spot spot;
	size_t from, at;
	bool moved;

	end_last_line(text, line_end(text));
	if (!find_section(text, kind, other, &spot) || !find_section(text, kind, name, &spot))
		return false;
	from = with_comments(text, spot.header);
	if (behind)
		buf_append_text(&block, line_end(text));
	buf_append(&block, text->ptr + from, spot.after - from);
	if (!behind)
		buf_append_text(&block, line_end(text));
	moved = take_out(text, from, spot.after, &error) == 0 &&
		find_section(text, kind, other, &spot);
	at = behind ? spot.after : with_comments(text, spot.header);
	moved = moved && splice(text, at, at, buf_slice(&block), &error) == 0;
	buf_clear(&block);
	return moved;
}
