#include "config/ini.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/i18n.h"
#include "config/schema.h"

#ifdef LANPOST_INIPARSER_IN_FOLDER
#include <iniparser/iniparser.h>
#else
#include <iniparser.h>
#endif
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define NO_SECTION SIZE_MAX
#define BACKSLASH "\x01"
#define KEY_MAX 64
#define TITLE_MAX 200
#define SHOWN_MAX 80

struct reader {
	struct ini *ini;
	struct conf_problems *problems;
	struct conf_place place; /* of the line being read */
	struct buf line;	 /* the line with its continuations */
	struct buf clean;	 /* the text for iniparser */
	size_t first;		 /* section of this file in ini->sections */
	size_t current;		 /* or NO_SECTION; keys below an invalid header belong to no section */
	bool lost;		 /* below an invalid header */
};

static void complain(struct reader *reader, const char *text)
{
	conf_problem_add(reader->problems, reader->place, false, "%s", PHRASE_WORD(text));
}

/* --- what iniparser would do with a value */

static bool is_comment(struct slice text)
{
	return text.len == 0 || text.ptr[0] == ';' || text.ptr[0] == '#';
}

/* An apostrophe within a word is not a quote. */
static bool opens_quote(struct slice text, size_t at)
{
	return text.ptr[at] == '\'' && (at == 0 || strchr(" \t(=,", text.ptr[at - 1]) != NULL);
}

static bool ends_inside_quotes(struct slice text)
{
	char open = '\0';

	for (size_t i = 0; i < text.len; i++) {
		if (open != '\0')
			open = text.ptr[i] == open ? '\0' : open;
		else if (text.ptr[i] == '"' || opens_quote(text, i))
			open = text.ptr[i];
	}
	return open != '\0';
}

/* The offset where iniparser ends the value, or its length. An unclosed quote has no end. */
size_t ini_value_end(struct slice raw)
{
	size_t end = 0;

	if (raw.len > 0 && (raw.ptr[0] == '"' || raw.ptr[0] == '\'')) {
		ptrdiff_t close = slice_find(slice_from(raw, 1), raw.ptr[0]);

		return close < 0 ? raw.len : (size_t)close + 2;
	}
	while (end < raw.len && raw.ptr[end] != ';' && raw.ptr[end] != '#')
		end++;
	return end;
}

static const char *quoted_fault(struct slice raw, size_t end)
{
	if (end < 2 || raw.ptr[end - 1] != raw.ptr[0])
		return N_("the quote is not closed");
	if (!is_comment(slice_trim(slice_from(raw, end))))
		return N_("the text after the closing quote would be lost; put the whole value in "
		    "single quotes");
	return NULL;
}

/* What is wrong with the text after `key =` in the file (iniparser would lose a part of it), translated;
 * NULL if it is valid. */
static const char *ini_value_fault(struct slice raw)
{
	size_t end;

	raw = slice_trim(raw);
	end = ini_value_end(raw);
	if (raw.len > 0 && (raw.ptr[0] == '"' || raw.ptr[0] == '\''))
		return quoted_fault(raw, end);
	if (end == raw.len || end == 0)
		return NULL;
	if (ends_inside_quotes(slice_make(raw.ptr, end)))
		return N_("the value ends at the ; or # inside its quotes; put the whole value in "
		    "single quotes");
	if (raw.ptr[end - 1] != ' ' && raw.ptr[end - 1] != '\t')
		return N_("the value ends at ; or #; put the whole value in single quotes, or put a "
		    "space before the comment");
	return NULL;
}

/* --- lines */

static void trim_end(struct buf *line)
{
	while (line->len > 0 && strchr(" \t\r", line->ptr[line->len - 1]) != NULL &&
	       line->ptr[line->len - 1] != '\0')
		line->len--;
}

/* True if the line is a comment, or ends in one. */
static bool ends_in_comment(struct slice line)
{
	struct slice raw = slice_trim(line);

	if (is_comment(raw))
		return true;
	slice_cut(&raw, '=');
	raw = slice_trim(raw);
	return ini_value_end(raw) < raw.len;
}

