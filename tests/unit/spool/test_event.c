/* Events are stored by their codes, which are found again. */
#include "spool/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_each_code_is_found_again(void **context)
{
	(void)context;
	for (int event = 0; event < EVENT_COUNT; event++) {
		assert_non_null(event_code((enum event)event));
		assert_int_equal(event_find(event_code((enum event)event)), event);
	}
	assert_int_equal(event_find("of-a-later-version"), EVENT_COUNT);
	assert_string_equal(event_word("of-a-later-version"), "of-a-later-version");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_code_is_found_again)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
