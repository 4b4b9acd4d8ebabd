/* Paths that only root can change; changes of ownership. */
#include "base/alloc.h"
#include "base/process/root_path.h"
#include "tests/unit/remove_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define SOMEBODY 4242

static char folder[40], path[80], inner[100];

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/lanpost-unit-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/a", folder);
	snprintf(inner, sizeof(inner), "%s/b", path);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	return remove_tree(folder);
}

static bool opens(const char *what, bool make)
{
	struct error error;
	int fd = root_path_open(what, make, &error);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void need_root(void)
{
	if (geteuid() != 0)
		skip();
}

static void folders_are_made_where_only_root_can(void **state)
{
	struct stat st;

	(void)state;
	need_root();
	assert_false(opens(inner, false));
	assert_true(opens(inner, true));
	assert_int_equal(stat(inner, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_true(opens(inner, false));
}

static void somebodys_folder_is_no_way(void **state)
{
	(void)state;
	need_root();
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(mkdir(inner, 0755), 0);
	assert_int_equal(chown(path, SOMEBODY, 0), 0);
	assert_false(opens(inner, false));
	assert_int_equal(chown(path, 0, 0), 0);
	assert_true(opens(inner, false));
	assert_int_equal(chmod(path, 0775), 0);
	assert_false(opens(inner, false));
	assert_int_equal(chmod(path, 01777), 0); /* as /tmp */
	assert_true(opens(inner, false));
	assert_int_equal(chown(inner, SOMEBODY, 0), 0);
	assert_false(opens(inner, false));
}

static void links_are_followed_that_root_has_made(void **state)
{
	char link[80], around[100];

	(void)state;
	need_root();
	snprintf(link, sizeof(link), "%s/link", folder);
	snprintf(around, sizeof(around), "%s/b", link);
	assert_true(opens(inner, true));
	assert_int_equal(symlink("a/../a", link), 0);
	assert_true(opens(around, false));
	assert_int_equal(lchown(link, SOMEBODY, 0), 0);
	assert_false(opens(around, false));
	assert_int_equal(unlink(link), 0);
	assert_int_equal(symlink("link", link), 0);
	assert_false(opens(around, false));
}

static void what_is_roots_is_given_and_nothing_else(void **state)
{
	const struct service_user user = {.name = "somebody", .uid = SOMEBODY, .gid = SOMEBODY};
	char others[120], ours[120], link[120];
	struct error error;
	struct stat st;
	int fd;

	(void)state;
	need_root();
	assert_true(opens(inner, true));
	snprintf(ours, sizeof(ours), "%s/ours", inner);
	snprintf(others, sizeof(others), "%s/others", inner);
	snprintf(link, sizeof(link), "%s/link", inner);
	assert_int_equal(close(open(ours, O_CREAT | O_WRONLY, 0600)), 0);
	assert_int_equal(close(open(others, O_CREAT | O_WRONLY, 0600)), 0);
	assert_int_equal(chown(others, SOMEBODY + 1, SOMEBODY + 1), 0);
	assert_int_equal(symlink(folder, link), 0);
	fd = root_path_open(path, false, &error);
	assert_true(fd >= 0);
	assert_int_equal(root_path_give(fd, path, &user, &error), 0);
	close(fd);
	assert_true(stat(path, &st) == 0 && st.st_uid == SOMEBODY && st.st_gid == SOMEBODY);
	assert_true(stat(ours, &st) == 0 && st.st_uid == SOMEBODY);
	assert_true(stat(others, &st) == 0 && st.st_uid == SOMEBODY + 1);
	assert_true(stat(folder, &st) == 0 && st.st_uid == 0);
}

static void somebody_is_acted_for_and_root_comes_back(void **state)
{
	const struct service_user user = {.name = "#4242", .uid = SOMEBODY, .gid = SOMEBODY};
	struct error error;
	bool outer, nested;

	(void)state;
	need_root();
	assert_int_equal(service_user_act(&user, &error), 0);
	assert_true(geteuid() == SOMEBODY && getegid() == SOMEBODY && service_user_was_root());
	assert_true(open(folder, O_RDONLY) < 0 && errno == EACCES);
	outer = service_user_pause();
	nested = service_user_pause();
	assert_int_equal(geteuid(), 0);
	service_user_resume(nested);
	assert_int_equal(geteuid(), 0);
	service_user_resume(outer);
	assert_true(geteuid() == SOMEBODY && getegid() == SOMEBODY);
	service_user_pause();
	assert_true(geteuid() == 0 && getegid() == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(folders_are_made_where_only_root_can, make_folder, remove_folder),
	    cmocka_unit_test_setup_teardown(somebodys_folder_is_no_way, make_folder, remove_folder),
	    cmocka_unit_test_setup_teardown(links_are_followed_that_root_has_made, make_folder, remove_folder),
	    cmocka_unit_test_setup_teardown(what_is_roots_is_given_and_nothing_else, make_folder, remove_folder),
	    cmocka_unit_test_setup_teardown(somebody_is_acted_for_and_root_comes_back, make_folder, remove_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
