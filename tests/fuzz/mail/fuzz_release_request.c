/*
 * Requests to release messages: any message gives only words that are numbers or ids, within the limit, and what waits for the session is read as it was
 * written; no subject that another mail program can write is taken for it without being seen as a request.
 */
#include "mail/filter/release_request.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_words(struct slice numbers, size_t count)
{
	size_t words = 0;

	while (numbers.len > 0) {
		struct slice word = slice_cut(&numbers, ' ');

		words += word.len > 0;
		assert(word.len == 0 || word.len == 8 || word.len == 20);
	}
	assert(words == count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice message = slice_make((const char *)data, size), rest = message, subject = slice_cut(&rest, '\n'), user, read;
	struct buf numbers = BUF_INIT(1u << 20), written = BUF_INIT(1u << 21);
	size_t count = release_request_numbers(subject, message, &numbers);

	assert(!release_request_read(subject, &user, &read) || release_request_is(subject));
	check_words(buf_slice(&numbers), count);
	if (count > 0) {
		release_request_write("ivan", buf_slice(&numbers), &written);
		assert(release_request_read(buf_slice(&written), &user, &read) && slice_is(user, "ivan"));
		check_words(read, count);
	}
	buf_clear(&numbers);
	buf_clear(&written);
	return 0;
}
