/*
 * What the line has carried: counted by day and month, limited by both, and priced.
 */
#include "gateway/report/line_use.h"

#include "tests/unit/sample_state.h"

#include <string.h>

#define MEGA (1024 * 1024)
#define NOON 1795435200 /* 2026-11-23, 12:00 UTC */
#define DAY 86400

static void test_days_and_months_begin_at_nothing(void **context)
{
	static const struct {
		int64_t now;
		int64_t day, month;
	} times[] = {
	    {NOON, 3 * MEGA, 3 * MEGA},
	    {NOON + DAY, 0, 3 * MEGA},
	    {NOON + 20 * DAY, 0, 0},
	    {NOON + 366 * DAY, 0, 0},
	};
	const struct conf_line line = {.price_per_mb = 0};
	struct line_use use;

	(void)context;
	line_use_load(&use, spool.state, NOON);
	assert_int_equal(use.month_sessions, 0);
	line_use_add(&use, spool.state, &line, MEGA, 60, 0);
	line_use_add(&use, spool.state, &line, 2 * MEGA, 60, 1000);
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		line_use_load(&use, spool.state, times[i].now);
		assert_int_equal(use.day_bytes, times[i].day);
		assert_int_equal(use.month_bytes, times[i].month);
		assert_int_equal(use.month_seconds, times[i].month > 0 ? 120 : 0);
		assert_int_equal(use.rate, 1000);
	}
}

static void test_the_smaller_limit_counts(void **context)
{
	static const struct {
		int64_t day, month, left;
	} cases[] = {{0, 0, -1}, {10, 0, 7}, {0, 10, 5}, {10, 10, 5}, {10, 100, 7}, {3, 100, 0}, {2, 0, 0}};
	const struct line_use use = {.day_bytes = 3, .month_bytes = 5};

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(line_use_left(&use, &(struct conf_line){.max_bytes_per_day = cases[i].day, .max_bytes_per_month = cases[i].month}),
		    cases[i].left);
}

static void test_prices_add_up(void **context)
{
	const struct conf_line line = {.price_per_mb = 3500, .price_per_minute = 100, .price_per_session = 20000};
	char text[LINE_PRICE_SIZE];

	(void)context;
	assert_false(line_use_has_price(&(struct conf_line){.max_rate = 1}));
	assert_true(line_use_has_price(&line));
	assert_int_equal(line_use_price(&line, 2 * MEGA, 90), 2 * 3500 + 150 + 20000);
	assert_int_equal(line_use_price(&(struct conf_line){.price_per_mb = 1}, MEGA / 4, 0), 0);
	assert_string_equal(line_use_price_text(text, 27150), "2.72");
	assert_string_equal(line_use_price_text(text, 49), "0.00");
	assert_string_equal(line_use_price_text(text, 9999 * 10000), "9999.00");
	assert_true(line_use_price(&(struct conf_line){.price_per_mb = INT64_MAX}, UINT64_MAX, 0) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STATE_TEST(test_days_and_months_begin_at_nothing),
	    cmocka_unit_test(test_the_smaller_limit_counts),
	    cmocka_unit_test(test_prices_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
