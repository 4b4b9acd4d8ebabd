/* The limit per hour. */
#include "gateway/outbound/rate_limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define MINUTE 60000

static int take(struct rate_limit *allowance, int64_t an_hour, int64_t now, int tries)
{
	int taken = 0;

	for (int i = 0; i < tries; i++)
		taken += rate_limit_take(allowance, an_hour, now);
	return taken;
}

static void test_hour(void **state)
{
	struct rate_limit allowance = {0};
	int64_t now = 1000 * MINUTE;

	(void)state;
	assert_int_equal(take(&allowance, 30, now, 100), 30);
	assert_int_equal(rate_limit_next_ms(&allowance, 30), now + 2 * MINUTE);
	assert_int_equal(take(&allowance, 30, now + 2 * MINUTE - 1, 100), 0);
	assert_int_equal(take(&allowance, 30, now + 2 * MINUTE, 100), 1);
	assert_int_equal(take(&allowance, 30, now + 12 * MINUTE, 100), 5);
	assert_int_equal(take(&allowance, 30, now + 500 * MINUTE, 100), 30);
}

static void test_no_limit(void **state)
{
	struct rate_limit allowance = {0};

	(void)state;
	assert_int_equal(take(&allowance, 0, 5, 1000), 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_hour), cmocka_unit_test(test_no_limit)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
