/* Which places have a message, through which account it came first, and how long that is known. */
#include "tests/unit/sample_state.h"

#include <stdio.h>

static struct error error;
static char found[200];

static void write_down(void *context, const struct first_copy *copy)
{
	(void)context;
	snprintf(found, sizeof(found), "%s %s %s %lld", copy->id, copy->account, copy->mailbox, (long long)copy->time);
}

static int find(const char *identity, const char *place)
{
	found[0] = '\0';
	return state_first_copy_find(spool.state, identity, place, write_down, NULL, &error);
}

static void add(const char *identity, const char *place, const char *id, int64_t time)
{
	assert_int_equal(state_first_copy_add(spool.state, identity, place, &(struct first_copy){.id = id, .account = "a", .mailbox = "box mx", .time = time}, &error), 0);
}

static void test_the_first_one_stays(void **context)
{
	(void)context;
	assert_int_equal(find("aa", "mailbox ivan"), 0);
	add("aa", "mailbox ivan", "first", 50);
	add("aa", "mailbox ivan", "second", 60);
	add("bb", "mailbox ivan", "third", 70);
	reopen_state();
	assert_int_equal(find("aa", "mailbox ivan"), 1);
	assert_string_equal(found, "first a box mx 50");
	assert_int_equal(find("bb", "mailbox ivan"), 1);
	assert_string_equal(found, "third a box mx 70");
	assert_int_equal(find("aa", "mailbox ivan/Work"), 0);
	assert_int_equal(find("aa", "queue ivan"), 0);
}

static void test_old_ones_are_forgotten(void **context)
{
	(void)context;
	add("aa", "mailbox ivan", "old", 50);
	add("bb", "mailbox ivan", "new", 60);
	assert_int_equal(state_first_copies_prune(spool.state, 60, &error), 0);
	assert_int_equal(find("aa", "mailbox ivan"), 0);
	assert_int_equal(find("bb", "mailbox ivan"), 1);
}

static void test_their_number_is_bounded(void **context)
{
	char identity[24];

	(void)context;
	assert_int_equal(state_begin(spool.state, &error), 0);
	for (int i = 0; i < STATE_FIRST_COPIES_MAX + 10; i++) {
		snprintf(identity, sizeof(identity), "%d", i);
		add(identity, "mailbox ivan", "x", i);
	}
	assert_int_equal(state_commit(spool.state, &error), 0);
	assert_int_equal(state_first_copies_prune(spool.state, 0, &error), 0);
	assert_int_equal(find("9", "mailbox ivan"), 0);
	assert_int_equal(find("10", "mailbox ivan"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STATE_TEST(test_the_first_one_stays),
	    STATE_TEST(test_old_ones_are_forgotten),
	    STATE_TEST(test_their_number_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
