/* Errors, commands that do nothing, refused recipients: free commands, delays, and the end of the session. */
#include "lan-server/client_limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void test_errors_are_late_then_the_end(void **state)
{
	struct client_limits limits = {0};

	(void)state;
	for (int i = 1; i < CLIENT_ERRORS_MAX; i++) {
		assert_false(client_limits_error(&limits));
		assert_int_equal(client_limits_delay_ms(&limits), i < CLIENT_ERRORS_SOFT ? 0 : CLIENT_DELAY_MS);
		assert_int_equal(client_limits_delay_ms(&limits), 0);
	}
	assert_true(client_limits_error(&limits));
	client_limits_success(&limits);
	assert_false(client_limits_error(&limits));
}

static void test_junk_is_free_for_a_while(void **state)
{
	struct client_limits limits = {0};
	int i = 0;

	(void)state;
	for (; i < 100; i++)
		assert_false(client_limits_junk(&limits, 1, 100));
	assert_int_equal(limits.errors, 0);
	client_limits_progress(&limits); /* time, but no new account */
	while (!client_limits_junk(&limits, 1, 100))
		i++;
	assert_int_equal(i, 119);
	client_limits_success(&limits);
	assert_false(client_limits_junk(&limits, 100, 100));
	assert_int_equal(limits.errors, 0);
	assert_false(client_limits_junk(&limits, 1, 100));
	assert_int_equal(limits.errors, 1);
}

static void test_who_guessed_before_has_fewer_and_later_answers(void **state)
{
	static const struct {
		unsigned guesses;
		int errors;
		int64_t first_delay;
	} cases[] = {{0, 20, 0}, {20, 20, 0}, {21, 11, 1000}, {100, 11, 3000}, {1000, 11, 8000}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct client_limits limits = {.guesses = cases[i].guesses};
		int errors = 1;
		bool ends = client_limits_error(&limits);

		assert_int_equal(client_limits_delay_ms(&limits), cases[i].first_delay);
		for (; !ends; errors++)
			ends = client_limits_error(&limits);
		assert_int_equal(errors, cases[i].errors);
	}
}

/* Returns the number of refused recipients until the end, with this many accepted ones before each. */
static int heard(unsigned accepted_between)
{
	struct client_limits limits = {0};
	int heard = 1;

	while (heard < 1000) {
		for (unsigned i = 0; i < accepted_between; i++)
			client_limits_accepted(&limits);
		if (client_limits_refused(&limits))
			break;
		heard++;
	}
	return heard;
}

static void test_good_recipients_outweigh_bad_ones(void **state)
{
	struct client_limits limits = {0};

	(void)state;
	assert_int_equal(heard(0), 20);
	assert_int_equal(heard(1), 26);
	assert_int_equal(heard(4), 1000);
	/* 100 recipients, 15 of them wrong and first: no end, and what was not late stays so. */
	for (int i = 0; i < 15; i++)
		assert_false(client_limits_refused(&limits));
	assert_true(client_limits_delay_ms(&limits) > 0);
	for (int i = 0; i < 85; i++)
		client_limits_accepted(&limits);
	assert_false(client_limits_refused(&limits));
	assert_int_equal(client_limits_delay_ms(&limits), 0);
	client_limits_next_message(&limits);
	assert_int_equal(limits.errors, 0);
}

static void test_a_new_message_forgives_nothing(void **state)
{
	struct client_limits limits = {0};
	int count = 0;

	(void)state;
	while (!client_limits_refused(&limits)) {
		client_limits_next_message(&limits);
		count++;
	}
	assert_int_equal(count, 19);
}

#define SECOND 1000
#define MINUTE (60 * SECOND)

/* The time of the last progress counts; time is now an hour. */
static void test_deadlines(void **state)
{
	static const struct {
		const char *name;
		bool is_known, is_busy;
		int64_t timeout, useful_ago, left;
	} cases[] = {
	    {"new", false, false, MINUTE, 0, MINUTE},
	    {"a stranger who says NOOP", false, false, MINUTE, 170 * SECOND, 10 * SECOND},
	    {"a stranger after three minutes", false, false, MINUTE, 3 * MINUTE, 0},
	    {"a patient gateway", false, false, 10 * MINUTE, 5 * MINUTE, 5 * MINUTE},
	    {"logged in, says NOOP", true, false, MINUTE, 29 * MINUTE, MINUTE},
	    {"logged in, says NOOP for half an hour", true, false, MINUTE, 30 * MINUTE, 0},
	    {"a stranger in a crowd", false, true, MINUTE, 0, 10 * SECOND},
	    {"a stranger in a crowd who says NOOP", false, true, MINUTE, 25 * SECOND, 5 * SECOND},
	    {"a short time-out in a crowd", false, true, 5 * SECOND, 0, 5 * SECOND},
	    {"a long time-out in a crowd", false, true, 10 * MINUTE, 29 * SECOND, SECOND},
	    {"logged in, in a crowd", true, true, MINUTE, MINUTE, MINUTE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t now = 60 * MINUTE;
		struct client_stay stay = {cases[i].is_known, cases[i].is_busy, cases[i].timeout, now - cases[i].useful_ago};

		if (client_limits_deadline(&stay, now) != now + cases[i].left)
			fail_msg("%s", cases[i].name);
	}
}

/* 4 KiB per second, after two time-outs; chunks do not reset it. */
static void test_bytes_buy_time(void **state)
{
	struct client_incoming incoming = {.begun = 0};
	int64_t begun = 60 * MINUTE;

	(void)state;
	client_incoming_begin(&incoming, begun);
	assert_int_equal(client_incoming_deadline(&incoming, MINUTE), begun + 2 * MINUTE);
	assert_int_equal(client_incoming_add(&incoming, 1 << 20, begun + SECOND), begun + SECOND);
	assert_int_equal(client_incoming_deadline(&incoming, MINUTE), begun + 2 * MINUTE + 256 * SECOND);
	client_incoming_begin(&incoming, begun + 5 * MINUTE);
	assert_int_equal(client_incoming_add(&incoming, 1, begun + 5 * MINUTE), begun + 256 * SECOND);
	assert_int_equal(client_incoming_deadline(&incoming, MINUTE), begun + 2 * MINUTE + 256 * SECOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bytes_buy_time),
	    cmocka_unit_test(test_errors_are_late_then_the_end),
	    cmocka_unit_test(test_junk_is_free_for_a_while),
	    cmocka_unit_test(test_who_guessed_before_has_fewer_and_later_answers),
	    cmocka_unit_test(test_good_recipients_outweigh_bad_ones),
	    cmocka_unit_test(test_a_new_message_forgives_nothing),
	    cmocka_unit_test(test_deadlines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
