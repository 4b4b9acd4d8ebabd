/* Whom somebody has written to is known until it is pruned. */
#include "tests/unit/sample_state.h"

#include <stdio.h>

static struct error error;

static int64_t time_of(const char *mailbox, const char *address)
{
	int64_t time = -1;

	assert_int_equal(state_friend_time(spool.state, mailbox, address, &time, &error), 0);
	return time;
}

static void test_the_latest_time_counts(void **context)
{
	(void)context;
	assert_int_equal(time_of("ivan", "a@x.ru"), 0);
	assert_int_equal(state_friend_put(spool.state, "ivan", "A@x.ru", 50, &error), 0);
	assert_int_equal(state_friend_put(spool.state, "ivan", "a@X.ru", 40, &error), 0);
	assert_int_equal(state_friend_put(spool.state, "anna", "a@x.ru", 60, &error), 0);
	reopen_state();
	assert_int_equal(time_of("ivan", "a@x.ru"), 50);
	assert_int_equal(time_of("anna", "A@X.RU"), 60);
	assert_int_equal(time_of("", ""), 0);
	assert_int_equal(state_friend_forget(spool.state, "ivan", "a@x.RU", &error), 1);
	assert_int_equal(state_friend_forget(spool.state, "ivan", "a@x.ru", &error), 0);
	assert_int_equal(time_of("ivan", "a@x.ru"), 0);
}

static void count(void *context, const char *mailbox, const char *address, int64_t time)
{
	(void)mailbox;
	(void)address;
	(void)time;
	++*(size_t *)context;
}

static void test_they_are_bounded(void **context)
{
	size_t all = 0;

	(void)context;
	assert_int_equal(state_begin(spool.state, &error), 0);
	for (int i = 0; i < STATE_FRIENDS_MAX + 10; i++) {
		char address[32];

		snprintf(address, sizeof(address), "%d@x.ru", i);
		assert_int_equal(state_friend_put(spool.state, "ivan", address, 1000 + i, &error), 0);
	}
	assert_int_equal(state_friend_put(spool.state, "anna", "old@x.ru", 1, &error), 0);
	assert_int_equal(state_friend_put(spool.state, "anna", "new@x.ru", 1000, &error), 0);
	assert_int_equal(state_commit(spool.state, &error), 0);
	assert_int_equal(state_friends_prune(spool.state, 500, &error), 0);
	assert_int_equal(state_friends(spool.state, "ivan", count, &all, &error), 0);
	assert_int_equal(all, STATE_FRIENDS_MAX);
	assert_int_equal(time_of("ivan", "9@x.ru"), 0);
	assert_int_equal(time_of("ivan", "10@x.ru"), 1010);
	assert_int_equal(time_of("anna", "old@x.ru"), 0);
	all = 0;
	assert_int_equal(state_friends(spool.state, "", count, &all, &error), 0);
	assert_int_equal(all, STATE_FRIENDS_MAX + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {STATE_TEST(test_the_latest_time_counts), STATE_TEST(test_they_are_bounded)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
