/* Files that root creates belong to the owner of their folder. */
#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/owned.h"
#include "tests/unit/remove_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define SOMEBODY 4242
#define GROUP 4243

struct fixture {
	char folder[40];
	char *file, *folders;
};

static int make_folder(void **state)
{
	struct fixture *fixture = xcalloc(1, sizeof(*fixture));

	*state = fixture;
	strcpy(fixture->folder, "/tmp/lanpost-unit-XXXXXX");
	if (mkdtemp(fixture->folder) == NULL)
		return -1;
	fixture->file = xasprintf("%s/file", fixture->folder);
	fixture->folders = xasprintf("%s/a/b/", fixture->folder);
	return geteuid() == 0 ? chown(fixture->folder, SOMEBODY, GROUP) : 0;
}

static int remove_folder(void **state)
{
	struct fixture *fixture = *state;
	int result = remove_tree(fixture->folder);

	free(fixture->file);
	free(fixture->folders);
	free(fixture);
	return result;
}

static bool belongs_to(const char *path, uid_t user, gid_t group)
{
	struct stat st;

	return lstat(path, &st) == 0 && st.st_uid == user && st.st_gid == group;
}

static void new_files_and_folders_are_given(void **state)
{
	struct fixture *fixture = *state;
	const struct slice text = SLICE_LITERAL("x");
	struct error error;

	if (geteuid() != 0)
		skip();
	assert_int_equal(fsx_create(fixture->file, &text, 1, 0640, &error), 0);
	assert_true(belongs_to(fixture->file, SOMEBODY, GROUP));
	assert_int_equal(fsx_make_dirs(fixture->folders, &error), 0);
	assert_true(belongs_to(fixture->folders, SOMEBODY, GROUP));
	assert_int_equal(fsx_make_dirs("/", &error), 0);
	assert_int_equal(fsx_replace(fixture->file, text, 0640, &error), 0);
	assert_true(belongs_to(fixture->file, SOMEBODY, GROUP));
}

/* Otherwise the owner of the folder could get root's files by a link with a name that root is
 * about to create. */
static void what_was_there_is_never_given(void **state)
{
	struct fixture *fixture = *state;
	char mine[] = "/tmp/lanpost-unit-XXXXXX";
	int fd = mkstemp(mine);

	if (geteuid() != 0) {
		close(fd);
		unlink(mine);
		skip();
	}
	close(fd);
	assert_int_equal(symlink(mine, fixture->file), 0);
	assert_int_equal(owned_open(fixture->file, O_RDWR | O_TRUNC, 0640), -1);
	assert_int_equal(errno, ELOOP);
	assert_true(belongs_to(mine, 0, 0));
	assert_int_equal(owned_open(fixture->file, O_RDWR | O_EXCL, 0640), -1);
	assert_int_equal(errno, EEXIST);
	assert_int_equal(unlink(fixture->file), 0);
	assert_int_equal(link(mine, fixture->file), 0);
	assert_int_equal(owned_open(fixture->file, O_RDWR | O_TRUNC, 0640), -1);
	unlink(mine);
}

static void a_strangers_file_in_a_folder_for_all_is_not_used(void **state)
{
	struct fixture *fixture = *state;
	int fd;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chown(fixture->folder, 0, 0), 0);
	assert_int_equal(chmod(fixture->folder, 01777), 0);
	fd = open(fixture->file, O_RDWR | O_CREAT, 0644);
	assert_int_equal(fchown(fd, SOMEBODY, GROUP), 0);
	close(fd);
	assert_int_equal(owned_open(fixture->file, O_RDWR | O_TRUNC, 0640), -1);
	assert_int_equal(errno, ELOOP);
	assert_int_equal(unlink(fixture->file), 0);
	fd = owned_open(fixture->file, O_RDWR | O_TRUNC, 0640);
	assert_true(fd >= 0 && belongs_to(fixture->file, 0, 0));
	close(fd);
	assert_int_equal(unlink(fixture->file), 0);
	assert_int_equal(symlink("/nowhere", fixture->file), 0);
	assert_int_equal(owned_open(fixture->file, O_RDWR, 0640), -1);
}

static void open_does_what_open_does(void **state)
{
	struct fixture *fixture = *state;
	int fd = owned_open(fixture->file, O_RDWR, 0640);
	struct stat st;

	assert_int_equal(write(fd, "abc", 3), 3);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	close(owned_open(fixture->file, O_RDWR, 0640));
	assert_int_equal(stat(fixture->file, &st), 0);
	assert_int_equal(st.st_size, 3);
	close(owned_open(fixture->file, O_RDWR | O_TRUNC, 0640));
	assert_int_equal(stat(fixture->file, &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(owned_open("/nowhere/file", O_RDWR, 0640), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(owned_mkdir(fixture->file, 0750), -1);
	assert_int_equal(errno, EEXIST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(new_files_and_folders_are_given, make_folder, remove_folder),
	    cmocka_unit_test_setup_teardown(what_was_there_is_never_given, make_folder, remove_folder),
	    cmocka_unit_test_setup_teardown(a_strangers_file_in_a_folder_for_all_is_not_used, make_folder, remove_folder),
	    cmocka_unit_test_setup_teardown(open_does_what_open_does, make_folder, remove_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
