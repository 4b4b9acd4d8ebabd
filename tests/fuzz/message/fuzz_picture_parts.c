/*
 * Photos found in any message: each is a piece of it in base64, in order; replaced by others of the same kind, they are found again at the same places,
 * and the message has the same parts, of which the others are unchanged.
 */
#include "message/picture/picture_parts.h"

#include "base/alloc.h"
#include "message/mime.h"
#include "message/transfer.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OTHER "\xff\xd8\xff\n any other bytes, \r\n and more of them than a line has \0\n\xff\xd9"

static void replace(struct slice message, const struct picture_parts *parts, struct buf *out)
{
	const char *done = message.ptr;

	for (size_t i = 0; i < parts->count; i++) {
		const struct picture_part *part = &parts->items[i];

		assert(part->text.ptr >= done && part->text.ptr + part->text.len <= message.ptr + message.len);
		buf_append(out, done, (size_t)(part->text.ptr - done));
		assert(picture_parts_encode(part, SLICE_LITERAL(OTHER), out) == 0);
		done = part->text.ptr + part->text.len;
	}
	buf_append(out, done, (size_t)(message.ptr + message.len - done));
}

static void check_decoded(const struct picture_parts *parts)
{
	for (size_t i = 0; i < parts->count; i++) {
		struct buf bytes = BUF_INIT(1u << 20), text = BUF_INIT(2u << 20);

		assert(transfer_base64(parts->items[i].text, &bytes) == 0 && bytes.len == parts->items[i].size);
		assert(bytes.len >= 3 && memcmp(bytes.ptr, "\xff\xd8\xff", 3) == 0);
		assert(picture_parts_encode(&parts->items[i], buf_slice(&bytes), &text) == 0);
		assert(text.len == parts->items[i].text.len);
		buf_clear(&bytes);
		buf_clear(&text);
	}
}

static void check_same_parts(struct slice before, struct slice after)
{
	struct mime_walk was, is;
	struct mime_part old, new;

	mime_walk_init(&was, before);
	mime_walk_init(&is, after);
	while (mime_walk_next(&was, &old)) {
		assert(mime_walk_next(&is, &new));
		assert(slice_equal(old.header, new.header) && old.depth == new.depth && old.is_container == new.is_container);
		assert(slice_begins_nocase(old.type, "image/jp") || slice_equal(old.body, new.body));
	}
	assert(!mime_walk_next(&is, &new));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice message = slice_make((const char *)data, size);
	struct picture_parts *parts = xcalloc(2, sizeof(*parts));
	struct buf out = BUF_INIT(size + PICTURE_PARTS_MAX * 512);

	if (picture_parts_find(message, &parts[0])) {
		check_decoded(&parts[0]);
		replace(message, &parts[0], &out);
		assert(!out.overflow);
		check_same_parts(message, buf_slice(&out));
		assert(picture_parts_find(buf_slice(&out), &parts[1]) && parts[1].count == parts[0].count);
	}
	free(parts);
	buf_clear(&out);
	return 0;
}
