/* When the digest is due: once a day, for any changes of the clock. */
#include "gateway/report/daily_report.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define HOUR 3600
#define EIGHT (8 * HOUR)

static int64_t at(int month, int day, int hour, int minute)
{
	struct tm tm = {.tm_year = 126, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour, .tm_min = minute, .tm_isdst = -1};

	return (int64_t)mktime(&tm);
}

static void test_next(void **state)
{
	(void)state;
	assert_int_equal(daily_report_next(at(11, 23, 7, 59), EIGHT), at(11, 23, 8, 0));
	assert_int_equal(daily_report_next(at(11, 23, 8, 0), EIGHT), at(11, 24, 8, 0));
	assert_int_equal(daily_report_next(at(11, 23, 23, 59), EIGHT), at(11, 24, 8, 0));
	assert_int_equal(daily_report_next(at(12, 31, 9, 0), EIGHT), at(12, 31, 8, 0) + 24 * HOUR);
	/* The days on which Berlin's clocks change have 23 and 25 hours. */
	assert_int_equal(daily_report_next(at(3, 28, 8, 0), EIGHT) - at(3, 28, 8, 0), 23 * HOUR);
	assert_int_equal(daily_report_next(at(10, 24, 8, 0), EIGHT) - at(10, 24, 8, 0), 25 * HOUR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_next)};

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
