#include "upstream/imap_structure.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "upstream/imap_words.h"

#include <stdio.h>
#include <stdlib.h>

#define VALUE_DEPTH_MAX 30 /* of lists that are skipped */

struct reading {
	struct slice rest;
	struct imap_structure *structure;
};

/* --- values */

static bool take(struct reading *reading, char byte)
{
	if (reading->rest.len == 0 || reading->rest.ptr[0] != byte)
		return false;
	reading->rest = slice_from(reading->rest, 1);
	return true;
}

/* Blanks between values may be missing between lists. */
static void skip_blanks(struct reading *reading)
{
	while (take(reading, ' '))
		;
}

static bool is_delimiter(char byte)
{
	return byte == ' ' || byte == '(' || byte == ')' || byte == '"';
}

/* An atom, a number, NIL, or a string; out may be NULL. What does not fit is cut. */
static bool read_word(struct reading *reading, char *out, size_t size)
{
	struct buf text = BUF_INIT(1u << 16);
	size_t len = 0;
	bool good = true;

	skip_blanks(reading);
	if (reading->rest.len > 0 && (reading->rest.ptr[0] == '"' || reading->rest.ptr[0] == '{')) {
		good = imap_words_take_string(&reading->rest, &text);
	} else {
		while (len < reading->rest.len && !is_delimiter(reading->rest.ptr[len]))
			len++;
		good = len > 0;
		if (good && !slice_is_nocase(slice_make(reading->rest.ptr, len), "NIL"))
			buf_append(&text, reading->rest.ptr, len);
		reading->rest = slice_from(reading->rest, len);
	}
	if (out != NULL)
		snprintf(out, size, "%.*s", SLICE_PRINT(slice_make(text.ptr == NULL ? "" : text.ptr, strnlen(text.ptr == NULL ? "" : text.ptr, text.len))));
	buf_clear(&text);
	return good;
}

/* Any value, with all that a list contains. */
static bool skip_value(struct reading *reading, unsigned depth)
{
	skip_blanks(reading);
	if (!take(reading, '('))
		return read_word(reading, NULL, 0);
	for (skip_blanks(reading); !take(reading, ')'); skip_blanks(reading))
		if (depth >= VALUE_DEPTH_MAX || !skip_value(reading, depth + 1))
			return false;
	return true;
}

static bool skip_rest_of_list(struct reading *reading)
{
	for (skip_blanks(reading); !take(reading, ')'); skip_blanks(reading))
		if (!skip_value(reading, 0))
			return false;
	return true;
}

static bool is_at_end(struct reading *reading)
{
	skip_blanks(reading);
	return reading->rest.len > 0 && reading->rest.ptr[0] == ')';
}

/* "(NAME value NAME value)" or NIL: the value of one name, if `out` has none yet. *has_charset: it was "NAME*". */
static bool read_parameters(struct reading *reading, const char *wanted, char *out, size_t size, bool *has_charset)
{
	char name[64], extended[66];

	skip_blanks(reading);
	if (!take(reading, '('))
		return read_word(reading, NULL, 0);
	snprintf(extended, sizeof(extended), "%s*", wanted);
	while (!is_at_end(reading)) {
		if (!read_word(reading, name, sizeof(name)))
			return false;
		if (out[0] == '\0' && (slice_is_nocase(slice_of(name), wanted) || slice_is_nocase(slice_of(name), extended))) {
			*has_charset = !slice_is_nocase(slice_of(name), wanted);
			if (!read_word(reading, out, size))
				return false;
		} else if (!read_word(reading, NULL, 0)) {
			return false;
		}
	}
	return take(reading, ')');
}

/* NIL, or ("attachment" ("filename" "x")). */
static bool read_disposition(struct reading *reading, struct imap_part *part)
{
	char word[32];

	skip_blanks(reading);
	if (!take(reading, '('))
		return read_word(reading, NULL, 0);
	if (!read_word(reading, word, sizeof(word)))
		return false;
	part->is_attachment = slice_is_nocase(slice_of(word), "attachment");
	return is_at_end(reading) ? take(reading, ')')
				  : read_parameters(reading, "filename", part->name, sizeof(part->name), &part->has_charset) && skip_rest_of_list(reading);
}

