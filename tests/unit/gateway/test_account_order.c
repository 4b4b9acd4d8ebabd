/* Who is fetched before whom: by priority, and accounts whose copies are compared one after the other. */
#include "gateway/session/account_order.h"

#include "base/clock.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define COUNT 5

static const struct conf_account accounts[COUNT] = {
    {.duplicates = DUPLICATES_DROP, .priority = PRIORITY_NORMAL},
    {.duplicates = DUPLICATES_DELIVER, .priority = PRIORITY_NORMAL},
    {.duplicates = DUPLICATES_DROP, .priority = PRIORITY_NORMAL},
    {.duplicates = DUPLICATES_DROP, .priority = PRIORITY_HIGH},
    {.duplicates = DUPLICATES_DELIVER, .priority = PRIORITY_NORMAL},
};
static struct account_order order;
static atomic_bool begun[COUNT], never;

static void *begin(void *context)
{
	const struct conf_account *account = context;
	size_t number = (size_t)(account - accounts);

	atomic_store(&begun[number], account_order_wait(&order, number, &never));
	return NULL;
}

/* Waits until this account has begun. */
static void await(size_t number)
{
	int64_t until = clock_now_ms() + 90000;

	while (!atomic_load(&begun[number]) && clock_now_ms() < until)
		sched_yield();
	assert_true(atomic_load(&begun[number]));
}

/* Time for one to begin that must not. */
static void stays(size_t number)
{
	int64_t until = clock_now_ms() + 30;

	while (!atomic_load(&begun[number]) && clock_now_ms() < until)
		sched_yield();
	assert_false(atomic_load(&begun[number]));
}

static void test_copies_are_compared_in_the_order_of_the_configuration(void **state)
{
	pthread_t threads[COUNT];

	(void)state;
	account_order_init(&order);
	for (size_t i = 0; i < COUNT; i++)
		account_order_add(&order, &accounts[i]);
	for (size_t i = 0; i < COUNT; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, begin, (void *)(uintptr_t)&accounts[i]), 0);
	await(3); /* by its priority */
	stays(0);
	account_order_done(&order, 3);
	await(0);
	await(1);
	await(4);
	stays(2);
	account_order_done(&order, 1);
	account_order_done(&order, 4);
	stays(2);
	account_order_done(&order, 0);
	await(2);
	for (size_t i = 0; i < COUNT; i++)
		pthread_join(threads[i], NULL);
	account_order_clear(&order);
}

static void test_a_cancelled_session_begins_none(void **state)
{
	static atomic_bool cancelled = true;

	(void)state;
	account_order_init(&order);
	account_order_add(&order, &accounts[0]);
	account_order_add(&order, &accounts[2]);
	assert_false(account_order_wait(&order, 1, &cancelled));
	account_order_clear(&order);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_copies_are_compared_in_the_order_of_the_configuration),
	    cmocka_unit_test(test_a_cancelled_session_begins_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
