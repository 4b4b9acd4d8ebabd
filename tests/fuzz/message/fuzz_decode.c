/* For any input the output is valid UTF-8 without control characters; encoded text is decoded to
 * the original. The first byte chooses the charset of the message. */
#include "base/alloc.h"
#include "message/decode.h"
#include "message/fold.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_clean(struct slice text)
{
	assert(utf8_is_valid(text));
	for (size_t i = 0; i < text.len; i++)
		assert((unsigned char)text.ptr[i] >= 0x20 && text.ptr[i] != 0x7f);
}

static void check_encode(struct slice text)
{
	struct buf wire = BUF_INIT(1 << 22), back = BUF_INIT(1 << 22);

	assert(encode_text(text, &wire) == 0);
	for (size_t i = 0; i < wire.len; i++)
		assert((unsigned char)wire.ptr[i] < 0x80 &&
		       (wire.ptr[i] != '\n' || (i + 1 < wire.len && wire.ptr[i + 1] == ' ')));
	assert(decode_text(buf_slice(&wire), SLICE_NONE, &back) == 0);
	/* Plain ASCII may lose its outer blanks, as any field body does. */
	assert(slice_equal(slice_trim(buf_slice(&back)), slice_trim(text)));
	buf_clear(&wire);
	buf_clear(&back);
}

static void check_field(struct header_field *field, struct slice charset)
{
	struct buf out = BUF_INIT(1 << 22), folded = BUF_INIT(1 << 23);

	assert(decode_field(field, charset, &out) == 0);
	check_clean(buf_slice(&out));
	assert(fold_text(buf_slice(&out), &folded) == 0);
	assert(utf8_is_valid(buf_slice(&folded)));
	check_encode(buf_slice(&out));
	buf_clear(&folded);
	buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const charsets[] = {
	    "", "koi8-r", "utf-7", "iso-2022-jp", "utf-8", "none"};
	struct header_field field = {0};
	struct buf value = BUF_INIT(1 << 22);
	struct slice charset, input;

	if (size == 0)
		return 0;
	charset = slice_of(charsets[data[0] % ARRAY_LEN(charsets)]);
	input = slice_make((const char *)data + 1, size - 1);
	field.body = input;
	field.name = SLICE_LITERAL("Subject");
	check_field(&field, charset);
	field.name = SLICE_LITERAL("To");
	check_field(&field, charset);
	if (decode_parameter(input, "name", &value))
		check_clean(buf_slice(&value));
	buf_clear(&value);
	decode_message_charset(input);
	return 0;
}
