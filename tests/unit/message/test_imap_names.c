#include "base/alloc.h"
#include "message/imap/imap_string.h"
#include "message/imap/imap_utf7.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
	const char *name, *wire, *also;
} names[] = {
    {"Sent", "Sent", ""},
    {"", "", ""},
    {"Tom & Jerry", "Tom &- Jerry", ""},
    {"&&", "&-&-", ""},
    {"Входящие", "&BBIERQQ+BDQETwRJBDgENQ-", ""},
    {"~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-", ""}, /* RFC 3501 section 5.1.3 */
    {"a😀b", "a&2D3eAA-b", ""},
    {"2026.Q1", "2026&AC4-Q1", "."},
    {"й.й", "&BDkALgQ5-", "."},
    {"Ж&Ж", "&BBY-&-&BBY-", ""},
};

static void test_a_name_goes_out_and_comes_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct buf wire = BUF_INIT(1000), back = BUF_INIT(1000);

		assert_int_equal(imap_utf7_encode(slice_of(names[i].name), names[i].also, &wire), 0);
		assert_string_equal(buf_text(&wire), names[i].wire);
		assert_int_equal(imap_utf7_decode(buf_slice(&wire), names[i].also, &back), 0);
		assert_string_equal(buf_text(&back), names[i].name);
		buf_clear(&wire);
		buf_clear(&back);
	}
}

static void test_what_no_encoder_writes_is_no_name(void **state)
{
	static const char *const wrong[] = {
	    "&", "&Jjo", "&Jjo!", "a\xd0\xa1", "a\nb", "a\x7f", /* not closed, 8-bit, control bytes */
	    "&AGE-",		 /* an encoded "a" */
	    "&2D0-", "&3gA-", "&2D0AYQ-", /* halves of a pair */
	    "&U,BTFw-&ZeVnLIqe-",	 /* RFC 3501: two shifts side by side */
	    "&BBb-",			 /* bits left over */
	    "&BBY=-", "&BB/-",
	};
	struct buf out = BUF_INIT(1000);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		buf_reset(&out);
		if (imap_utf7_decode(slice_of(wrong[i]), "", &out) == 0)
			fail_msg("%s became \"%s\"", wrong[i], buf_text(&out));
	}
	buf_reset(&out);
	assert_int_equal(imap_utf7_decode(slice_of("a.b"), ".", &out), -1);
	assert_int_equal(imap_utf7_encode(slice_of("\xff"), "", &out), -1);
	buf_clear(&out);
}

static const struct {
	const char *text;
	size_t len;
	const char *wire;
} strings[] = {
    {"plain", 5, "\"plain\""},
    {"", 0, "\"\""},
    {"a \"b\" \\", 7, "\"a \\\"b\\\" \\\\\""},
    {"\xd1\x91", 2, "{2}\r\n\xd1\x91"},
    {"a\r\nb", 4, "{4}\r\na\r\nb"},
    {"a\0b", 3, "{3}\r\na?b"},
};

static void test_a_string_is_quoted_where_that_is_possible(void **state)
{
	struct buf out = BUF_INIT(10000);
	char longer[IMAP_QUOTED_MAX + 2] = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(strings); i++) {
		buf_reset(&out);
		imap_append_string(&out, slice_make(strings[i].text, strings[i].len));
		assert_string_equal(buf_text(&out), strings[i].wire);
	}
	memset(longer, 'x', IMAP_QUOTED_MAX + 1);
	buf_reset(&out);
	imap_append_string(&out, slice_of(longer));
	assert_memory_equal(out.ptr, "{1001}\r\nxx", 10);
	buf_reset(&out);
	imap_append_utf8(&out, slice_of("\xd1\x91\"\n"));
	imap_append_utf8(&out, slice_of("\xff"));
	assert_string_equal(buf_text(&out), "\"\xd1\x91\\\"?\"{1}\r\n\xff");
	buf_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_name_goes_out_and_comes_back),
	    cmocka_unit_test(test_what_no_encoder_writes_is_no_name),
	    cmocka_unit_test(test_a_string_is_quoted_where_that_is_possible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
