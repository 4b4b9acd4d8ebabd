/* Fields are in the header in their order, without overlap, and cover their range; an unfolded
 * body has no line feed. */
#include "message/header.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_field(const struct header_field *field)
{
	struct buf body = BUF_INIT(field->body.len);

	assert(field->name.len > 0);
	assert(field->name.ptr == field->raw.ptr);
	assert(field->body.ptr > field->name.ptr + field->name.len - 1);
	assert(field->body.ptr + field->body.len == field->raw.ptr + field->raw.len);
	assert(slice_find(field->name, '\n') < 0 && slice_find(field->name, ':') < 0);
	assert(header_unfold(field->body, &body) == 0);
	assert(slice_find(buf_slice(&body), '\n') < 0);
	buf_clear(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice message = slice_make((const char *)data, size);
	const char *before = message.ptr;
	struct header_walk walk;
	struct header_field field, found;
	size_t length = header_length(message);

	assert(length <= size);
	header_walk_init(&walk, message);
	while (header_walk_next(&walk, &field)) {
		char name[128];

		assert(field.raw.ptr >= before);
		before = field.raw.ptr + field.raw.len;
		assert(before <= message.ptr + length);
		check_field(&field);
		if (field.name.len >= sizeof(name))
			continue;
		memcpy(name, field.name.ptr, field.name.len);
		name[field.name.len] = '\0';
		if (walk.rest.len > size / 2) /* a search for each field would be slow */
			assert(
			    header_find(message, name, &found) && found.raw.ptr <= field.raw.ptr);
	}
	return 0;
}
