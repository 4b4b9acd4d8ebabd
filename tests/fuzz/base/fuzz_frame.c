/*
 * Input from a compromised process of ours: a frame is accepted whole, within its limit, or the peer counts as gone; its
 * fields are inside it, and are written the same way again. No input makes the reader wait.
 */
#include "base/clock.h"
#include "base/net/frame.h"
#include "tests/fuzz/common/fuzz.h"

#define BODY_MAX 4096

static void check_fields(struct slice body)
{
	struct buf again = BUF_INIT(2 * BODY_MAX);
	struct slice rest = body, value;
	char tag;

	while (frame_take(&rest, &tag, &value)) {
		assert(value.len == 0 || (value.ptr >= body.ptr && value.ptr + value.len <= body.ptr + body.len));
		frame_put(&again, tag, value);
	}
	assert(slice_equal(buf_slice(&again), slice_make(body.ptr, body.len - rest.len)));
	buf_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf body = BUF_INIT(BODY_MAX);
	struct error error;
	uint32_t kind;
	int pair[2], passed = -1;

	if (size > 4 * BODY_MAX)
		return 0;
	assert(frame_pair(pair, &error) == 0);
	assert(write(pair[1], data, size) == (ssize_t)size);
	close(pair[1]);
	/* The peer has closed after it: missing data will not arrive. */
	if (frame_receive(pair[0], &kind, &body, &passed, (struct frame_wait){.deadline = clock_now_ms() + 10000}) == FRAME_OK) {
		assert(body.len + FRAME_HEAD <= BODY_MAX && body.len + FRAME_HEAD == size && passed < 0);
		check_fields(buf_slice(&body));
	}
	close(pair[0]);
	buf_clear(&body);
	return 0;
}
