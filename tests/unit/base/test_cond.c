/* A wait on the monotonic clock ends at its deadline, or when it is woken. */
#include "base/cond.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

struct bell {
	pthread_mutex_t lock;
	pthread_cond_t rung;
	bool has_rung;
};

static void *ring(void *arg)
{
	struct bell *bell = arg;

	pthread_mutex_lock(&bell->lock);
	bell->has_rung = true;
	pthread_cond_signal(&bell->rung);
	pthread_mutex_unlock(&bell->lock);
	return NULL;
}

/* Waits until the bell rings; false after this many milliseconds. */
static bool hear(struct bell *bell, int64_t ms)
{
	int64_t deadline = clock_now_ms() + ms;

	while (!bell->has_rung)
		if (!cond_wait_until(&bell->rung, &bell->lock, deadline))
			return false;
	return true;
}

static void test_deadline_and_wake(void **state)
{
	struct bell bell = {.lock = PTHREAD_MUTEX_INITIALIZER};
	int64_t begin = clock_now_ms();
	pthread_t ringer;

	(void)state;
	cond_init(&bell.rung);
	pthread_mutex_lock(&bell.lock);
	assert_false(hear(&bell, -1000));
	assert_false(hear(&bell, 50));
	assert_in_range(clock_now_ms() - begin, 50, 60 * 1000);
	pthread_create(&ringer, NULL, ring, &bell); /* rings after the wait has released the lock */
	assert_true(hear(&bell, 60 * 1000));
	pthread_mutex_unlock(&bell.lock);
	pthread_join(ringer, NULL);
	pthread_cond_destroy(&bell.rung);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_deadline_and_wake)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
