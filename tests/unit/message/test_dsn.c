/* Requests of senders (RFC 3461): valid parameters, and how they are written again. */
#include "message/dsn.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void test_notify(void **state)
{
	static const struct {
		const char *text;
		bool good;
		unsigned notify;
		const char *again;
	} cases[] = {
	    {"NEVER", true, DSN_NEVER, "NEVER"},
	    {"success,failure,delay", true, DSN_SUCCESS | DSN_FAILURE | DSN_DELAY, "SUCCESS,FAILURE,DELAY"},
	    {"Delay,SUCCESS", true, DSN_SUCCESS | DSN_DELAY, "SUCCESS,DELAY"},
	    {"", false, 0, ""}, {"SUCCESS,", false, 0, ""}, {",SUCCESS", false, 0, ""}, {"NEVER,DELAY", false, 0, ""},
	    {"ALWAYS", false, 0, ""}, {"SUCCESS, DELAY", false, 0, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf again = BUF_INIT(100);
		unsigned notify = 0;

		assert_int_equal(dsn_notify_parse(slice_of(cases[i].text), &notify), cases[i].good);
		assert_int_equal(notify, cases[i].notify);
		dsn_notify_write(notify, &again);
		assert_string_equal(buf_text(&again), cases[i].again);
		buf_clear(&again);
	}
}

static void test_who_is_told(void **state)
{
	(void)state;
	assert_true(dsn_wants(0, DSN_FAILURE) && dsn_wants(0, DSN_DELAY));
	assert_false(dsn_wants(0, DSN_SUCCESS));
	assert_false(dsn_wants(DSN_NEVER, DSN_FAILURE) || dsn_wants(DSN_NEVER, DSN_DELAY) || dsn_wants(DSN_NEVER, DSN_SUCCESS));
	assert_true(dsn_wants(DSN_SUCCESS, DSN_SUCCESS));
	assert_false(dsn_wants(DSN_SUCCESS, DSN_FAILURE) || dsn_wants(DSN_FAILURE, DSN_DELAY));
}

static void test_xtext(void **state)
{
	static const struct {
		const char *text;
		bool good;
		const char *meant;
	} cases[] = {
	    {"abc", true, "abc"}, {"a+2Bb", true, "a+b"}, {"+C3+A9", true, "\xc3\xa9"}, {"", false, ""}, {"a+", false, ""},
	    {"a+2", false, ""}, {"a+2b", false, ""}, {"a=b", false, ""}, {"a b", false, ""}, {"\x7f", false, ""},
	    {"\xc3\xa9", false, ""}, {"0123456789", true, "0123456789"}, {"0123456789x", false, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf meant = BUF_INIT(100);

		if (dsn_is_xtext(slice_of(cases[i].text), 10) != cases[i].good)
			fail_msg("%s", cases[i].text);
		if (cases[i].good)
			dsn_xtext_decode(slice_of(cases[i].text), &meant);
		assert_string_equal(buf_text(&meant), cases[i].meant);
		buf_clear(&meant);
	}
}

static void test_orcpt(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
	    {"rfc822;a@b", true}, {"utf-8;\\x{444}@b", true}, {"x400;/C+3DRU", true}, {"rfc822;", false}, {";a@b", false},
	    {"a@b", false}, {"rfc 822;a", false}, {"rfc822;a b", false}, {"rfc822;a=b", false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (dsn_is_orcpt(slice_of(cases[i].text)) != cases[i].good)
			fail_msg("%s", cases[i].text);
}

static void test_ret(void **state)
{
	enum dsn_ret ret = DSN_RET_UNSAID;

	(void)state;
	assert_false(dsn_ret_parse(SLICE_LITERAL(""), &ret) || dsn_ret_parse(SLICE_LITERAL("ALL"), &ret));
	assert_int_equal(ret, DSN_RET_UNSAID);
	assert_true(dsn_ret_parse(SLICE_LITERAL("full"), &ret));
	assert_string_equal(dsn_ret_text(ret), "FULL");
	assert_true(dsn_ret_parse(SLICE_LITERAL("HDRS"), &ret));
	assert_int_equal(ret, DSN_RET_HDRS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_notify),
	    cmocka_unit_test(test_who_is_told),
	    cmocka_unit_test(test_xtext),
	    cmocka_unit_test(test_orcpt),
	    cmocka_unit_test(test_ret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
