/* Files that were set aside are a problem each, for as long as they exist. */
#include "spool/maintenance/damage.h"
#include "tests/unit/sample_state.h"

#include <unistd.h>

static char *corrupt(const char *name)
{
	return xasprintf("%s/queue/corrupt/%s", folder, name);
}

static void put(const char *name)
{
	struct slice part = SLICE_LITERAL("?");
	struct error error;
	char *path = corrupt(name);

	assert_int_equal(fsx_create(path, &part, 1, 0600, &error), 0);
	free(path);
}

static void drop(const char *name)
{
	char *path = corrupt(name);

	assert_int_equal(unlink(path), 0);
	free(path);
}

static void test_both_files_of_an_entry_are_one(void **context)
{
	(void)context;
	assert_int_equal(damage_note(spool.state, "0123456789abcdefghjk.env"), 1);
	assert_int_equal(damage_note(spool.state, "0123456789abcdefghjk.msg"), 0);
	assert_int_equal(damage_note(spool.state, "000000000001-lan.log-32.record"), 1);
}

static void test_it_ends_when_the_last_file_is_gone(void **context)
{
	(void)context;
	put("0123456789abcdefghjk.env");
	put("0123456789abcdefghjk.msg");
	damage_note(spool.state, "0123456789abcdefghjk.env");
	drop("0123456789abcdefghjk.env");
	damage_forget(spool.state, &spool);
	assert_int_equal(damage_note(spool.state, "0123456789abcdefghjk.env"), 0);
	drop("0123456789abcdefghjk.msg");
	damage_forget(spool.state, &spool);
	assert_int_equal(damage_note(spool.state, "0123456789abcdefghjk.env"), 1);
}

static void test_only_an_id_is_a_queue_entry(void **context)
{
	struct msgid id;

	(void)context;
	assert_true(damage_entry("corrupt 0123456789abcdefghjk", &id));
	assert_string_equal(id.text, "0123456789abcdefghjk");
	assert_false(damage_entry("corrupt 000000000001-lan.log-32.record", &id));
	assert_false(damage_entry("account 0123456789abcdefghjk", &id));
	assert_false(damage_entry("corrupt ../../etc/passwd", &id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STATE_TEST(test_both_files_of_an_entry_are_one),
	    STATE_TEST(test_it_ends_when_the_last_file_is_gone),
	    STATE_TEST(test_only_an_id_is_a_queue_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
