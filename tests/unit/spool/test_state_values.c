/* Typed values: what is written is read again, what cannot be understood is nothing. */
#include "tests/unit/sample_state.h"

static void test_numbers(void **context)
{
	const int64_t three[] = {INT64_MAX, -7, 0};
	int64_t read[4] = {9, 9, 9, 9};
	struct error error;

	(void)context;
	assert_int_equal(state_numbers_get(spool.state, "sizes", read, 2, &error), 0);
	assert_true(read[0] == 0 && read[1] == 0 && read[2] == 9);
	assert_int_equal(state_numbers_put(spool.state, "sizes", three, 3, &error), 0);
	reopen_state();
	assert_int_equal(state_numbers_get(spool.state, "sizes", read, 4, &error), 3);
	assert_true(read[0] == INT64_MAX && read[1] == -7 && read[2] == 0 && read[3] == 0);
	assert_int_equal(state_numbers_get(spool.state, "sizes", read, 1, &error), 1);
}

static void test_what_is_no_number_is_not_known(void **context)
{
	static const struct {
		const char *text;
		int known;
	} cases[] = {{"", 0}, {"x", 0}, {"5 x", 1}, {"5 6x 7", 1}, {"9223372036854775808", 0}, {"5  6", 1}, {"-", 0}, {"5 6 7 8", 3}};
	int64_t read[3];
	struct error error;

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(state_set(spool.state, "n", cases[i].text, &error), 0);
		assert_int_equal(state_numbers_get(spool.state, "n", read, 3, &error), cases[i].known);
	}
}

static void test_results_of_sessions(void **context)
{
	json_t *whole = json_pack("{s:i}", "sent", 3), *account = json_pack("{s:s}", "name", "счёт"), *read;
	struct error error;

	(void)context;
	assert_null(state_session_get(NULL));
	assert_null(state_session_get(spool.state));
	assert_null(state_session_account_get(spool.state, "sales"));
	assert_int_equal(state_session_put(spool.state, whole, &error), 0);
	assert_int_equal(state_session_account_put(spool.state, "sales", account, &error), 0);
	reopen_state();
	read = state_session_get(spool.state);
	assert_true(json_equal(read, whole));
	json_decref(read);
	read = state_session_account_get(spool.state, "sales");
	assert_true(json_equal(read, account));
	json_decref(read);
	assert_null(state_session_account_get(spool.state, "other"));
	assert_int_equal(state_set(spool.state, "last-session", "{half", &error), 0);
	assert_null(state_session_get(spool.state));
	json_decref(whole);
	json_decref(account);
}

static void test_trouble_goes_when_it_was_reported(void **context)
{
	struct error error;
	char *why;

	(void)context;
	assert_int_equal(state_trouble_get(spool.state, &why, &error), 0);
	assert_null(why);
	assert_int_equal(state_trouble_put(spool.state, "the disk", &error), 0);
	assert_int_equal(state_trouble_get(spool.state, &why, &error), 0);
	assert_string_equal(why, "the disk");
	free(why);
	assert_int_equal(state_trouble_put(spool.state, NULL, &error), 0);
	assert_int_equal(state_trouble_get(spool.state, &why, &error), 0);
	assert_null(why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STATE_TEST(test_numbers),
	    STATE_TEST(test_what_is_no_number_is_not_known),
	    STATE_TEST(test_results_of_sessions),
	    STATE_TEST(test_trouble_goes_when_it_was_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
