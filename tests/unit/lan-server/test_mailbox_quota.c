/* A large mailbox is not measured again for each recipient. */
#include "base/clock.h"
#include "lan-server/server/mailbox_quota.h"
#include "spool/storage/mailbox.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define CLIENTS 8

static atomic_int measured;

static uint64_t measure(const void *context, const char *user)
{
	const int *takes_ms = context;

	poll(NULL, 0, *takes_ms);
	atomic_fetch_add(&measured, 1);
	return strcmp(user, "ivan") == 0 ? 10 : 20;
}

static void test_what_was_dear_is_believed_for_a_while(void **state)
{
	struct mailbox_quota *quota = mailbox_quota_new();
	const int dear = 200, cheap = 0;
	int64_t begun;

	(void)state;
	measured = 0;
	for (int i = 0; i < 100; i++)
		assert_int_equal(mailbox_quota_used(quota, "ivan", measure, &dear), 10);
	assert_int_equal(measured, 1);
	assert_int_equal(mailbox_quota_used(quota, "anna", measure, &cheap), 20);
	assert_int_equal(measured, 2);
	begun = clock_now_ms();
	while (measured == 2 && clock_now_ms() - begun < 20000)
		mailbox_quota_used(quota, "ivan", measure, &cheap);
	assert_int_equal(measured, 3);
	mailbox_quota_free(quota);
}

static struct mailbox_quota *shared;

static void *client(void *context)
{
	return (void *)(uintptr_t)mailbox_quota_used(shared, "ivan", measure, context);
}

static void test_many_at_once_measure_it_once(void **state)
{
	const int dear = 300;
	pthread_t threads[CLIENTS];

	(void)state;
	measured = 0;
	shared = mailbox_quota_new();
	for (int i = 0; i < CLIENTS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, client, (void *)(uintptr_t)&dear), 0);
	for (int i = 0; i < CLIENTS; i++) {
		void *bytes;

		pthread_join(threads[i], &bytes);
		assert_int_equal((uintptr_t)bytes, 10);
	}
	assert_int_equal(measured, 1);
	mailbox_quota_free(shared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_was_dear_is_believed_for_a_while),
	    cmocka_unit_test(test_many_at_once_measure_it_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
