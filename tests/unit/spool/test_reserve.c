/* The last room of the disk: kept, given up for a full disk only, and made again. */
#include "spool/reserve.h"
#include "tests/unit/sample_spool.h"

#include <sys/stat.h>

static off_t reserved(void)
{
	char *path = layout_reserve(&spool);
	struct stat st;
	off_t size = stat(path, &st) == 0 ? st.st_size : -1;

	free(path);
	return size;
}

static void test_spent_for_a_full_disk_only(void **context)
{
	struct error error;

	(void)context;
	reserve_keep(&spool);
	assert_int_equal(reserved(), 4 << 20);
	error_set(&error, ERROR_IO, "no");
	assert_false(reserve_spend(&spool, &error));
	assert_int_equal(reserved(), 4 << 20);
	error_set(&error, ERROR_FULL, "no");
	assert_true(reserve_spend(&spool, &error));
	assert_int_equal(reserved(), 0);
	reserve_keep(&spool);
	assert_int_equal(reserved(), 4 << 20);
}

static void test_room_for_what_fits(void **context)
{
	(void)context;
	assert_true(reserve_has_room(&spool, 0));
	assert_false(reserve_has_room(&spool, fsx_free_bytes(folder)));
	assert_false(reserve_has_room(&spool, UINT64_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SPOOL_TEST(test_spent_for_a_full_disk_only),
	    SPOOL_TEST(test_room_for_what_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
