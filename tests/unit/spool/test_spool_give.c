/* A folder of root becomes the gateway's spool only if it is one, or is empty. */
#include "base/alloc.h"
#include "spool/maintenance/spool_give.h"
#include "tests/unit/remove_tree.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define SOMEBODY 4242

static const struct service_user user = {.name = "somebody", .uid = SOMEBODY, .gid = SOMEBODY};
static char folder[40], path[80];

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/lanpost-unit-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/spool", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	return remove_tree(folder);
}

static void put(const char *name)
{
	char *file = xasprintf("%s/%s", path, name);

	mkdir(path, 0700);
	assert_int_equal(close(open(file, O_CREAT | O_WRONLY, 0600)), 0);
	free(file);
}

static uid_t owner_of(const char *name)
{
	char *file = xasprintf("%s/%s", path, name);
	struct stat st;

	assert_int_equal(lstat(file, &st), 0);
	free(file);
	return st.st_uid;
}

static int give(struct error *error)
{
	if (geteuid() != 0)
		skip();
	return spool_give(path, &user, error);
}

static void a_new_spool_is_made_and_given(void **state)
{
	struct error error;

	(void)state;
	assert_int_equal(give(&error), 0);
	assert_int_equal(owner_of("."), SOMEBODY);
}

static void a_spool_of_root_is_given_with_all_in_it(void **state)
{
	static const char *const marks[] = {"lanpostd.lock", "version", "state.db", "wal", "mailboxes", "queue"};
	struct error error;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		put(marks[i]);
		put("more");
		assert_int_equal(give(&error), 0);
		assert_int_equal(owner_of("."), SOMEBODY);
		assert_int_equal(owner_of(marks[i]), SOMEBODY);
		assert_int_equal(owner_of("more"), SOMEBODY);
		assert_int_equal(remove_tree(path), 0);
	}
}

static void a_new_file_system_is_empty(void **state)
{
	struct error error;

	(void)state;
	put("lost+found");
	put(".hidden");
	assert_int_equal(give(&error), 0);
	assert_int_equal(owner_of("."), SOMEBODY);
}

/* `spool = /etc` by mistake must not give the system away. */
static void any_other_folder_stays_roots(void **state)
{
	struct error error;

	(void)state;
	put("passwd");
	assert_int_equal(give(&error), -1);
	assert_int_equal(error.class, ERROR_CONFIG);
	assert_non_null(strstr(ERROR_EN(&error), path));
	assert_int_equal(owner_of("."), 0);
	assert_int_equal(owner_of("passwd"), 0);
}

static void a_path_that_others_can_change_is_refused(void **state)
{
	struct error error;

	(void)state;
	put("version");
	if (geteuid() == 0)
		assert_int_equal(chmod(folder, 0777), 0);
	assert_int_equal(give(&error), -1);
	assert_int_equal(owner_of("version"), 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_new_spool_is_made_and_given),
	    TEST(a_spool_of_root_is_given_with_all_in_it),
	    TEST(a_new_file_system_is_empty),
	    TEST(any_other_folder_stays_roots),
	    TEST(a_path_that_others_can_change_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
