#include "message/header.h"

#define MESSAGE_ID_MAX 250 /* a line of a header has 998 bytes at most */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

void header_walk_init(struct header_walk *walk, struct slice message)
{
	walk->rest = message;
}

/* Bytes of the first line with its end. */
static size_t line_length(struct slice text)
{
	ptrdiff_t at = slice_find(text, '\n');

	return at < 0 ? text.len : (size_t)at + 1;
}

static bool is_empty_line(struct slice text, size_t len)
{
	return (len == 1 && text.ptr[0] == '\n') ||
	       (len == 2 && text.ptr[0] == '\r' && text.ptr[1] == '\n');
}

/* Bytes of the name (printable ASCII but ':', RFC 5322 2.2) and of all up to the colon, if the line
 * has both. */
static bool measure_name(struct slice line, size_t *name, size_t *colon)
{
	size_t at = 0;

	while (at < line.len && line.ptr[at] > ' ' && line.ptr[at] < 0x7f && line.ptr[at] != ':')
		at++;
	*name = at;
	while (at < line.len && is_blank(line.ptr[at]))
		at++;
	*colon = at;
	return *name > 0 && at < line.len && line.ptr[at] == ':';
}

bool header_walk_next(struct header_walk *walk, struct header_field *field)
{
	while (walk->rest.len > 0) {
		struct slice rest = walk->rest;
		size_t len = line_length(rest), name, colon;
		bool found;

		if (is_empty_line(rest, len))
			break;
		found = measure_name(slice_make(rest.ptr, len), &name, &colon);
		while (len < rest.len && is_blank(rest.ptr[len]))
			len += line_length(slice_from(rest, len));
		walk->rest = slice_from(rest, len);
		if (!found)
			continue;
		field->name = slice_make(rest.ptr, name);
		field->body = slice_make(rest.ptr + colon + 1, len - colon - 1);
		field->raw = slice_make(rest.ptr, len);
		return true;
	}
	walk->rest = SLICE_NONE;
	return false;
}

bool header_find(struct slice message, const char *name, struct header_field *field)
{
	struct header_walk walk;

	header_walk_init(&walk, message);
	while (header_walk_next(&walk, field))
		if (slice_is_nocase(field->name, name))
			return true;
	return false;
}

size_t header_count(struct slice message, const char *name)
{
	struct header_walk walk;
	struct header_field field;
	size_t count = 0;

	header_walk_init(&walk, message);
	while (header_walk_next(&walk, &field))
		count += slice_is_nocase(field.name, name);
	return count;
}

size_t header_length(struct slice message)
{
	struct slice rest = message;

	while (rest.len > 0) {
		size_t len = line_length(rest);
		bool empty = is_empty_line(rest, len);

		rest = slice_from(rest, len);
		if (empty)
			return message.len - rest.len;
	}
	return message.len;
}

int header_unfold(struct slice body, struct buf *out)
{
	body = slice_trim(body);
	while (body.len > 0) {
		struct slice line = slice_make(body.ptr, line_length(body));

		body = slice_from(body, line.len);
		if (line.ptr[line.len - 1] == '\n')
			line.len -= line.len > 1 && line.ptr[line.len - 2] == '\r' ? 2 : 1;
		if (buf_append_slice(out, line) < 0)
			return -1;
	}
	return 0;
}

bool header_is_message_id(struct slice id)
{
	if (id.len < 3 || id.len > MESSAGE_ID_MAX || id.ptr[0] != '<' || id.ptr[id.len - 1] != '>')
		return false;
	for (size_t i = 0; i < id.len; i++)
		if (id.ptr[i] <= ' ' || id.ptr[i] > '~')
			return false;
	return true;
}
