/* Problems are news once for each change. */
#include "base/buf.h"
#include "tests/unit/sample_state.h"

static void add(void *context, const char *key, const char *text, int64_t since)
{
	buf_printf(context, "%s: %s (%lld) ", key, text, (long long)since);
}

static void test_a_problem_is_news_once(void **context)
{
	struct buf text = BUF_INIT(1000);
	struct error error;
	int64_t since;

	(void)context;
	assert_int_equal(state_problem_set(spool.state, "disk", "low", "full", 5, &error), 1);
	assert_int_equal(state_problem_set(spool.state, "disk", "low", "fuller", 6, &error), 0);
	reopen_state();
	assert_int_equal(state_problem_set(spool.state, "disk", "io", "broken", 7, &error), 1); /* another class */
	assert_int_equal(state_problem_set(spool.state, "account sales", "login", "refused", 3, &error), 1);
	assert_int_equal(state_problems(spool.state, add, &text, &error), 0);
	assert_non_null(strstr(buf_text(&text), "account sales: refused (3) disk: broken"));
	assert_int_equal(state_problem_clear(spool.state, "account sales", &since, &error), 1);
	assert_int_equal(since, 3);
	assert_int_equal(state_problem_clear(spool.state, "account sales", &since, &error), 0);
	buf_clear(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {STATE_TEST(test_a_problem_is_news_once)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
