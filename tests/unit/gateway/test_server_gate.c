/* How many accounts of one server are fetched at the same time. */
#include "gateway/session/server_gate.h"

#include "base/clock.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define ROUNDS 200

static atomic_bool never, cancelled = true;

static void test_each_server_has_its_own_limit(void **state)
{
	struct server_gate gate;

	(void)state;
	server_gate_init(&gate, 2);
	assert_true(server_gate_enter(&gate, "a", &never));
	assert_true(server_gate_enter(&gate, "b", &never));
	assert_true(server_gate_enter(&gate, "a", &never));
	assert_true(server_gate_enter(&gate, "b", &never));
	assert_false(server_gate_enter(&gate, "a", &cancelled));
	server_gate_leave(&gate, "a");
	assert_true(server_gate_enter(&gate, "a", &never));
	assert_int_equal(gate.inside.count, 4);
	server_gate_clear(&gate);
}

static void test_no_limit(void **state)
{
	struct server_gate gate;

	(void)state;
	server_gate_init(&gate, 0);
	for (int i = 0; i < 100; i++)
		assert_true(server_gate_enter(&gate, "a", &never));
	server_gate_clear(&gate);
}

static struct server_gate shared;
static atomic_int inside, most;

/* Time for one more to come in than may. */
static void linger(void)
{
	int64_t until = clock_now_ms() + 30;

	while (atomic_load(&inside) <= 3 && clock_now_ms() < until)
		sched_yield();
}

static void *come_and_go(void *context)
{
	for (int i = 0; i < ROUNDS; i++) {
		int now, before;

		if (!server_gate_enter(&shared, "a", &never))
			return context;
		now = atomic_fetch_add(&inside, 1) + 1;
		before = atomic_load(&most);
		while (now > before && !atomic_compare_exchange_weak(&most, &before, now))
			;
		if (i == 0)
			linger();
		atomic_fetch_sub(&inside, 1);
		server_gate_leave(&shared, "a");
	}
	return NULL;
}

static void test_threads_wait_for_each_other(void **state)
{
	pthread_t threads[8];
	void *failed;

	(void)state;
	server_gate_init(&shared, 3);
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, &shared), 0);
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
	assert_in_range(atomic_load(&most), 1, 3);
	assert_int_equal(shared.inside.count, 0);
	server_gate_clear(&shared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_server_has_its_own_limit),
	    cmocka_unit_test(test_no_limit),
	    cmocka_unit_test(test_threads_wait_for_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