/* iniparser also continues comments, and would lose the line below a comment that ends in a
 * backslash. */
bool ini_next_line(struct ini_lines *lines, struct buf *whole)
{
	const char *start = lines->rest.ptr;

	buf_reset(whole);
	lines->first = lines->last + 1;
	lines->is_unfinished = false;
	while (lines->rest.len > 0) {
		struct slice line = slice_cut(&lines->rest, '\n');

		lines->last++;
		buf_append_slice(whole, line);
		trim_end(whole);
		lines->is_unfinished = whole->len > 0 && whole->ptr[whole->len - 1] == '\\' &&
				       !ends_in_comment(buf_slice(whole));
		if (!lines->is_unfinished)
			break;
		whole->len--;
	}
	if (lines->last < lines->first)
		return false;
	while (lines->is_unfinished && whole->len > 0 && whole->ptr[whole->len - 1] == '\\')
		whole->len--;
	lines->raw = slice_make(start,
	    lines->rest.ptr == NULL ? (size_t)(lines->end - start) : (size_t)(lines->rest.ptr - start));
	return true;
}

struct slice ini_without_mark(struct slice text)
{
	return slice_begins_nocase(text, "\xEF\xBB\xBF") ? slice_from(text, 3) : text;
}

void ini_lines_init(struct ini_lines *lines, struct slice text)
{
	if (text.ptr == NULL)
		text = SLICE_LITERAL("");
	*lines = (struct ini_lines){.rest = text, .end = text.ptr + text.len};
}

/* Removes the comment, so that its last byte cannot continue the line. */
static struct slice without_comment(struct slice raw)
{
	return slice_trim(slice_make(raw.ptr, ini_value_end(raw)));
}

static void read_title(struct reader *reader, struct slice title)
{
	struct ini *ini = reader->ini;
	struct ini_section *section;
	size_t word = 0;

	while (word < title.len && title.ptr[word] != ' ' && title.ptr[word] != '\t')
		word++;
	ARRAY_GROW(ini->sections, ini->count);
	section = &ini->sections[ini->count];
	*section = (struct ini_section){
	    .kind = slice_dup(slice_make(title.ptr, word)),
	    .name = slice_dup(slice_trim(slice_from(title, word))),
	    .place = reader->place,
	};
	str_lower_ascii(section->kind);
	str_lower_ascii(section->name);
	for (size_t i = 0; i < ini->count; i++) {
		const struct ini_section *other = &ini->sections[i];

		if (strcmp(other->kind, section->kind) != 0 ||
		    strcmp(other->name, section->name) != 0)
			continue;
		conf_problem_add(reader->problems, reader->place, false,
		    N_("section [%.*s] appears twice (first: %s:%d); put all its keys into one "
		       "section"),
		    (int)title.len, title.ptr, other->place.file, other->place.line);
		break;
	}
	reader->current = ini->count++;
	buf_printf(&reader->clean, "[%zu]\n", reader->current);
}

/* Limits the time of linear searches, here and in iniparser. */
static bool is_full(struct reader *reader)
{
	const struct ini *ini = reader->ini;

	if (ini->entry_count + ini->count < INI_KEYS_MAX &&
	    (reader->current == NO_SECTION || ini->sections[reader->current].count < INI_SECTION_MAX))
		return false;
	complain(reader, N_("too many keys or sections"));
	return true;
}

static void read_header(struct reader *reader, struct slice line)
{
	ptrdiff_t end = slice_find(line, ']');
	struct slice title;

	reader->current = NO_SECTION;
	reader->lost = true;
	if (end < 0) {
		complain(reader, N_("the [ is not closed by a ]"));
		return;
	}
	title = slice_trim(slice_make(line.ptr + 1, (size_t)end - 1));
	if (!is_comment(slice_trim(slice_from(line, (size_t)end + 1))))
		complain(reader, N_("there is text after the ] of a section"));
	else if (title.len == 0)
		complain(reader, N_("the section has no name"));
	else if (title.len > TITLE_MAX)
		complain(reader, N_("the name of the section is too long"));
	else if (!is_full(reader))
		read_title(reader, title);
}

