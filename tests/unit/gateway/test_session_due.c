#include "base/alloc.h"
#include "gateway/supervisor/session_due.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define NOW 1795420900
#define STEADY 5000

/* Three accounts: by the schedule, by its own interval, switched off. */
static struct conf_account accounts[] = {
    {.name = "sales", .enabled = true, .every = -1},
    {.name = "alerts", .enabled = true, .every = 60},
    {.name = "old", .enabled = false, .every = -1},
};

static struct conf conf = {
    .schedule = {.every = 900, .days = 0x7F},
    .accounts = accounts,
    .account_count = 3,
};

/* This many seconds after the beginning, on clocks that agree. */
static struct moment after(int64_t seconds)
{
	return (struct moment){.wall = NOW + seconds, .steady = STEADY + seconds};
}

static void test_each_account_in_its_own_time(void **context)
{
	struct session_due due;
	struct session_request request = {0};

	(void)context;
	session_due_start(&due, &conf, after(0));
	assert_int_equal(session_due_next(&due, &conf, after(0)), NOW + 60);
	assert_false(session_due_take(&due, &conf, after(59), &request));
	assert_true(session_due_take(&due, &conf, after(60), &request));
	assert_true(request.fetch && request.send);
	assert_int_equal(request.accounts.count, 1);
	assert_string_equal(request.accounts.items[0], "alerts");
	strlist_clear(&request.accounts);
	assert_int_equal(session_due_next(&due, &conf, after(60)), NOW + 120);

	request = (struct session_request){0};
	assert_true(session_due_take(&due, &conf, after(900), &request));
	assert_int_equal(request.accounts.count, 2); /* both fall together; the one switched off does not */
	assert_string_equal(request.accounts.items[0], "sales");
	strlist_clear(&request.accounts);
	assert_int_equal(session_due_next(&due, &conf, after(900)), NOW + 960);
	session_due_clear(&due);
}

/* With nothing to fetch, a session is only for the queue; an empty list of accounts must not mean all. */
static void test_only_the_queue(void **context)
{
	struct conf bare = {.schedule = {.every = 900, .days = 0x7F}};
	struct session_request request = {0};
	struct session_due due;

	(void)context;
	session_due_start(&due, &bare, after(0));
	assert_true(session_due_take(&due, &bare, after(900), &request));
	assert_true(request.send);
	assert_false(request.fetch);
	session_due_clear(&due);
}

static void test_never(void **context)
{
	struct conf never = {.schedule = {.days = 0x7F}};
	struct session_request request = {0};
	struct session_due due;

	(void)context;
	session_due_start(&due, &never, after(0));
	assert_int_equal(session_due_next(&due, &never, after(0)), 0);
	assert_false(session_due_take(&due, &never, after(1000000), &request));
	session_due_clear(&due);
}

/* Each case is a row of looks at the clocks: how far each has moved since the start, and whether a session begins. */
static void test_clocks_that_jump(void **context)
{
	static int64_t at = 12 * 3600;
	static const struct {
		const char *name;
		int64_t every;
		bool has_at;
		struct {
			int64_t wall, steady;
			bool begins;
		} looks[5];
	} cases[] = {
	    /* The start is at 08:01:40 in UTC, so 12:00 is 14300 seconds away. */
	    {"a day of sleep is one session", 900, false,
		{{600, 600, false}, {87000, 87000, true}, {87001, 87001, false}, {87899, 87899, false}, {87900, 87900, true}}},
	    {"a clock set forward is no reason", 900, false,
		{{600, 600, false}, {87000, 610, false}, {87290, 900, true}, {88189, 1799, false}, {88190, 1800, true}}},
	    {"a clock set back puts nothing off", 900, false,
		{{600, 600, false}, {-86000, 610, false}, {-85710, 900, true}, {-84811, 1799, false}, {-84810, 1800, true}}},
	    {"a time of day comes by the wall clock", 0, true,
		{{600, 600, false}, {14299, 700, false}, {14300, 701, true}, {14301, 702, false}, {100700, 90000, true}}},
	    {"three days of sleep: one time of day", 0, true,
		{{600, 600, false}, {3 * 86400, 3 * 86400, true}, {3 * 86400 + 1, 3 * 86400 + 1, false},
		    {3 * 86400 + 14300, 3 * 86400 + 14300, true}, {3 * 86400 + 14360, 3 * 86400 + 14360, false}}},
	    {"a correction does not repeat it", 0, true,
		{{14300, 14300, true}, {14200, 11910, false}, {14300, 12010, false}, {14400, 12110, false},
		    {100700, 98410, true}}},
	    {"a day set back does", 0, true,
		{{14300, 14300, true}, {14300 - 86400, 11910, false}, {14300 - 3600, 94700, false}, {14300, 98310, true},
		    {14301, 98311, false}}},
	};

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct conf jumpy = {.schedule = {.every = cases[i].every, .days = 0x7F}};
		struct session_due due;

		if (cases[i].has_at)
			jumpy.schedule.at = (struct conf_numbers){&at, 1};
		session_due_start(&due, &jumpy, after(0));
		for (size_t j = 0; j < ARRAY_LEN(cases[i].looks); j++) {
			struct session_request request = {0};
			struct moment now = {NOW + cases[i].looks[j].wall, STEADY + cases[i].looks[j].steady};

			if (session_due_take(&due, &jumpy, now, &request) != cases[i].looks[j].begins)
				fail_msg("%s: look %zu", cases[i].name, j);
			strlist_clear(&request.accounts);
		}
		session_due_clear(&due);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_account_in_its_own_time),
	    cmocka_unit_test(test_only_the_queue),
	    cmocka_unit_test(test_never),
	    cmocka_unit_test(test_clocks_that_jump),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
