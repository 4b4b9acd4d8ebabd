/* Parts are in the message in their order, without overlap, within the limits of depth and
 * number; no body contains an open boundary; text is valid UTF-8 that can be folded, and never
 * exceeds its limit. */
#include "base/alloc.h"
#include "message/decode.h"
#include "message/mime.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const struct mime_part *part)
{
	struct buf all = BUF_INIT(1u << 20), little = BUF_INIT(20), clean = BUF_INIT(3u << 20);
	int result = mime_text(part, &all);

	assert(all.len <= all.limit);
	assert(result == 0 || part->body.len > 10000);
	mime_text(part, &little);
	assert(little.len <= 20);
	decode_append_clean(buf_slice(&all), &clean);
	assert(utf8_is_valid(buf_slice(&clean)));
	buf_clear(&all);
	buf_clear(&little);
	buf_clear(&clean);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice message = slice_make((const char *)data, size);
	const char *before = message.ptr;
	struct mime_walk walk;
	struct mime_part part;
	size_t count = 0;

	mime_walk_init(&walk, message);
	while (mime_walk_next(&walk, &part)) {
		struct buf name = BUF_INIT(1u << 20);

		assert(++count <= MIME_PARTS_MAX && part.depth <= MIME_DEPTH_MAX);
		assert(part.type.len > 0);
		if (part.header.len > 0) {
			assert(part.header.ptr >= before);
			before = part.header.ptr + part.header.len;
		}
		if (part.body.len > 0) {
			assert(part.body.ptr >= before);
			before = part.body.ptr + part.body.len;
		}
		assert(before <= message.ptr + size);
		assert(!part.is_container || part.body.len == 0);
		assert(!mime_file_name(&part, &name) || name.len > 0);
		mime_is_attachment(&part);
		if (count < 20) /* else quadratic in the number of parts */
			check_text(&part);
		buf_clear(&name);
	}
	return 0;
}