static const struct ini_entry *find_entry(const struct ini_section *section, const char *key)
{
	for (size_t i = 0; i < section->count; i++)
		if (strcmp(section->entries[i].key, key) == 0)
			return &section->entries[i];
	return NULL;
}

/* iniparser 4.2 treats a backslash in quotes as an escape, 4.1 does not. So it never gets one: it gets a control
 * character, which no line may contain, and its values are converted back. */
static void append_clean(struct buf *clean, const char *key, struct slice raw)
{
	buf_printf(clean, "%s = ", key);
	for (size_t i = 0; i < raw.len; i++)
		buf_append(clean, raw.ptr[i] == '\\' ? BACKSLASH : &raw.ptr[i], 1);
	buf_append(clean, "\n", 1);
}

static char *value_of(const dictionary *values, const char *name)
{
	char *value = xstrdup(values == NULL ? "" : iniparser_getstring(values, name, ""));

	for (char *at = value; *at != '\0'; at++)
		if (*at == BACKSLASH[0])
			*at = '\\';
	return value;
}

/* A secret is never passed to iniparser: it leaves copies of its input in freed memory. */
static bool is_secret(const struct ini_section *section, const char *name)
{
	const struct schema_section *known = schema_find_named(section->kind, section->name);
	const struct schema_key *key = known == NULL ? NULL : schema_find_key(known, name);

	return key != NULL && value_is_secret(key->type);
}

/* The value for iniparser. */
static char *unquoted(struct slice raw)
{
	if (raw.len >= 2 && (raw.ptr[0] == '"' || raw.ptr[0] == '\''))
		raw = slice_make(raw.ptr + 1, raw.len - 2);
	return slice_dup(raw);
}

static void add_entry(struct reader *reader, struct slice key, struct slice raw, bool is_faulty)
{
	struct ini_section *section = &reader->ini->sections[reader->current];
	char *name = slice_dup(key);
	const struct ini_entry *other;

	str_lower_ascii(name);
	other = find_entry(section, name);
	if (other != NULL) {
		conf_problem_add(reader->problems, reader->place, false,
		    N_("`%s` is set twice in this section (first: line %d)"), name,
		    other->place.line);
		free(name);
		return;
	}
	ARRAY_GROW(section->entries, section->count);
	section->entries[section->count++] = 
	    (struct ini_entry){name, NULL, is_faulty, reader->place};
	reader->ini->entry_count++;
	if (is_faulty)
		return;
	if (is_secret(section, name)) {
		section->entries[section->count - 1].value = unquoted(without_comment(raw));
		return;
	}
	append_clean(&reader->clean, name, without_comment(raw));
}

static bool has_control(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (((unsigned char)text.ptr[i] < ' ' && text.ptr[i] != '\t') || text.ptr[i] == 0x7f)
			return true;
	return false;
}

static void read_key(struct reader *reader, struct slice line)
{
	struct slice raw = line, key = slice_trim(slice_cut(&raw, '='));
	char shown[SHOWN_MAX];
	const char *fault;

	if (raw.ptr == NULL) {
		conf_problem_add(reader->problems, reader->place, false,
		    N_("`%s` is neither a [section] nor `key = value`"),
		    str_printable(shown, sizeof(shown), line));
		return;
	}
	if (key.len == 0 || key.len > KEY_MAX) {
		complain(reader, N_("the key before the = is missing"));
		return;
	}
	if (reader->current == NO_SECTION) {
		if (!reader->lost)
			complain(reader, N_("the key is outside of any [section]"));
		return;
	}
	if (is_full(reader))
		return;
	raw = slice_trim(raw);
	fault = ini_value_fault(raw);
	if (fault != NULL)
		conf_problem_add(reader->problems, reader->place, false, "%.*s: %s",
		    SLICE_PRINT(key), PHRASE_WORD(fault));
	add_entry(reader, key, raw, fault != NULL);
}

