/* Names of folders: which are allowed, and how they are written on disk. */
#include "message/imap/folder_name.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_names_on_disk_and_back(void **context)
{
	static const char *const names[][2] = {
	    {"Sent", ".Sent"},
	    {"Archive/2026", ".Archive.2026"},
	    {"v1.2", ".v1&AC4-2"},
	    {"Входящие", ".&BBIERQQ+BDQETwRJBDgENQ-"},
	    {"A & B", ".A &- B"},
	    {"INBOX/Sub", ".INBOX.Sub"},
	};

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct buf disk = BUF_INIT(1000), name = BUF_INIT(1000);

		assert_true(folder_name_is_valid(slice_of(names[i][0])));
		folder_name_to_disk(slice_of(names[i][0]), &disk);
		assert_string_equal(buf_text(&disk), names[i][1]);
		assert_int_equal(folder_name_from_disk(buf_slice(&disk), &name), 0);
		assert_string_equal(buf_text(&name), names[i][0]);
		buf_clear(&disk);
		buf_clear(&name);
	}
}

static void test_bad_names(void **context)
{
	static const char *const bad[] = {"", "/", "a/", "/a", "a//b", ".", "..", "a/../b", ".hidden", "~", "~root", "inbox", "INBOX", "Inbox", "a\nb",
	    "a\x7f", "\xff", "a\xc2\x85", "a\xe2\x80\xae"};
	static const char *const foreign[] = {"Sent", ".", "..", ".a.", "..a", ".\xd0\x96", ".&AGE-", ".&", ".INBOX"};
	char deep[64] = "", long_name[400] = "";

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (folder_name_is_valid(slice_of(bad[i])))
			fail_msg("%s counts as a name", bad[i]);
	for (size_t i = 0; i < ARRAY_LEN(foreign); i++) {
		struct buf name = BUF_INIT(1000);

		if (folder_name_from_disk(slice_of(foreign[i]), &name) == 0)
			fail_msg("%s counts as a folder", foreign[i]);
		buf_clear(&name);
	}
	for (int i = 0; i < FOLDER_LEVELS_MAX; i++)
		memcpy(deep + 2 * i, "/x", 3);
	assert_true(folder_name_is_valid(slice_of(deep + 1)));
	memcpy(deep + 2 * FOLDER_LEVELS_MAX, "/x", 3);
	assert_false(folder_name_is_valid(slice_of(deep + 1)));
	memset(long_name, 'x', FOLDER_NAME_MAX - 1);
	assert_true(folder_name_is_valid(slice_of(long_name)));
	long_name[FOLDER_NAME_MAX - 1] = 'x';
	assert_false(folder_name_is_valid(slice_of(long_name)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names_on_disk_and_back),
	    cmocka_unit_test(test_bad_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
