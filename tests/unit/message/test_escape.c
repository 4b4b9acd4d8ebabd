/* Any text as one word, and back. */
#include "message/escape.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_any_text_is_one_word_and_comes_back(void **state)
{
	char all[255];

	(void)state;
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (char)(i + 1);
	for (size_t from = 0; from < sizeof(all); from++) {
		struct slice text = slice_make(all + from, sizeof(all) - from);
		struct buf word = BUF_INIT(1000);
		char *back;

		escape_append(&word, text);
		for (size_t i = 0; i < word.len; i++)
			assert_true((unsigned char)word.ptr[i] > ' ' && word.ptr[i] != 0x7f);
		back = escape_undo(buf_slice(&word));
		assert_non_null(back);
		assert_true(slice_equal(slice_of(back), text));
		free(back);
		buf_clear(&word);
	}
}

static void test_how_it_is_written(void **state)
{
	struct buf word = BUF_INIT(100);

	(void)state;
	escape_append(&word, slice_of("a b%\r\n\x7fёz"));
	assert_string_equal(buf_text(&word), "a%20b%25%0d%0a%7fёz");
	buf_clear(&word);
}

/* What was not written by escape_append() is refused, above all a NUL that would cut a name. */
static void test_wrong_words(void **state)
{
	static const char *const words[] = {"%", "a%2", "%2", "%g0", "%0g", "%00", "a%00b", "%AB", "%%20"};
	char *empty = escape_undo(SLICE_LITERAL(""));

	(void)state;
	assert_string_equal(empty, "");
	free(empty);
	assert_null(escape_undo(slice_make("a%20", 3))); /* what follows the word is not part of it */
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (escape_undo(slice_of(words[i])) != NULL)
			fail_msg("%s", words[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_any_text_is_one_word_and_comes_back),
	    cmocka_unit_test(test_how_it_is_written),
	    cmocka_unit_test(test_wrong_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
