/*
 * A photo of any bytes: the result is a smaller photo that fits into the box, or nothing; the same for the same bytes, and in bounded time.
 *
 * It runs about 1,000 times a second on small photos; one of a few hundred bytes may have millions of pixels, and takes some milliseconds.
 */
#include "message/picture/jpeg_shrink.h"

#include "base/alloc.h"

#include <assert.h>
#include <stdint.h>
#include <time.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECONDS_MAX 60 /* of the processor, also under sanitizers */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct jpeg_box box = {100, 130};
	struct slice photo = slice_make((const char *)data, size);
	struct buf out = BUF_INIT(JPEG_BYTES_MAX), again = BUF_INIT(JPEG_BYTES_MAX);
	clock_t begun = clock();
	enum jpeg_result result = jpeg_shrink(photo, box, &out);

	assert(result >= JPEG_SHRUNK && result <= JPEG_UNREADABLE);
	assert(clock() - begun < SECONDS_MAX * CLOCKS_PER_SEC);
	assert((result == JPEG_SHRUNK) == (out.len > 0));
	if (result == JPEG_SHRUNK) {
		assert(out.len < size);
		assert(jpeg_shrink(photo, box, &again) == JPEG_SHRUNK && slice_equal(buf_slice(&out), buf_slice(&again)));
		buf_reset(&again);
		assert(jpeg_shrink(buf_slice(&out), box, &again) == JPEG_FITS);
	}
	buf_clear(&out);
	buf_clear(&again);
	return 0;
}
