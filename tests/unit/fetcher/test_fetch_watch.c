/* The rests between the connections that wait for new mail. */
#include "fetcher/fetch_watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void rests_grow_and_end(void **state)
{
	int64_t before = 0;

	(void)state;
	for (unsigned failures = 0; failures < 9; failures++) {
		int64_t ms = fetch_watch_rest_ms(failures, ERROR_TEMPORARY);

		assert_true(ms >= 2 * before && ms >= 1000);
		before = ms;
	}
	assert_true(before <= 1800000);
	assert_int_equal(fetch_watch_rest_ms(4000000000u, ERROR_IO), before);
	assert_true(fetch_watch_rest_ms(0, ERROR_LOGIN) >= 3600000);
	assert_true(fetch_watch_rest_ms(0, ERROR_NONE) >= 3600000);
}

static void who_is_watched(void **state)
{
	struct conf conf = {.line = {.permanent = true}};
	struct conf_account account = {.remote = {.url = (char *)"imaps://imap.example.ru"}, .enabled = true, .idle = true};

	(void)state;
	assert_true(fetch_watch_is_wanted(&conf, &account));
	account.idle = false;
	assert_false(fetch_watch_is_wanted(&conf, &account));
	account.idle = true;
	account.remote.url = (char *)"pop3s://pop.example.ru";
	assert_false(fetch_watch_is_wanted(&conf, &account));
	account.remote.url = (char *)"imap://imap.example.ru";
	conf.line.permanent = false;
	assert_false(fetch_watch_is_wanted(&conf, &account));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rests_grow_and_end),
	    cmocka_unit_test(who_is_watched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
