#include "base/alloc.h"
#include "gateway/supervisor/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define ALL_DAYS 0x7F
#define WEEKDAYS 0x3E /* Monday to Friday */

static int64_t wall(const char *text)
{
	struct tm tm = {.tm_isdst = -1};

	assert_non_null(strptime(text, "%Y-%m-%d %H:%M:%S", &tm));
	return (int64_t)mktime(&tm);
}

static int64_t next(const struct conf_schedule *schedule, int64_t every, int64_t last, int64_t now)
{
	int64_t interval = schedule_next_interval(schedule, every, last, now), at = schedule_next_at(schedule, now);

	return interval == 0 || (at != 0 && at < interval) ? at : interval;
}

static void test_holidays(void **context)
{
	int64_t days[] = {101, 20260102, 107}, at = 9 * 3600;
	struct conf_schedule schedule = {.days = WEEKDAYS, .hours_from = 8 * 3600, .hours_to = 19 * 3600,
	    .holidays = {days, ARRAY_LEN(days)}};
	struct conf_schedule by_time = schedule;

	(void)context;
	by_time.at = (struct conf_numbers){&at, 1};
	/* New Year 2026 is a Thursday, then the holiday of that year, the weekend, and Monday. */
	assert_int_equal(next(&schedule, 900, wall("2025-12-31 18:50:00"), wall("2025-12-31 18:50:00")),
	    wall("2026-01-05 08:00:00"));
	assert_int_equal(next(&by_time, 0, wall("2025-12-31 18:50:00"), wall("2025-12-31 18:50:00")),
	    wall("2026-01-05 09:00:00"));
	/* The next year's 2nd is a Saturday; 1st and 7th are holidays every year. */
	assert_int_equal(next(&by_time, 0, wall("2027-01-06 18:50:00"), wall("2027-01-06 18:50:00")),
	    wall("2027-01-08 09:00:00"));
}

static void test_next(void **context)
{
	static const struct {
		const char *name;
		int64_t every, at;
		unsigned days;
		int64_t from, to; /* hours */
		const char *last, *now, *next;
	} cases[] = {
	    {"never", 0, -1, ALL_DAYS, 0, 0, "2026-11-23 10:00:00", "2026-11-23 10:00:00", NULL},
	    {"by interval", 900, -1, ALL_DAYS, 0, 0, "2026-11-23 10:00:00", "2026-11-23 10:00:00",
		"2026-11-23 10:15:00"},
	    {"overdue: at once", 900, -1, ALL_DAYS, 0, 0, "2026-11-23 08:00:00",
		"2026-11-23 10:00:00", "2026-11-23 10:00:00"},
	    {"after hours: next morning", 900, -1, ALL_DAYS, 8, 19, "2026-11-23 18:50:00",
		"2026-11-23 18:50:00", "2026-11-24 08:00:00"},
	    {"over the weekend", 900, -1, WEEKDAYS, 8, 19, "2026-11-20 18:50:00",
		"2026-11-20 18:50:00", "2026-11-23 08:00:00"},
	    {"at a time today", 0, 13 * 3600, ALL_DAYS, 0, 0, "2026-11-23 10:00:00",
		"2026-11-23 10:00:00", "2026-11-23 13:00:00"},
	    {"at a time tomorrow", 0, 9 * 3600, ALL_DAYS, 0, 0, "2026-11-23 10:00:00",
		"2026-11-23 10:00:00", "2026-11-24 09:00:00"},
	    {"at a time on a working day", 0, 9 * 3600, WEEKDAYS, 0, 0, "2026-11-20 10:00:00",
		"2026-11-20 10:00:00", "2026-11-23 09:00:00"},
	    {"the earlier of both", 7200, 11 * 3600, ALL_DAYS, 0, 0, "2026-11-23 10:00:00",
		"2026-11-23 10:00:00", "2026-11-23 11:00:00"},
	    {"hours over midnight", 900, -1, ALL_DAYS, 22, 6, "2026-11-23 05:50:00",
		"2026-11-23 05:50:00", "2026-11-23 22:00:00"},
	    {"just before midnight", 900, -1, WEEKDAYS, 22, 6, "2026-11-27 23:50:00", "2026-11-27 23:50:00",
		"2026-11-30 00:00:00"},
	};

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t at = cases[i].at;
		struct conf_schedule schedule = {
		    .at = {&at, at >= 0 ? 1 : 0},
		    .days = cases[i].days,
		    .hours_from = cases[i].from * 3600,
		    .hours_to = cases[i].to * 3600,
		};
		int64_t want = cases[i].next == NULL ? 0 : wall(cases[i].next);
		int64_t got = next(&schedule, cases[i].every, wall(cases[i].last),
		    wall(cases[i].now));

		if (got != want)
			fail_msg("%s: got %lld, want %lld", cases[i].name, (long long)got,
			    (long long)want);
	}
}

/* Berlin skips 02:00 to 03:00 on 29 March 2026 and has it twice on 25 October. */
static void test_summer_time(void **context)
{
	static const struct {
		const char *name;
		int64_t at;
		const char *after, *next;
	} cases[] = {
	    {"begins in the night", 8 * 3600 + 1800, "2026-03-28 09:00:00", "2026-03-29 08:30:00"},
	    {"ends in the night", 8 * 3600 + 1800, "2026-10-24 09:00:00", "2026-10-25 08:30:00"},
	    {"the day after", 8 * 3600 + 1800, "2026-03-29 09:00:00", "2026-03-30 08:30:00"},
	    {"an hour that there is not", 2 * 3600 + 1800, "2026-03-28 09:00:00", "2026-03-29 03:30:00"},
	    {"and then as ever", 2 * 3600 + 1800, "2026-03-29 09:00:00", "2026-03-30 02:30:00"},
	};
	struct conf_schedule open = {.days = ALL_DAYS, .hours_from = 4 * 3600, .hours_to = 5 * 3600};

	(void)context;
	setenv("TZ", "Europe/Berlin", 1);
	tzset();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t at = cases[i].at;
		struct conf_schedule schedule = {.at = {&at, 1}, .days = ALL_DAYS};

		if (schedule_next_at(&schedule, wall(cases[i].after)) != wall(cases[i].next))
			fail_msg("%s", cases[i].name);
	}
	assert_int_equal(schedule_next_interval(&open, 900, wall("2026-03-28 05:00:00"), wall("2026-03-28 06:00:00")),
	    wall("2026-03-29 04:00:00"));
	/* A quarter of an hour is independent of changes of the wall clock. */
	open.hours_from = open.hours_to = 0;
	assert_int_equal(schedule_next_interval(&open, 900, wall("2026-03-29 01:50:00"), wall("2026-03-29 01:50:00")),
	    wall("2026-03-29 01:50:00") + 900);
	setenv("TZ", "Europe/Moscow", 1);
	tzset();
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_next), cmocka_unit_test(test_holidays),
	    cmocka_unit_test(test_summer_time)};

	setenv("TZ", "Europe/Moscow", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