/* --- parts */

static bool read_part(struct reading *reading, const char *section, unsigned depth);

static bool read_type(struct reading *reading, struct imap_part *part, const char *main)
{
	char type[60], subtype[60];

	if (main == NULL && !read_word(reading, type, sizeof(type)))
		return false;
	if (!read_word(reading, subtype, sizeof(subtype)))
		return false;
	snprintf(part->type, sizeof(part->type), "%s/%s", main == NULL ? type : main, subtype);
	str_lower_ascii(part->type);
	return true;
}

/* Behind its opening parenthesis. */
static bool read_single(struct reading *reading, struct imap_part *part)
{
	char size[24];
	bool is_message;

	if (!read_type(reading, part, NULL) || !read_parameters(reading, "name", part->name, sizeof(part->name), &part->has_charset) || !skip_value(reading, 0) ||
	    !skip_value(reading, 0) || !skip_value(reading, 0) || !read_word(reading, size, sizeof(size)) ||
	    !slice_number(slice_of(size), 0, 1ull << 40, &part->size))
		return false;
	is_message = strcmp(part->type, "message/rfc822") == 0;
	if (is_message && !is_at_end(reading) && (!skip_value(reading, 0) || !skip_value(reading, 0) || !skip_value(reading, 0)))
		return false;
	if (!is_message && slice_begins_nocase(slice_of(part->type), "text/") && !is_at_end(reading) && !skip_value(reading, 0))
		return false;
	if (!is_at_end(reading) && !skip_value(reading, 0)) /* the digest */
		return false;
	if (!is_at_end(reading) && !read_disposition(reading, part))
		return false;
	return skip_rest_of_list(reading);
}

/* Its parts come first. */
static bool read_multipart(struct reading *reading, size_t at, const char *section, unsigned depth)
{
	struct imap_part *part;
	unsigned number = 0;
	bool is_encoded = false;

	for (skip_blanks(reading); reading->rest.len > 0 && reading->rest.ptr[0] == '('; skip_blanks(reading)) {
		char child[IMAP_SECTION_SIZE];
		int len = snprintf(child, sizeof(child), "%s%s%u", section, section[0] == '\0' ? "" : ".", ++number);

		if (len >= (int)sizeof(child) || !read_part(reading, child, depth + 1))
			return false;
	}
	part = &reading->structure->parts[at];
	part->is_multipart = true;
	if (!read_type(reading, part, "multipart"))
		return false;
	if (!is_at_end(reading) && !read_parameters(reading, "boundary", part->boundary, sizeof(part->boundary), &is_encoded))
		return false;
	if (is_encoded || strlen(part->boundary) + 1 == sizeof(part->boundary)) /* not known as it is in the message */
		part->boundary[0] = '\0';
	return skip_rest_of_list(reading);
}

static bool read_part(struct reading *reading, const char *section, unsigned depth)
{
	struct imap_structure *structure = reading->structure;
	size_t at = structure->count;

	if (depth > IMAP_PARTS_DEPTH_MAX || at >= IMAP_PARTS_MAX || !take(reading, '('))
		return false;
	ARRAY_GROW(structure->parts, structure->count);
	structure->parts[structure->count++] = (struct imap_part){.depth = depth};
	snprintf(structure->parts[at].section, IMAP_SECTION_SIZE, "%s", section);
	skip_blanks(reading);
	if (reading->rest.len > 0 && reading->rest.ptr[0] == '(')
		return read_multipart(reading, at, section, depth);
	if (depth == 0) /* the body of a message with one part */
		snprintf(structure->parts[at].section, IMAP_SECTION_SIZE, "1");
	return read_single(reading, &structure->parts[at]);
}

bool imap_structure_read(struct slice text, struct imap_structure *structure)
{
	struct reading reading = {text, structure};
	bool good;

	*structure = (struct imap_structure){NULL, 0};
	skip_blanks(&reading);
	good = read_part(&reading, "", 0);
	if (!good)
		imap_structure_clear(structure);
	return good;
}

void imap_structure_clear(struct imap_structure *structure)
{
	free(structure->parts);
	*structure = (struct imap_structure){NULL, 0};
}
