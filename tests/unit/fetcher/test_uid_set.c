/*
 * Sets of UIDs: what is written is read again, and nothing else is taken for a set.
 */
#include "fetcher/uid_set.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static char *text_of(const struct uid_set *set)
{
	struct buf out = BUF_INIT(4096);

	uid_set_write(set, &out);
	return out.len == 0 ? xstrdup("") : buf_take(&out);
}

static void test_uids_in_a_row_are_one_range(void **context)
{
	static const uint32_t uids[] = {3, 4, 5, 7, 7, 6, 9, 10, UINT32_MAX};
	struct uid_set set = {NULL, 0, 0};
	char *text;

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(uids); i++)
		uid_set_add(&set, uids[i]);
	text = text_of(&set);
	assert_string_equal(text, "3:5,7,9:10,4294967295");
	assert_int_equal(set.count, 7);
	free(text);
	uid_set_clear(&set);
}

static void test_a_set_is_read_walked_and_searched(void **context)
{
	static const uint32_t uids[] = {1, 2, 3, 9, 4294967294u, UINT32_MAX};
	struct uid_set set = {NULL, 0, 0};
	size_t range = 0, count = 0;
	uint32_t uid = 0;

	(void)context;
	assert_true(uid_set_read(&set, SLICE_LITERAL("1:3,9,4294967294:4294967295"), 100));
	while (uid_set_next(&set, &range, &uid))
		assert_int_equal(uid, uids[count++]);
	assert_int_equal(count, ARRAY_LEN(uids));
	for (uint32_t i = 0; i < 20; i++)
		assert_int_equal(uid_set_has(&set, i), (i >= 1 && i <= 3) || i == 9);
	assert_true(uid_set_has(&set, UINT32_MAX));
	uid_set_clear(&set);
	assert_true(uid_set_read(&set, SLICE_LITERAL(""), 100));
	range = uid = 0;
	assert_false(uid_set_next(&set, &range, &uid));
	assert_false(uid_set_has(&set, 1));
}

static void test_what_is_no_set_is_refused(void **context)
{
	static const char *const texts[] = {"0", "x", "1,", "1,,2", "5:3", "1:*", "3,2", "1:5,5", "1:5,3:9", "4294967296", "1:101", "1-2", " 1", "1:", ":1"};

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct uid_set set = {NULL, 0, 0};
		bool is_open = texts[i][1] == ',' && texts[i][2] == '\0'; /* a comma at the end is harmless */

		assert_int_equal(uid_set_read(&set, slice_of(texts[i]), 100), is_open);
		assert_int_equal(set.range_count, is_open);
		uid_set_clear(&set);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_uids_in_a_row_are_one_range),
	    cmocka_unit_test(test_a_set_is_read_walked_and_searched),
	    cmocka_unit_test(test_what_is_no_set_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
