/* Problems are stored under keys and shown by names. */
#include "base/phrase.h"
#include "spool/problem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_problems_have_names(void **context)
{
	char out[PHRASE_MAX];

	(void)context;
	assert_string_equal(PHRASE_EN(problem_name(out, sizeof(out), "account sales")), "account sales");
	assert_string_equal(PHRASE_EN(problem_name(out, sizeof(out), "log")), "accepting mail");
	assert_string_equal(PHRASE_EN(problem_name(out, sizeof(out), "of a later version")), "of a later version");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_problems_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
