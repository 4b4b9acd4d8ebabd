/* What each user has sent today, beyond the end of the process. */
#include "lan-server/smtp/send_quota.h"

#include "base/clock.h"
#include "tests/unit/sample_state.h"

#include <time.h>

static void assert_today(struct send_quota *quota, const char *user, int64_t messages, int64_t bytes)
{
	struct send_quota_total total = send_quota_today(quota, user);

	assert_int_equal(total.messages, messages);
	assert_int_equal(total.bytes, bytes);
}

static void test_each_user_has_counts(void **context)
{
	struct send_quota *quota = send_quota_new(spool.state);

	(void)context;
	assert_today(quota, "ivan", 0, 0);
	send_quota_count(quota, "ivan", 100);
	send_quota_count(quota, "ivan", 20);
	send_quota_count(quota, "anna", 3);
	assert_today(quota, "ivan", 2, 120);
	assert_today(quota, "anna", 1, 3);
	send_quota_free(quota);
}

static void test_what_is_saved_counts_after_a_restart(void **context)
{
	struct send_quota *quota = send_quota_new(spool.state);

	(void)context;
	send_quota_count(quota, "ivan", 100);
	send_quota_save(quota);
	send_quota_count(quota, "ivan", 1); /* lost: a restart loses little */
	send_quota_free(quota);
	reopen_state();
	quota = send_quota_new(spool.state);
	assert_today(quota, "ivan", 1, 100);
	send_quota_free(quota);
}

static void put(int64_t day, int64_t messages, int64_t bytes)
{
	const int64_t numbers[] = {day, messages, bytes};
	struct error error;

	assert_int_equal(state_numbers_put(spool.state, "sent ivan", numbers, 3, &error), 0);
}

static int64_t day_of(time_t time)
{
	struct tm tm;

	localtime_r(&time, &tm);
	return (tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday;
}

static void test_another_day_begins_with_nothing(void **context)
{
	time_t now = (time_t)clock_wall();
	struct send_quota *quota = send_quota_new(spool.state);

	(void)context;
	put(day_of(now - 26 * 3600), 50, 5000);
	assert_today(quota, "ivan", 0, 0);
	send_quota_free(quota);
	quota = send_quota_new(spool.state);
	put(day_of(now), 50, 5000);
	if (day_of((time_t)clock_wall()) == day_of(now)) /* else midnight came between */
		assert_today(quota, "ivan", 50, 5000);
	send_quota_free(quota);
}

static void test_wrong_numbers_are_none(void **context)
{
	struct send_quota *quota = send_quota_new(spool.state);

	(void)context;
	put(day_of((time_t)clock_wall()), -5, -1);
	assert_today(quota, "ivan", 0, 0);
	send_quota_free(quota);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STATE_TEST(test_each_user_has_counts),
	    STATE_TEST(test_what_is_saved_counts_after_a_restart),
	    STATE_TEST(test_another_day_begins_with_nothing),
	    STATE_TEST(test_wrong_numbers_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
