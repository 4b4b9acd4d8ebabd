/* Lines out of a stream in chunks of any size, and lines without end. */
#include "message/line_reader.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_pieces(void **context)
{
	struct line_reader reader;
	struct slice line;

	(void)context;
	line_reader_init(&reader, 8);
	for (size_t step = 1; step < 20; step++) {
		struct slice text = SLICE_LITERAL("one\r\ntwo\nmuch too long\r\n\r\nend");
		struct buf seen = BUF_INIT(100);

		while (text.len > 0) {
			struct slice piece = slice_make(text.ptr, text.len < step ? text.len : step);

			text = slice_from(text, piece.len);
			while (piece.len > 0) {
				enum line_result result = line_read(&reader, &piece, &line);

				if (result == LINE_WHOLE || result == LINE_CUT)
					buf_printf(&seen, "%.*s%s", SLICE_PRINT(line), result == LINE_CUT ? "~" : "|");
			}
		}
		assert_string_equal(buf_text(&seen), "one|two|much too~|");
		buf_clear(&seen);
		line_reader_clear(&reader);
	}
}

static void test_no_end(void **context)
{
	struct line_reader reader;
	char *bytes = xcalloc(1, LINE_DROPPED_MAX + 10);
	struct slice line, input = slice_make(bytes, 100);

	(void)context;
	line_reader_init(&reader, 10);
	assert_int_equal(line_read(&reader, &input, &line), LINE_MORE);
	input = slice_make(bytes, LINE_DROPPED_MAX);
	assert_int_equal(line_read(&reader, &input, &line), LINE_ENDLESS);
	assert_int_equal(line.len, 10);
	/* A line that does end was only too long. */
	line_reader_clear(&reader);
	bytes[LINE_DROPPED_MAX] = '\n';
	input = slice_make(bytes, LINE_DROPPED_MAX + 1);
	assert_int_equal(line_read(&reader, &input, &line), LINE_CUT);
	line_reader_clear(&reader);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_pieces), cmocka_unit_test(test_no_end)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
