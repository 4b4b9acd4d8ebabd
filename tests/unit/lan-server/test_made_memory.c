/* What is made of messages has a limit, and no user keeps the others from theirs. */
#include "lan-server/made_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MIB (1u << 20)

static size_t take_all(const char *user, size_t piece)
{
	size_t taken = 0;

	made_memory_user(user);
	while (made_memory_take(piece))
		taken += piece;
	return taken;
}

static void give(const char *user, size_t bytes)
{
	made_memory_user(user);
	made_memory_give(bytes);
}

static void test_many_sessions_of_a_user_leave_room_for_others(void **state)
{
	size_t ivan = take_all("ivan", 10 * MIB), anna, boris;

	(void)state;
	assert_int_equal(ivan, 190 * MIB);
	anna = take_all("anna", MIB);
	assert_int_equal(anna, 49 * MIB);
	boris = take_all("boris", MIB);
	assert_in_range(boris, 10 * MIB, 17 * MIB);
	assert_int_equal(take_all("ivan", 10 * MIB), 0);
	give("ivan", ivan);
	give("anna", anna);
	give("boris", boris);
}

static void test_one_large_message_has_only_the_limit_of_all(void **state)
{
	(void)state;
	made_memory_user("ivan");
	assert_true(made_memory_take(MADE_MEMORY_MAX));
	assert_false(made_memory_take(1));
	made_memory_give(MADE_MEMORY_MAX);
	assert_false(made_memory_take((size_t)MADE_MEMORY_MAX + 1));
	assert_false(made_memory_take(SIZE_MAX));
	made_memory_user(NULL);
	assert_int_equal(take_all(NULL, 16 * MIB), MADE_MEMORY_MAX);
	give(NULL, MADE_MEMORY_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_many_sessions_of_a_user_leave_room_for_others),
	    cmocka_unit_test(test_one_large_message_has_only_the_limit_of_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
