/* What the LAN server can no longer do. Each try in a process of its own, since there is no way back. */
#include "gateway/sandbox.h"

#include "base/alloc.h"
#include "tests/unit/remove_tree.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char spool[] = "/tmp/test_sandbox.XXXXXX";
static char outside[] = "/tmp/test_sandbox_outside.XXXXXX";

#define NO_LANDLOCK 77

/* The exit code of what is done in the sandbox. */
static int within(int (*try)(void))
{
	struct conf conf = {.gateway = {.spool = spool}, .log = {.file = ""}};
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (!sandbox_lan(&conf))
			_exit(NO_LANDLOCK);
		_exit(try());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NO_LANDLOCK)
		skip();
	return WEXITSTATUS(status);
}

static int write_to(const char *folder, const char *name)
{
	char *path = xasprintf("%s/%s", folder, name);
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	free(path);
	return fd < 0;
}

static int write_in_spool(void)
{
	char *from = xasprintf("%s/a", spool), *to = xasprintf("%s/b", spool);
	int result = write_to(spool, "a") + (link(from, to) != 0) + (unlink(from) != 0);

	free(from);
	free(to);
	return result;
}

static int write_outside(void)
{
	return write_to(outside, "x") == 0;
}

static int run_a_program(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return 0;
}

static int read_outside(void)
{
	return open("/etc/passwd", O_RDONLY) < 0;
}

static int write_to_null(void)
{
	return open("/dev/null", O_WRONLY) < 0;
}

static void test_what_is_left(void **state)
{
	(void)state;
	assert_int_equal(within(write_in_spool), 0);
	assert_int_equal(within(read_outside), 0);
	assert_int_equal(within(write_to_null), 0);
}

static void test_what_is_gone(void **state)
{
	(void)state;
	assert_int_equal(within(write_outside), 0);
	assert_int_equal(within(run_a_program), 0);
}

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(spool) != NULL && mkdtemp(outside) != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return remove_tree(spool) | remove_tree(outside);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_left),
	    cmocka_unit_test(test_what_is_gone),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
