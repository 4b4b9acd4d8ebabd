#include "base/alloc.h"
#include "gateway/due.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define NOW 1795420900

/* Three accounts: by the schedule, by its own interval, switched off. */
static struct conf_account accounts[] = {
    {.name = "sales", .enabled = true, .every = -1},
    {.name = "alerts", .enabled = true, .every = 60},
    {.name = "old", .enabled = false, .every = -1},
};

static struct conf conf = {
    .schedule = {.every = 900, .days = 0x7F},
    .accounts = accounts,
    .account_count = 3,
};

static void test_each_account_in_its_own_time(void **context)
{
	struct due due;
	struct session_request request = {0};

	(void)context;
	due_start(&due, &conf, NOW);
	assert_int_equal(due_next(&due, &conf), NOW + 60);
	assert_false(due_take(&due, &conf, NOW + 59, &request));
	assert_true(due_take(&due, &conf, NOW + 60, &request));
	assert_true(request.fetch && request.send);
	assert_int_equal(request.accounts.count, 1);
	assert_string_equal(request.accounts.items[0], "alerts");
	strlist_clear(&request.accounts);
	assert_int_equal(due_next(&due, &conf), NOW + 120);

	request = (struct session_request){0};
	assert_true(due_take(&due, &conf, NOW + 900, &request));
	assert_int_equal(request.accounts.count, 2); /* both fall together; the one switched off does not */
	assert_string_equal(request.accounts.items[0], "sales");
	strlist_clear(&request.accounts);
	assert_int_equal(due_next(&due, &conf), NOW + 960);
	due_clear(&due);
}

/* With nothing to fetch, a session is for the queue alone; "no account named" must not come to mean all. */
static void test_only_the_queue(void **context)
{
	struct conf bare = {.schedule = {.every = 900, .days = 0x7F}};
	struct session_request request = {0};
	struct due due;

	(void)context;
	due_start(&due, &bare, NOW);
	assert_true(due_take(&due, &bare, NOW + 900, &request));
	assert_true(request.send);
	assert_false(request.fetch);
	due_clear(&due);
}

static void test_never(void **context)
{
	struct conf never = {.schedule = {.days = 0x7F}};
	struct session_request request = {0};
	struct due due;

	(void)context;
	due_start(&due, &never, NOW);
	assert_int_equal(due_next(&due, &never), 0);
	assert_false(due_take(&due, &never, NOW + 1000000, &request));
	due_clear(&due);
}

/* The clock was a day ahead for a while: the next session is not a day away. */
static void test_the_clock_is_set_back(void **context)
{
	struct session_request request = {0};
	struct due due;

	(void)context;
	due_start(&due, &conf, NOW);
	assert_true(due_take(&due, &conf, NOW + 86400, &request));
	strlist_clear(&request.accounts);
	assert_false(due_take(&due, &conf, NOW + 86400 - 30, &request)); /* a correction */
	assert_int_equal(due_next(&due, &conf), NOW + 86400 + 60);
	assert_false(due_take(&due, &conf, NOW, &request));
	assert_int_equal(due_next(&due, &conf), NOW + 60);
	assert_true(due_take(&due, &conf, NOW + 900, &request));
	strlist_clear(&request.accounts);
	due_clear(&due);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_account_in_its_own_time),
	    cmocka_unit_test(test_only_the_queue),
	    cmocka_unit_test(test_never),
	    cmocka_unit_test(test_the_clock_is_set_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
