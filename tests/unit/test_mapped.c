/* Mapped files that are cut while they are read. */
#include "base/mapped.h"

#include "base/fsx.h"

#include "tests/unit/remove_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define SIZE (1u << 20)
#define SURVIVED 77

static char folder[] = "/tmp/lanpost-mapped-XXXXXX";

static void make_file(char *path, size_t room, const char *name)
{
	struct error error;
	char *bytes = malloc(SIZE);
	struct slice part = slice_make(bytes, SIZE);

	assert_non_null(bytes);
	memset(bytes, 'x', SIZE);
	snprintf(path, room, "%s/%s", folder, name);
	assert_int_equal(fsx_create(path, &part, 1, 0600, &error), 0);
	free(bytes);
}

static void test_a_file_that_is_cut_reads_as_zeros_and_says_so(void **state)
{
	char one[100], other[100];
	struct slice cut, whole;
	struct error error;

	(void)state;
	make_file(one, sizeof(one), "one");
	make_file(other, sizeof(other), "other");
	assert_int_equal(fsx_map(one, &cut, &error), 0);
	assert_int_equal(fsx_map(other, &whole, &error), 0);
	assert_int_equal(fsx_check_map(cut, &error), 0);
	assert_int_equal(truncate(one, 4096), 0);
	assert_int_equal(cut.ptr[10], 'x');
	assert_int_equal(cut.ptr[SIZE - 1], 0);
	assert_int_equal(cut.ptr[SIZE / 2], 0);
	assert_int_equal(whole.ptr[SIZE - 1], 'x');
	assert_int_equal(fsx_check_map(cut, &error), -1);
	assert_int_equal(error.class, ERROR_IO);
	assert_int_equal(fsx_check_map(whole, &error), 0);
	fsx_unmap(cut);
	fsx_unmap(whole);
	/* A place that is used again begins anew. */
	assert_int_equal(fsx_map(other, &whole, &error), 0);
	assert_int_equal(fsx_check_map(whole, &error), 0);
	fsx_unmap(whole);
}

static void test_what_is_not_listed_ends_as_before(void **state)
{
	const struct rlimit no_core = {0, 0};
	char path[100];
	struct slice listed;
	struct error error;
	int status;
	pid_t child;

	(void)state;
	make_file(path, sizeof(path), "third");
	assert_int_equal(fsx_map(path, &listed, &error), 0); /* the handler is there */
	child = fork();
	if (child == 0) {
		FILE *file = fopen(path, "r");
		volatile const char *at =
		    file == NULL ? NULL : mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE, fileno(file), 0);

		setrlimit(RLIMIT_CORE, &no_core);
		alarm(20);
		close(STDOUT_FILENO); /* the test library's own handler has its say there */
		close(STDERR_FILENO);
		if (at == NULL || truncate(path, 4096) != 0)
			_exit(SURVIVED);
		_exit(at[SIZE - 1] == 0 ? SURVIVED : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_false(WIFEXITED(status) && WEXITSTATUS(status) == SURVIVED);
	fsx_unmap(listed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_file_that_is_cut_reads_as_zeros_and_says_so),
	    cmocka_unit_test(test_what_is_not_listed_ends_as_before),
	};
	int result;

	if (mkdtemp(folder) == NULL)
		return 1;
	result = cmocka_run_group_tests(tests, NULL, NULL);
	remove_tree(folder);
	return result;
}
