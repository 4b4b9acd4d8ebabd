/* Dot-stuffing: the only valid end of data, everything else detected, for any chunks. */
#include "message/dot.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define S(text)                                                                                    \
	{                                                                                          \
		(text), sizeof(text) - 1                                                           \
	}

static const struct {
	const char *name;
	struct slice input, output, rest;
	bool end, bare_cr, bare_lf, nul;
} reads[] = {
    {"empty message", S(".\r\n"), S(""), S(""), true, false, false, false},
    {"one line", S("a\r\n.\r\n"), S("a\r\n"), S(""), true, false, false, false},
    {"rest is left", S("a\r\n.\r\nQUIT\r\n"), S("a\r\n"), S("QUIT\r\n"), true, false, false, false},
    {"stuffed dot", S("..\r\n..a\r\n.b\r\n.\r\n"), S(".\r\n.a\r\nb\r\n"), S(""), true, false, false,
        false},
    {"dot within a line", S("a.\r\n.\r\n"), S("a.\r\n"), S(""), true, false, false, false},
    {"LF.LF", S("a\n.\nb\r\n.\r\n"), S("a\n.\nb\r\n"), S(""), true, false, true, false},
    {"LF.CRLF", S("a\n.\r\nb\r\n.\r\n"), S("a\n.\r\nb\r\n"), S(""), true, false, true, false},
    {"CRLF.LF", S("a\r\n.\nb\r\n.\r\n"), S("a\r\n\nb\r\n"), S(""), true, false, true, false},
    {"CR.CR", S("a\r.\rb\r\n.\r\n"), S("a\r.\rb\r\n"), S(""), true, true, false, false},
    {"CRLF.CR", S("a\r\n.\rb\r\n.\r\n"), S("a\r\n\rb\r\n"), S(""), true, true, false, false},
    {"CRLF.CRCRLF", S("a\r\n.\r\r\nb\r\n.\r\n"), S("a\r\n\r\r\nb\r\n"), S(""), true, true, false,
        false},
    {"CR.CRLF", S("a\r.\r\nb\r\n.\r\n"), S("a\r.\r\nb\r\n"), S(""), true, true, false, false},
    {"CRCRLF.CRLF", S("a\r\r\n.\r\n"), S("a\r\r\n"), S(""), true, true, false, false},
    {"LFCR.CRLF", S("a\n\r.\r\nb\r\n.\r\n"), S("a\n\r.\r\nb\r\n"), S(""), true, true, true, false},
    {"NUL", S("a\0b\r\n.\r\n"), S("a\0b\r\n"), S(""), true, false, false, true},
    {"NUL after CRLF dot", S("\r\n.\0\r\n.\r\n"), S("\r\n\0\r\n"), S(""), true, false, false, true},
    {"no end", S("a\r\n."), S("a\r\n"), S(""), false, false, false, false},
};

/* Feeds input in pieces of `step` bytes and returns what is left of the last piece and after. */
static struct slice read_in_steps(
    struct dot_reader *reader, struct slice input, size_t step, struct buf *out)
{
	size_t at = 0;

	dot_reader_init(reader);
	while (at < input.len) {
		size_t len = input.len - at < step ? input.len - at : step;
		struct slice piece = slice_make(input.ptr + at, len);
		bool end = dot_read(reader, &piece, out);

		at += len - piece.len;
		if (end)
			break;
	}
	return slice_from(input, at);
}

static void test_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(reads); i++) {
		for (size_t step = 1; step <= reads[i].input.len; step++) {
			struct dot_reader reader;
			struct buf out = BUF_INIT(1000);
			struct slice rest = read_in_steps(&reader, reads[i].input, step, &out);

			if (!slice_equal(buf_slice(&out), reads[i].output) ||
			    !slice_equal(rest, reads[i].rest) ||
			    (reader.state == DOT_END) != reads[i].end ||
			    reader.bare_cr != reads[i].bare_cr ||
			    reader.bare_lf != reads[i].bare_lf || reader.has_nul != reads[i].nul)
				fail_msg("%s, in steps of %zu", reads[i].name, step);
			buf_clear(&out);
		}
	}
}

static void test_read_goes_on_past_the_limit(void **state)
{
	struct slice input = S("0123456789\r\n0123456789\r\n.\r\nrest");
	struct dot_reader reader;
	struct buf out = BUF_INIT(5);

	(void)state;
	dot_reader_init(&reader);
	assert_true(dot_read(&reader, &input, &out));
	assert_true(out.overflow);
	assert_true(slice_is(input, "rest"));
	buf_clear(&out);
}

static const struct {
	const char *name;
	bool keep_cr;
	struct slice input, output;
} writes[] = {
    {"empty", false, S(""), S(".\r\n")},
    {"a line", false, S("a\r\n"), S("a\r\n.\r\n")},
    {"no end of line", false, S("a"), S("a\r\n.\r\n")},
    {"dots", false, S(".\r\n..a\r\na.b\r\n"), S("..\r\n...a\r\na.b\r\n.\r\n")},
    {"LF", false, S("a\n.\n\nb"), S("a\r\n..\r\n\r\nb\r\n.\r\n")},
    {"bare CR", false, S("a\r.\rb\r"), S("a\r\n..\r\nb\r\n.\r\n")},
    {"bare CR kept", true, S("a\r.\rb\r"), S("a\r.\rb\r\n.\r\n")},
    {"CRCRLF", false, S("a\r\r\nb"), S("a\r\n\r\nb\r\n.\r\n")},
    {"CRCRLF kept", true, S("a\r\r\n.b"), S("a\r\r\n..b\r\n.\r\n")},
    {"NUL", false, S("\0.\0"), S("\0.\0\r\n.\r\n")},
};

static void test_write(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(writes); i++) {
		for (size_t step = 1; step <= writes[i].input.len + 1; step++) {
			struct dot_writer writer;
			struct buf out = BUF_INIT(1000);

			dot_writer_init(&writer, writes[i].keep_cr);
			for (size_t at = 0; at < writes[i].input.len; at += step) {
				size_t left = writes[i].input.len - at;

				dot_write(&writer,
				    slice_make(writes[i].input.ptr + at, left < step ? left : step),
				    &out);
			}
			assert_int_equal(dot_write_end(&writer, &out), 0);
			if (!slice_equal(buf_slice(&out), writes[i].output))
				fail_msg("%s, in steps of %zu", writes[i].name, step);
			buf_clear(&out);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_read),
	    cmocka_unit_test(test_read_goes_on_past_the_limit),
	    cmocka_unit_test(test_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
