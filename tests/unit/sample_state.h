/*
 * A spool whose state is open, for the tests of what is remembered.
 */
#ifndef LANPOST_TESTS_SAMPLE_STATE_H
#define LANPOST_TESTS_SAMPLE_STATE_H

#include "spool/storage/storage.h"
#include "tests/unit/sample_spool.h"

static inline int set_up_state(void **context)
{
	struct error error;

	return set_up(context) != 0 ? -1 : state_open(&spool.state, &spool, NULL, &error);
}

static inline int tear_down_state(void **context)
{
	state_close(spool.state);
	return tear_down(context);
}

/* As another process sees it. */
static inline void reopen_state(void)
{
	struct error error;

	state_close(spool.state);
	assert_int_equal(state_open(&spool.state, &spool, NULL, &error), 0);
}

#define STATE_TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up_state, tear_down_state)

#endif
