/* Root that gives up its capabilities and stays root: it never continues with any of them, for any reply of
 * the kernel. */
#include "gateway/process/privileges.h"

#include <linux/capability.h>
#include <errno.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static bool has_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {{0}};

	return syscall(SYS_capget, &header, sets) == 0 && (sets[0].permitted != 0 || sets[1].permitted != 0);
}

/* From here on, capset(2) returns this and does nothing. */
static void answer_capset(uint32_t code)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (filter == NULL || seccomp_rule_add(filter, SCMP_ACT_ERRNO(code), SCMP_SYS(capset), 0) != 0 || seccomp_load(filter) != 0)
		_exit(9);
	seccomp_release(filter);
}

/* code: the result of capset(2); -1: from the kernel. Returns the exit code: 0 no capabilities are left, 1 refused, 2 it
 * continued with them. */
static int drop(int code)
{
	const struct privileges plan = {.stay_bare = true};
	struct error error = ERROR_INIT;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (code >= 0)
			answer_capset((uint32_t)code);
		if (privileges_drop(&plan, &error) != 0)
			_exit(error.class == ERROR_PERMANENT ? 1 : 3);
		_exit(has_capabilities() ? 2 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_no_capability_stays(void **state)
{
	(void)state;
	assert_int_equal(drop(-1), 0);
	if (geteuid() != 0 || !has_capabilities())
		skip();
	assert_int_equal(drop(EPERM), 1);
	assert_int_equal(drop(0), 1); /* reports success, but does nothing */
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_capability_stays)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
