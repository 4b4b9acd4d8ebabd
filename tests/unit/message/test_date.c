#include "base/alloc.h"
#include "message/date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
	const char *text;
	int64_t time, zone;
} dates[] = {
    {" Fri, 21 Nov 1997 09:55:06 -0600\r\n", 880127706, -21600},
    {"21 Nov 97 09:55:06 GMT", 880106106, 0}, /* RFC 5322 appendix A.6.2 */
    {"Fri, 21 Nov 1997 09(comment (x)):   55  :  06 -0600", -1, 0}, /* A.6.3: nobody writes that */
    {"Tue, 1 Jul 2003 10:52:37 +0200 (CEST)", 1057049557, 7200},
    {"Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n               -0330 (Newfoundland Time)\r\n", -27723480, -12600},
    {"29 Feb 2000 00:00:00 +0000", 951782400, 0},
    {"1 Jan 1970 00:00 +0000", 0, 0},
    {"21-Nov-1997 09:55:06 EST", 880124106, -18000},
    {"Mon, 28 Nov 2026 12.30.00 +0300", 1795858200, 10800},
    {"28 November 2026", 1795824000, 0},
    {"31 Dec 1999 23:59:60 Z", 946684800, 0},
    {"", -1, 0},
    {"yesterday", -1, 0},
    {"32 Jan 2026 10:00 +0000", -1, 0},
    {"1 Foo 2026 10:00 +0000", -1, 0},
    {"1 Jan 2026 25:00 +0000", -1, 0},
    {"Fri, ((((((", -1, 0},
};

static void test_a_date_is_read_as_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(dates); i++) {
		struct date date = {-1, 0};

		if (!date_read(slice_of(dates[i].text), &date))
			date = (struct date){-1, 0};
		if (date.time != dates[i].time || date.zone != dates[i].zone)
			fail_msg("%s: %lld %lld", dates[i].text, (long long)date.time, (long long)date.zone);
	}
}

static void test_days_are_those_of_the_calendar(void **state)
{
	(void)state;
	assert_int_equal(date_of_day(1970, 1, 1), 0);
	assert_int_equal(date_of_day(2000, 3, 1), 951868800);
	assert_int_equal(date_of_day(1969, 12, 31), -86400);
	assert_int_equal(date_of_day(2100, 3, 1) - date_of_day(2100, 2, 28), 86400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_date_is_read_as_written),
	    cmocka_unit_test(test_days_are_those_of_the_calendar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
