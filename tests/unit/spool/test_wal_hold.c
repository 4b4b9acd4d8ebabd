/* While a backup holds the log, nobody retires a segment; and a backup waits for those who do. */
#include "spool/log/wal_hold.h"
#include "tests/unit/sample_spool.h"

#include <unistd.h>

static void test_held_log_is_not_retired(void **context)
{
	struct error error;
	int hold = wal_hold(&spool, &error), retiring;

	(void)context;
	assert_true(hold >= 0);
	assert_int_equal(wal_retire_begin(&spool, &retiring, &error), 1);
	close(hold);
	assert_int_equal(wal_retire_begin(&spool, &retiring, &error), 0);
	close(retiring);
}

static void test_several_may_retire_at_once(void **context)
{
	struct error error;
	int one, other, hold;

	(void)context;
	assert_int_equal(wal_retire_begin(&spool, &one, &error), 0);
	assert_int_equal(wal_retire_begin(&spool, &other, &error), 0);
	close(one);
	close(other);
	hold = wal_hold(&spool, &error);
	assert_true(hold >= 0);
	close(hold);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SPOOL_TEST(test_held_log_is_not_retired),
	    SPOOL_TEST(test_several_may_retire_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
