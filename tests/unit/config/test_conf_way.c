/* The order in which several lines are tried, by `order`, the file and the hours. */
#include "config/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define HOUR 3600

static void expect_order(const struct conf *conf, int64_t now, const char *names)
{
	const struct conf_way *way = NULL;
	char found[16] = "";
	size_t len = 0;

	while ((way = conf_way_next(conf, way, now)) != NULL && len < sizeof(found) - 1)
		found[len++] = way->name[0];
	found[len] = '\0';
	assert_string_equal(found, names);
}

static void test_order_and_hours(void **state)
{
	struct conf_way ways[] = {
	    {.name = (char[]){"c"}, .order = 2},
	    {.name = (char[]){"a"}, .order = 1},
	    {.name = (char[]){"n"}, .order = 0, .hours_from = 22 * HOUR, .hours_to = 6 * HOUR},
	    {.name = (char[]){"b"}, .order = 1},
	    {.name = (char[]){"d"}, .order = 2, .hours_from = 8 * HOUR, .hours_to = 18 * HOUR},
	};
	struct conf conf = {.ways = ways, .way_count = sizeof(ways) / sizeof(ways[0])};

	(void)state;
	setenv("TZ", "UTC", 1);
	expect_order(&conf, 12 * HOUR, "abcd");
	expect_order(&conf, 18 * HOUR, "abc");
	expect_order(&conf, 23 * HOUR, "nabc");
	expect_order(&conf, 5 * HOUR, "nabc");
	expect_order(&conf, 6 * HOUR, "abc");
	conf.way_count = 0;
	expect_order(&conf, 12 * HOUR, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_order_and_hours)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
