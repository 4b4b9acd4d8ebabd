/* The last login of a user is read as it was written; what is damaged was never. */
#include "tests/unit/sample_state.h"

static void test_the_last_login_counts(void **context)
{
	struct last_login login;
	struct error error;

	(void)context;
	last_login_get(NULL, "ivan", &login);
	assert_int_equal(login.time, 0);
	assert_int_equal(last_login_put(spool.state, "ivan", "pop3", "10.0.0.7", 100, &error), 0);
	assert_int_equal(last_login_put(spool.state, "ivan", "smtp", "fe80::1", 200, &error), 0);
	reopen_state();
	last_login_get(spool.state, "ivan", &login);
	assert_int_equal(login.time, 200);
	assert_string_equal(login.protocol, "smtp");
	assert_string_equal(login.address, "fe80::1");
	last_login_get(spool.state, "anna", &login);
	assert_int_equal(login.time, 0);
	assert_int_equal(state_set(spool.state, "login anna", "soon pop3", &error), 0);
	last_login_get(spool.state, "anna", &login);
	assert_int_equal(login.time, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {STATE_TEST(test_the_last_login_counts)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
