#include "message/attachment/attachment_odd.h"

#include "message/header.h"

/* RFC 2045 section 5.1 */
static bool is_token(struct slice word)
{
	for (size_t i = 0; i < word.len; i++)
		if (word.ptr[i] <= ' ' || word.ptr[i] > '~' || memchr("()<>@,;:\\\"/[]?=", word.ptr[i], 15) != NULL)
			return false;
	return word.len > 0;
}

/* "type/subtype", or a single word, which all programs take for text. */
static bool is_type_clear(struct slice header)
{
	struct slice word = mime_first_word(header, "Content-Type"), subtype = word, type = slice_cut(&subtype, '/');
	struct header_field field;
	struct slice value;

	if (word.len == 0)
		return !header_find(header, "Content-Type", &field) || slice_trim(field.body).len == 0;
	if (subtype.ptr != NULL)
		return is_token(type) && is_token(subtype);
	header_find(header, "Content-Type", &field);
	value = field.body; /* "multipart / mixed" */
	return is_token(word) && slice_find(slice_cut(&value, ';'), '/') < 0;
}

/* How often the field names a boundary, also in the forms of RFC 2231, which are not for it. */
static size_t count_boundaries(struct slice field)
{
	size_t count = 0;

	while (field.len > 0 && count < 2) {
		if (slice_begins_nocase(field, "boundary")) {
			struct slice rest = slice_trim(slice_from(field, strlen("boundary")));

			if (rest.len > 0 && rest.ptr[0] == '*')
				return 2;
			count += rest.len > 0 && rest.ptr[0] == '=';
		}
		field = slice_from(field, 1);
	}
	return count;
}

static bool is_boundary_clear(struct slice header)
{
	struct header_field field;
	struct slice value;

	if (!header_find(header, "Content-Type", &field))
		return true;
	value = field.body;
	/* Comments, escaped characters, encoded words */
	return slice_find(value, '(') < 0 && slice_find(value, '\\') < 0 && !slice_contains(value, "=?") && count_boundaries(value) == 1;
}

/* A part that begins with a line that is no field has no header for us; some programs skip the line. */
static bool hides_header(struct slice body)
{
	struct header_walk walk;
	struct header_field field;

	header_walk_init(&walk, body);
	while (header_walk_next(&walk, &field))
		if (slice_begins_nocase(field.name, "Content-"))
			return true;
	return false;
}

bool attachment_part_is_odd(const struct mime_part *part)
{
	if (header_count(part->header, "Content-Type") > 1 || header_count(part->header, "Content-Transfer-Encoding") > 1 ||
	    !is_type_clear(part->header))
		return true;
	if (slice_begins_nocase(part->type, "multipart/"))
		return !is_boundary_clear(part->header) || (!part->is_container && part->body.len > 0);
	if (slice_is_nocase(part->type, "message/partial")) /* a piece: mail programs join them */
		return true;
	return part->header.len == 0 && hides_header(part->body);
}

bool attachment_has_lone_cr(struct slice message)
{
	while (message.len > 0) {
		ptrdiff_t at = slice_find(message, '\r');

		if (at < 0)
			return false;
		message = slice_from(message, (size_t)at + 1);
		if (message.len > 0 && message.ptr[0] != '\n')
			return true;
	}
	return false;
}
