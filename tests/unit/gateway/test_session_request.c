#include "gateway/session/session_request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct session_request of(const char *account)
{
	struct session_request request = {.send = true};

	session_request_add_account(&request, account);
	return request;
}

static void test_a_copy_outlives_what_it_was_made_of(void **context)
{
	struct session_request first = of("sales"), copy;

	(void)context;
	strlist_add(&first.again, "sales");
	first.flush = first.triggers = first.is_housekeeping = true;
	copy = session_request_copy(&first);
	session_request_clear(&first);
	assert_int_equal(first.accounts.count, 0);
	assert_true(copy.fetch && copy.send && copy.flush && copy.triggers && copy.is_housekeeping);
	assert_string_equal(copy.accounts.items[0], "sales");
	assert_string_equal(copy.again.items[0], "sales");
	session_request_clear(&copy);
}

static void test_an_account_is_added_once(void **context)
{
	struct session_request request = of("sales");

	(void)context;
	session_request_add_account(&request, "sales");
	session_request_add_account(&request, "alerts");
	assert_true(request.fetch);
	assert_int_equal(request.accounts.count, 2);
	session_request_clear(&request);
}

static void test_two_wishes_become_one(void **context)
{
	struct session_request into = of("sales"), more = of("alerts");

	(void)context;
	into.is_housekeeping = true;
	more.flush = true;
	session_request_merge(&into, &more);
	assert_int_equal(into.accounts.count, 2);
	assert_true(into.fetch && into.send && into.flush);
	assert_false(into.is_housekeeping || session_request_wants_all(&into));
	session_request_clear(&into);
	session_request_clear(&more);
}

static void test_all_accounts_and_one_are_all(void **context)
{
	struct session_request one = of("sales"), all = {.fetch = true}, only_sends = {.send = true};

	(void)context;
	session_request_merge(&one, &only_sends);
	assert_false(session_request_wants_all(&one));
	session_request_merge(&one, &all);
	assert_true(session_request_wants_all(&one));
	session_request_clear(&one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_copy_outlives_what_it_was_made_of),
	    cmocka_unit_test(test_an_account_is_added_once),
	    cmocka_unit_test(test_two_wishes_become_one),
	    cmocka_unit_test(test_all_accounts_and_one_are_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
