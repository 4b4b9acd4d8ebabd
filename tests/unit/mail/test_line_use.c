/*
 * What the line has carried: counted by day and month, limited by both, and priced.
 */
#include "mail/line_use.h"

#include "base/clock.h"
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
	line_use_add(&use, spool.state, &line, (struct remote_bytes){MEGA / 2, MEGA / 2}, 60, 0);
	line_use_add(&use, spool.state, &line, (struct remote_bytes){2 * MEGA, 0}, 60, 1000);
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		line_use_load(&use, spool.state, times[i].now);
		assert_int_equal(use.day_bytes, times[i].day);
		assert_int_equal(use.month_bytes, times[i].month);
		assert_int_equal(use.day_ways.received, times[i].day / 6 * 5);
		assert_int_equal(use.month_ways.sent, times[i].month / 6);
		assert_int_equal(use.month_seconds, times[i].month > 0 ? 120 : 0);
		assert_int_equal(use.rate, 1000);
	}
}

/* A wrong clock is no new month: what was used stays used. */
static void test_a_clock_that_jumps_and_comes_back(void **context)
{
	static const int64_t jumps[] = {0, NOON + 400 * (int64_t)DAY, NOON - 60 * DAY};
	const struct conf_line line = {.price_per_mb = 5};
	struct line_use use;

	(void)context;
	line_use_load(&use, spool.state, NOON);
	line_use_add(&use, spool.state, &line, (struct remote_bytes){.received = MEGA, .sent = MEGA}, 60, 1000);
	for (size_t i = 0; i < ARRAY_LEN(jumps); i++) {
		line_use_load(&use, spool.state, jumps[i]);
		assert_int_equal(use.day_bytes + use.month_bytes + use.month_cost + (int64_t)use.month_ways.sent, 0);
		assert_int_equal(use.rate, 1000);
		line_use_add(&use, spool.state, &line, (struct remote_bytes){.received = 7}, 1, 0);
		line_use_load(&use, spool.state, NOON);
		assert_int_equal(use.day_bytes, 2 * MEGA);
		assert_int_equal(use.month_bytes, 2 * MEGA);
		assert_int_equal(use.month_sessions, 1);
		assert_int_equal(use.month_cost, 10);
		assert_int_equal(use.month_ways.sent, MEGA);
		assert_int_equal(use.rate, 1000);
	}
}

/* To another day of the month, twice, and back; what each day had is its own. */
static void test_a_clock_that_jumps_by_days(void **context)
{
	static const struct {
		int64_t now, before; /* what that day had before this session */
	} sessions[] = {{NOON, 0}, {NOON + DAY, 0}, {NOON, 1}, {NOON - 3 * DAY, 0}, {NOON + DAY, 1}, {NOON, 2}, {NOON, 3}, {NOON + 20 * DAY, 0}, {NOON, 4}};
	const struct conf_line line = {.price_per_mb = 0};
	struct line_use use;

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(sessions); i++) {
		line_use_load(&use, spool.state, sessions[i].now);
		assert_int_equal(use.day_bytes, sessions[i].before * 10);
		assert_int_equal(use.day_ways.received, sessions[i].before * 9);
		assert_int_equal(use.day_ways.sent, sessions[i].before);
		line_use_add(&use, spool.state, &line, (struct remote_bytes){9, 1}, 1, 0);
	}
	assert_int_equal(use.month_bytes, 80);
}

static void test_until_when_a_limit_holds(void **context)
{
	static const struct {
		const char *limit;
		int64_t day; /* that begins then */
	} cases[] = {{"max_sent_per_day", 20261124}, {"max_bytes_per_month", 20261201}};

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t until = line_use_until(cases[i].limit, NOON);

		assert_int_equal(clock_day(until), cases[i].day);
		assert_int_not_equal(clock_day(until - 1), cases[i].day);
	}
	assert_int_equal(line_use_until("max_bytes_per_session", NOON), 0);
}

/* An older version has counted both directions together only. */
static void test_what_an_older_version_has_counted_is_there(void **context)
{
	const int64_t stored[] = {20261123, 100, 202611, 200, 60, 2, 5, 1000};
	struct line_use use;
	struct error error;

	(void)context;
	assert_int_equal(state_numbers_put(spool.state, "line-use", stored, ARRAY_LEN(stored), &error), 0);
	line_use_load(&use, spool.state, NOON);
	assert_int_equal(use.day_bytes, 100);
	assert_int_equal(use.month_bytes, 200);
	assert_int_equal(use.month_ways.received + use.month_ways.sent + use.day_ways.received + use.day_ways.sent, 0);
}

static void test_the_smallest_limit_of_each_way_counts(void **context)
{
	static const struct {
		struct conf_line line;
		bool counts_days;
		const char *limits[LINE_WAYS];
		uint64_t left[LINE_WAYS];
	} cases[] = {
	    {{.max_bytes_per_session = 0}, true, {NULL, NULL, NULL}, {0, 0, 0}},
	    {{.max_bytes_per_day = 10}, true, {"max_bytes_per_day", NULL, NULL}, {7, 0, 0}},
	    {{.max_bytes_per_month = 10}, true, {"max_bytes_per_month", NULL, NULL}, {5, 0, 0}},
	    {{.max_bytes_per_day = 10, .max_bytes_per_month = 100, .max_bytes_per_session = 8}, true, {"max_bytes_per_day", NULL, NULL}, {7, 0, 0}},
	    {{.max_bytes_per_day = 10, .max_bytes_per_session = 6}, true, {"max_bytes_per_session", NULL, NULL}, {6, 0, 0}},
	    {{.max_bytes_per_day = 2}, true, {"max_bytes_per_day", NULL, NULL}, {0, 0, 0}},
	    {{.max_bytes_per_day = 2, .max_bytes_per_session = 6}, false, {"max_bytes_per_session", NULL, NULL}, {6, 0, 0}},
	    {{.max_received_per_day = 10, .max_sent_per_month = 10}, true, {NULL, "max_received_per_day", "max_sent_per_month"}, {0, 8, 8}},
	    {{.max_received_per_month = 10, .max_received_per_session = 9, .max_sent_per_day = 1, .max_sent_per_session = 4}, true,
	        {NULL, "max_received_per_month", "max_sent_per_day"}, {0, 7, 0}},
	};
	const struct line_use use = {.day_bytes = 3, .month_bytes = 5, .day_ways = {2, 1}, .month_ways = {3, 2}};
	struct line_room rooms[LINE_WAYS];

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		line_use_rooms(&use, cases[i].counts_days, &cases[i].line, rooms);
		for (size_t way = 0; way < LINE_WAYS; way++) {
			if (cases[i].limits[way] == NULL)
				assert_null(rooms[way].limit);
			else
				assert_string_equal(rooms[way].limit, cases[i].limits[way]);
			assert_int_equal(rooms[way].bytes, cases[i].left[way]);
		}
	}
	assert_string_equal(line_use_waits_for("max_sent_per_month"), "the next month");
	assert_string_equal(line_use_waits_for("max_bytes_per_day"), "the next day");
	assert_string_equal(line_use_waits_for("session_timeout"), "the next session");
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
	    STATE_TEST(test_a_clock_that_jumps_and_comes_back),
	    STATE_TEST(test_a_clock_that_jumps_by_days),
	    cmocka_unit_test(test_until_when_a_limit_holds),
	    STATE_TEST(test_what_an_older_version_has_counted_is_there),
	    cmocka_unit_test(test_the_smallest_limit_of_each_way_counts),
	    cmocka_unit_test(test_prices_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
