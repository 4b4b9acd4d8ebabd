/* Stuffing then reading yields the message with its lines ended by CRLF, and reading in two
 * pieces gives the same as in one. */
#include "message/dot.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(
    struct dot_reader *reader, struct slice input, size_t cut, struct buf *out, struct slice *rest)
{
	struct slice first = slice_make(input.ptr, cut);

	dot_reader_init(reader);
	if (dot_read(reader, &first, out)) {
		*rest = slice_from(input, cut - first.len);
		return;
	}
	*rest = slice_from(input, cut);
	dot_read(reader, rest, out);
}

static void check_split(struct slice input)
{
	struct buf whole = BUF_INIT(1 << 20), split = BUF_INIT(1 << 20);
	struct dot_reader a, b;
	struct slice rest_a, rest_b;

	read_all(&a, input, input.len, &whole, &rest_a);
	read_all(&b, input, input.len / 2, &split, &rest_b);
	assert(slice_equal(buf_slice(&whole), buf_slice(&split)));
	assert(rest_a.len == rest_b.len && a.state == b.state);
	assert(a.bare_cr == b.bare_cr && a.bare_lf == b.bare_lf);
	buf_clear(&whole);
	buf_clear(&split);
}

static void check_round_trip(struct slice message, bool keep_cr)
{
	struct buf wire = BUF_INIT(1 << 20), back = BUF_INIT(1 << 20), again = BUF_INIT(1 << 20);
	struct dot_writer writer;
	struct dot_reader reader;
	struct slice input;

	dot_writer_init(&writer, keep_cr);
	dot_write(&writer, message, &wire);
	dot_write_end(&writer, &wire);
	input = buf_slice(&wire);
	dot_reader_init(&reader);
	assert(dot_read(&reader, &input, &back));
	assert(input.len == 0 && !reader.bare_lf && (keep_cr || !reader.bare_cr));
	dot_writer_init(&writer, keep_cr);
	dot_write(&writer, buf_slice(&back), &again);
	dot_write_end(&writer, &again);
	assert(slice_equal(buf_slice(&wire), buf_slice(&again)));
	buf_clear(&wire);
	buf_clear(&back);
	buf_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = slice_make((const char *)data, size);

	check_split(input);
	check_round_trip(input, false);
	check_round_trip(input, true);
	return 0;
}
