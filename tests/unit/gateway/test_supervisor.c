/* Decisions of the supervisor without its children: the delay before a restart, and requests while a session runs. */
#include "gateway/supervisor/supervisor_priv.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_one_that_keeps_dying_is_started_ever_later(void **context)
{
	unsigned crashes = 0;
	int64_t before = -1;

	(void)context;
	assert_int_equal(supervisor_restart_delay(&crashes, false), 0); /* once may happen */
	for (int i = 0; i < 100; i++) {
		int64_t delay = supervisor_restart_delay(&crashes, false);

		assert_true(delay >= before && delay > 0 && delay <= RESTART_MAX_MS);
		before = delay;
	}
	assert_int_equal(before, RESTART_MAX_MS);
	assert_int_equal(supervisor_restart_delay(&crashes, true), 0); /* it ran normally for a long time */
	assert_in_range(supervisor_restart_delay(&crashes, false), 1, 1000);
}

static struct strlist names(char **items, size_t count)
{
	return (struct strlist){items, count};
}

/* All requests while a session runs become one more session. */
static void test_wishes_become_one_session(void **context)
{
	char sales[] = "sales", office[] = "office", *one[] = {sales}, *two[] = {office, sales};
	struct supervisor supervisor = {.session_number = 3, .session = {.pid = 1}};

	(void)context;
	assert_true(supervisor_session_is_busy(&supervisor));
	assert_int_equal(supervisor_session_want(&supervisor, &(struct session_request){.fetch = true, .is_housekeeping = true, .accounts = names(one, 1)}), 4);
	assert_true(supervisor.is_pending && supervisor.pending.is_housekeeping);
	assert_int_equal(supervisor.pending.accounts.count, 1);
	assert_int_equal(supervisor_session_want(&supervisor, &(struct session_request){.send = true, .fetch = true, .accounts = names(two, 2)}), 4);
	assert_true(supervisor.pending.fetch && supervisor.pending.send && !supervisor.pending.flush && !supervisor.pending.is_housekeeping);
	assert_int_equal(supervisor.pending.accounts.count, 2);
	/* A request for all accounts includes all. */
	assert_int_equal(supervisor_session_want(&supervisor, &(struct session_request){.fetch = true, .flush = true, .triggers = true}), 4);
	assert_true(supervisor.pending.flush && supervisor.pending.triggers);
	assert_int_equal(supervisor.pending.accounts.count, 0);
	session_request_clear(&supervisor.pending);
}

static void test_hanging_up_counts_as_busy(void **context)
{
	(void)context;
	assert_true(supervisor_session_is_busy(&(struct supervisor){.hang_up = {.pid = 1}}));
	assert_false(supervisor_session_is_busy(&(struct supervisor){.stopping = true}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_that_keeps_dying_is_started_ever_later),
	    cmocka_unit_test(test_wishes_become_one_session),
	    cmocka_unit_test(test_hanging_up_counts_as_busy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