static void read_line(struct reader *reader)
{
	struct slice line = slice_trim(buf_slice(&reader->line));

	if (is_comment(line))
		return;
	if (reader->line.overflow || line.len > INI_LINE_MAX)
		conf_problem_add(reader->problems, reader->place, false,
		    N_("the line (with its continuation lines) is longer than %d bytes"), INI_LINE_MAX);
	else if (!utf8_is_valid(line))
		complain(reader, N_("the line is not valid UTF-8; save the file in UTF-8"));
	else if (has_control(line))
		complain(reader, N_("the line contains a control character (byte 0 to 31 or 127)"));
	else if (line.ptr[0] == '[')
		read_header(reader, line);
	else
		read_key(reader, line);
}

/* --- values */

/* iniparser reports through a callback without a context. The lines were already checked here,
 * so it should report nothing; if it does, the admin must see it. */
static char complaint[256];

__attribute__((format(printf, 1, 2))) static int catch_complaint(const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(complaint, sizeof(complaint), format, args);
	va_end(args);
	return len;
}

/* iniparser 4.1 loads only from a path, so the clean lines are written to a file in memory. */
static dictionary *load_clean(const struct buf *clean)
{
	int fd = memfd_create("lanpost.conf", MFD_CLOEXEC);
	dictionary *values = NULL;
	char path[40];

	complaint[0] = '\0';
	if (fd < 0)
		return NULL;
	iniparser_set_error_callback(catch_complaint);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (write(fd, clean->ptr, clean->len) == (ssize_t)clean->len)
		values = iniparser_load(path);
	iniparser_set_error_callback(NULL);
	close(fd);
	return values;
}

static void take_values(struct reader *reader)
{
	dictionary *values = reader->clean.len > 0 ? load_clean(&reader->clean) : NULL;

	if (values == NULL && reader->clean.len > 0) {
		reader->place.line = 0;
		conf_problem_add(reader->problems, reader->place, false,
		    N_("iniparser cannot read this file: %s"),
		    complaint[0] != '\0' ? complaint : "memfd_create");
	}
	for (size_t i = reader->first; i < reader->ini->count; i++) {
		struct ini_section *section = &reader->ini->sections[i];

		for (size_t j = 0; j < section->count; j++) {
			char *name;

			if (section->entries[j].value != NULL)
				continue;
			name = xasprintf("%zu:%s", i, section->entries[j].key);
			section->entries[j].value = value_of(values, name);
			free(name);
		}
	}
	if (values != NULL)
		iniparser_freedict(values);
}

void ini_read(struct ini *ini, const char *file, struct slice text, struct conf_problems *problems)
{
	struct reader reader = {.ini = ini,
	    .problems = problems,
	    .place = {file, 1},
	    .line = BUF_SECRET(4 * INI_LINE_MAX),
	    .clean = BUF_INIT(4 * INI_FILE_MAX),
	    .first = ini->count,
	    .current = NO_SECTION};
	struct ini_lines lines;

	if (text.len > INI_FILE_MAX) {
		reader.place.line = 0;
		conf_problem_add(problems, reader.place, false,
		    N_("the file is larger than %d bytes"), INI_FILE_MAX);
		return;
	}
	if (ini_without_mark(text).len < text.len)
		conf_problem_add(problems, reader.place, true,
		    N_("the file begins with a byte order mark; save it as UTF-8 without BOM"));
	ini_lines_init(&lines, ini_without_mark(text));
	while (ini_next_line(&lines, &reader.line)) {
		reader.place.line = lines.first;
		if (lines.is_unfinished)
			complain(&reader, N_("the line ends in \\, but no line follows"));
		read_line(&reader);
	}
	take_values(&reader);
	buf_clear(&reader.line);
	buf_clear(&reader.clean);
}

void ini_clear(struct ini *ini)
{
	for (size_t i = 0; i < ini->count; i++) {
		struct ini_section *section = &ini->sections[i];

		for (size_t j = 0; j < section->count; j++) {
			free(section->entries[j].key);
			conf_secret_free(section->entries[j].value);
		}
		free(section->entries);
		free(section->kind);
		free(section->name);
	}
	free(ini->sections);
	*ini = (struct ini){NULL, 0, 0};
}
