/* Mapped files that are truncated while they are read. */
#include "base/file/mapped.h"

#include "base/file/fsx.h"

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
#define LARGE (16L << 20)
#define SURVIVED 77

static char folder[] = "/tmp/lanpost-mapped-XXXXXX";

static void make_file(char *path, size_t room, const char *name, size_t size)
{
	struct error error;
	char *bytes = malloc(size);
	struct slice part = slice_make(bytes, size);

	assert_non_null(bytes);
	memset(bytes, 'x', size);
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
	make_file(one, sizeof(one), "one", SIZE);
	make_file(other, sizeof(other), "other", SIZE);
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
	/* A reused place starts empty. */
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
	make_file(path, sizeof(path), "third", SIZE);
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

/* proc_pid_statm(5): pages in memory. */
static long pages_in_memory(void)
{
	FILE *statm = fopen("/proc/self/statm", "r");
	long total, resident;

	assert_non_null(statm);
	assert_int_equal(fscanf(statm, "%ld %ld", &total, &resident), 2);
	fclose(statm);
	return resident;
}

static void test_what_is_let_go_is_read_again_and_other_memory_is_left_alone(void **state)
{
	char path[100], *own = malloc(LARGE);
	struct slice mapped;
	struct error error;
	long before;

	(void)state;
	assert_non_null(own);
	memset(own, 'y', LARGE);
	make_file(path, sizeof(path), "fourth", LARGE);
	assert_int_equal(fsx_map(path, &mapped, &error), 0);
	assert_null(memchr(mapped.ptr, 'y', mapped.len));
	before = pages_in_memory();
	fsx_let_go(mapped);
	assert_true(pages_in_memory() <= before - LARGE / 2 / sysconf(_SC_PAGESIZE));
	assert_int_equal(mapped.ptr[LARGE / 2], 'x');
	fsx_let_go(slice_make(own, LARGE));
	assert_int_equal(own[LARGE / 2], 'y');
	fsx_unmap(mapped);
	free(own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_file_that_is_cut_reads_as_zeros_and_says_so),
	    cmocka_unit_test(test_what_is_let_go_is_read_again_and_other_memory_is_left_alone),
	    cmocka_unit_test(test_what_is_not_listed_ends_as_before), /* the last: its child ends the run in its own way */
	};
	int result;

	if (mkdtemp(folder) == NULL)
		return 1;
	result = cmocka_run_group_tests(tests, NULL, NULL);
	remove_tree(folder);
	return result;
}
