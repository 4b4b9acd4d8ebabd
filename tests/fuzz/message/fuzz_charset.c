/*
 * Names of charsets and bytes in them: the output is UTF-8, within its limit, the same each time, and empty for an invalid
 * name. The input is the name, a line end, and the bytes.
 */
#include "message/charset.h"
#include "message/charset_name.h"
#include "tests/fuzz/common/fuzz.h"

static void check_name(struct slice label)
{
	char name[CHARSET_NAME_MAX + 1], again[CHARSET_NAME_MAX + 1];

	if (!charset_name(label, name))
		return;
	assert(name[0] != '\0' && strlen(name) <= CHARSET_NAME_MAX);
	for (const char *at = name; *at != '\0'; at++) /* for iconv "//IGNORE" is an option */
		assert(*at > ' ' && *at < 0x7f && *at != '/');
	assert(charset_name(slice_of(name), again));
}

static void convert(struct slice label, struct slice bytes, size_t room, struct buf *out)
{
	*out = (struct buf)BUF_INIT(room);
	if (charset_to_utf8(label, bytes, out) != 0 && room > 4 * bytes.len + 4)
		assert(out->len == 0);
	assert(out->len <= room && utf8_is_valid(buf_slice(out)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = slice_make((const char *)data, size), label = slice_cut(&bytes, '\n');
	struct buf once, again, little, guess = BUF_INIT(1u << 20);

	charset_begin_message();
	check_name(label);
	convert(label, bytes, 1u << 20, &once);
	convert(label, bytes, 1u << 20, &again);
	convert(label, bytes, size % 64, &little);
	assert(slice_equal(buf_slice(&once), buf_slice(&again)));
	charset_guess_to_utf8(label, bytes, &guess);
	assert(utf8_is_valid(buf_slice(&guess)));
	assert(charset_guess(bytes) != NULL);
	buf_clear(&once);
	buf_clear(&again);
	buf_clear(&little);
	buf_clear(&guess);
	return 0;
}
