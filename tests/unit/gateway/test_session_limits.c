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
	const struct conf_line line = {.max_bytes_per_session = 1000, .max_sent_per_session = 100};
	struct line_room rooms[LINE_WAYS];
	static struct remote_wire wire;
	struct error stopped = ERROR_INIT, refused = ERROR_INIT;
	bool is_first;

	(void)context;
	session_limits_start(&line);
	line_use_rooms(&(struct line_use){0}, true, &line, rooms);
	session_limits_leave(rooms, &wire);
	assert_int_equal(session_limits_reached(), END_NONE);
	assert_int_equal(session_limits_may_fetch(400, false, &is_first), FETCH_YES);
	assert_true(is_first);
	assert_int_equal(session_limits_may_fetch(600, true, &is_first), FETCH_YES);
	assert_false(is_first);
	assert_int_equal(session_limits_may_fetch(1, true, &is_first), FETCH_LATER);
	session_limits_came((struct remote_bytes){290, 10}, 600); /* it was smaller than listed */
	assert_int_equal(session_limits_may_fetch(300, true, &is_first), FETCH_YES);
	session_limits_came((struct remote_bytes){2000, 0}, 300); /* and this one larger */
	assert_int_equal(session_limits_may_fetch(1, true, &is_first), FETCH_LATER);
	assert_int_equal(session_limits_reached(), END_NONE);
	assert_int_equal(session_limits_may_fetch(1, false, &is_first), FETCH_ENOUGH);
	assert_int_equal(session_limits_reached(), END_BYTES);
	assert_string_equal(session_limits_fetch_ended_by(), "max_bytes_per_session");
	assert_true(atomic_load(session_limits_fetched_enough()));
	assert_false(atomic_load(session_limits_enough())); /* mail is still sent */
	assert_false(atomic_load(session_limits_cancelled()));
	error_set(&stopped, ERROR_CANCELLED, "stopped");
	error_set(&refused, ERROR_LOGIN, "refused");
	assert_true(session_limits_forgive(&stopped));
	assert_false(session_limits_forgive(&refused));
}

/* One message in any case; what is under way counts until its bytes are on the line. */
static void test_sending_has_a_limit_of_its_own(void **context)
{
	(void)context;
	assert_null(session_limits_send_ended_by());
	assert_true(session_limits_may_send(500));
	session_limits_not_sent(500);
	assert_true(session_limits_may_send(60)); /* 10 were sent by an account */
	assert_true(session_limits_may_send(30));
	assert_null(session_limits_send_ended_by());
	assert_false(session_limits_may_send(1));
	assert_string_equal(session_limits_send_ended_by(), "max_sent_per_session");
	assert_false(session_limits_may_send(0));
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
	    cmocka_unit_test(test_sending_has_a_limit_of_its_own),
	    cmocka_unit_test(test_a_signal_ends_it_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
