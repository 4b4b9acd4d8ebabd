/* A provider that drips bytes holds a session for ten minutes, and a slow line may take as long as it needs. */
#include "fetcher/slowness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

/* Waits of that length, each for that many bytes, every n-th ending a reply, until the patience ends. Returns the seconds, 0: it never does. */
static int64_t seconds_of(int64_t ms, size_t bytes, unsigned reply_every)
{
	struct slowness slowness = {0};

	for (int64_t i = 1; i <= 1000000; i++) {
		slowness_waited(&slowness, ms, bytes);
		if (reply_every > 0 && i % reply_every == 0)
			slowness_answered(&slowness);
		if (slowness_left_ms(&slowness) == 0)
			return i * ms / 1000;
	}
	return 0;
}

static void drips_end_it(void **state)
{
	(void)state;
	assert_in_range(seconds_of(30000, 1, 0), 590, 660);
	assert_in_range(seconds_of(1000, 10, 0), 600, 700);
	assert_in_range(seconds_of(30000, 1, 20), 600, 700);	 /* a message of 20 bytes in ten minutes, and the next one */
	assert_in_range(seconds_of(1000, 50, 0), 1100, 1300);	 /* half of the least rate */
}

static void slow_lines_may_be_slow(void **state)
{
	(void)state;
	assert_int_equal(seconds_of(1000, 120, 0), 0);	   /* a modem with ten accounts */
	assert_int_equal(seconds_of(3000, 5, 1), 0);	   /* one command at a time over a satellite */
	assert_int_equal(seconds_of(55000, 60000, 10), 0); /* silences, then a burst */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(drips_end_it),
	    cmocka_unit_test(slow_lines_may_be_slow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
