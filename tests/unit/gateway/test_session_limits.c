/* What ends a session early. One process is one session, so the tests follow each other. */
#include "gateway/session/session_limits.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_bytes_end_it_in_order(void **context)
{
	const struct conf_line line = {.max_bytes_per_session = 1000};
	struct error stopped = ERROR_INIT, refused = ERROR_INIT;
	bool is_first;

	(void)context;
	session_limits_start(&line);
	assert_int_equal(session_limits_reached(), END_NONE);
	assert_int_equal(session_limits_may_fetch(400, false, &is_first), FETCH_YES);
	assert_true(is_first);
	assert_int_equal(session_limits_may_fetch(600, true, &is_first), FETCH_YES);
	assert_false(is_first);
	assert_int_equal(session_limits_may_fetch(1, true, &is_first), FETCH_LATER);
	session_limits_came(300, 600); /* it was smaller than listed */
	assert_int_equal(session_limits_may_fetch(300, true, &is_first), FETCH_YES);
	session_limits_came(2000, 300); /* and this one larger */
	assert_int_equal(session_limits_may_fetch(1, true, &is_first), FETCH_LATER);
	assert_int_equal(session_limits_reached(), END_NONE);
	assert_int_equal(session_limits_may_fetch(1, false, &is_first), FETCH_ENOUGH);
	assert_int_equal(session_limits_reached(), END_BYTES);
	assert_true(atomic_load(session_limits_enough()));
	assert_false(atomic_load(session_limits_cancelled()));
	error_set(&stopped, ERROR_CANCELLED, "stopped");
	error_set(&refused, ERROR_LOGIN, "refused");
	assert_true(session_limits_forgive(&stopped));
	assert_false(session_limits_forgive(&refused));
}

/* The first reason is reported. */
static void test_a_signal_ends_it_at_once(void **context)
{
	(void)context;
	raise(SIGTERM);
	assert_true(atomic_load(session_limits_cancelled()));
	assert_int_equal(session_limits_reached(), END_BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bytes_end_it_in_order),
	    cmocka_unit_test(test_a_signal_ends_it_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
