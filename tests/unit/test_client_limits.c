/* Errors, commands that do nothing, refused recipients: what is free, what is late, what ends the session. */
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

/* Returns how many refused recipients are heard until the end, with so many accepted ones before each. */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_errors_are_late_then_the_end),
	    cmocka_unit_test(test_junk_is_free_for_a_while),
	    cmocka_unit_test(test_good_recipients_outweigh_bad_ones),
	    cmocka_unit_test(test_a_new_message_forgives_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
