/* Errors, files, clocks, commands. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/process/command.h"
#include "base/process/environment.h"
#include "base/file/fsx.h"
#include "tests/unit/remove_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void test_error_has_what_where_why(void **context)
{
	struct error error;

	(void)context;
	errno = ENOSPC;
	assert_int_equal(error_errno(&error, "cannot write %s", "/spool/x"), -1);
	assert_int_equal(error.class, ERROR_FULL);
	assert_string_equal(ERROR_EN(&error), "cannot write /spool/x: No space left on device");
	error_context(&error, "account %s", "sales");
	assert_string_equal(ERROR_EN(&error), "account sales: cannot write /spool/x: No space left on device");
	error_set(&error, ERROR_PROTOCOL, "peer said \x1b[2J\r\n");
	assert_string_equal(ERROR_EN(&error), "peer said \\x1b[2J\\x0d\\x0a");
}

static void test_replace_is_whole(void **context)
{
	char folder[] = "/tmp/lanpost-unit-XXXXXX", *path, *data;
	struct error error;
	size_t len;

	(void)context;
	assert_non_null(mkdtemp(folder));
	path = xasprintf("%s/a/b/file", folder);
	data = xasprintf("%s/a/b", folder);
	assert_int_equal(fsx_make_dirs(data, &error), 0);
	free(data);
	assert_int_equal(fsx_replace(path, SLICE_LITERAL("one"), 0600, &error), 0);
	assert_int_equal(fsx_replace(path, SLICE_LITERAL("two"), 0600, &error), 0);
	assert_int_equal(fsx_read(path, 100, &data, &len, &error), 0);
	assert_string_equal(data, "two");
	free(data);
	assert_int_equal(fsx_read(path, 2, &data, &len, &error), -1);
	assert_int_equal(error.class, ERROR_LIMIT);
	assert_int_equal(fsx_unlink(path, &error), 0);
	assert_int_equal(fsx_unlink(path, &error), 0); /* gone counts as removed */
	assert_int_equal(remove_tree(folder), 0);
	free(path);
}

/* A file without all parts would be a truncated message. */
static void test_no_part_of_a_file_is_dropped(void **context)
{
	const struct slice one = SLICE_LITERAL("x");
	struct slice parts[FSX_PARTS_MAX + 1];
	char path[] = "/tmp/test_base_parts.XXXXXX", *text;
	struct error error;
	size_t len;
	int status;

	(void)context;
	assert_int_equal(close(mkstemp(path)), 0);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		parts[i] = one;
	assert_int_equal(fsx_create(path, parts, FSX_PARTS_MAX, 0600, &error), 0);
	assert_int_equal(fsx_read(path, 100, &text, &len, &error), 0);
	assert_int_equal(len, FSX_PARTS_MAX);
	free(text);
	if (fork() == 0) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
		signal(SIGABRT, SIG_DFL); /* cmocka's would run the other tests here */
		close(STDERR_FILENO);
		fsx_create(path, parts, ARRAY_LEN(parts), 0600, &error);
		_exit(0);
	}
	assert_true(wait(&status) > 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	unlink(path);
}

static void test_lock_is_exclusive(void **context)
{
	char path[] = "/tmp/lanpost-unit-XXXXXX";
	int first = mkstemp(path), second = open(path, O_RDWR);

	(void)context;
	assert_true(fsx_lock(first));
	assert_false(fsx_lock(second));
	close(first);
	assert_true(fsx_lock(second));
	close(second);
	unlink(path);
}

static void test_date(void **context)
{
	char out[64];

	(void)context;
	setenv("TZ", "MSK-3", 1);
	tzset();
	assert_string_equal(clock_rfc5322(out, sizeof(out), 1795422900),
	    "Mon, 23 Nov 2026 11:35:00 +0300");
}

static void test_command(void **context)
{
	struct buf output = BUF_INIT(8);
	struct error error;
	int status;

	(void)context;
	assert_int_equal(command_run("echo 0123456789; exit 3", 10, NULL, &output, &status, &error), 0);
	assert_int_equal(status, 3);
	assert_true(output.len <= 8);
	buf_reset(&output);
	assert_int_equal(command_run("echo hi; cat", 10, NULL, &output, &status, &error), 0); /* no input */
	assert_string_equal(buf_text(&output), "hi\n");
	buf_clear(&output);
}

static void test_command_that_hangs_is_killed(void **context)
{
	struct buf output = BUF_INIT(8);
	struct error error;
	int status;
	int64_t begin = clock_now_ms();
	atomic_bool cancel = true;

	(void)context;
	assert_int_equal(command_run("sleep 60 & sleep 60", 1, NULL, &output, &status, &error), -1);
	assert_int_equal(error.class, ERROR_TEMPORARY);
	assert_int_equal(command_run("sleep 60", 60, &cancel, &output, &status, &error), -1);
	assert_int_equal(error.class, ERROR_CANCELLED);
	assert_true(clock_now_ms() - begin < 20000);
	buf_clear(&output);
}

static void say(const char *command, struct buf *output)
{
	struct error error;
	int status;

	buf_reset(output);
	assert_int_equal(command_run(command, 10, NULL, output, &status, &error), 0);
	assert_int_equal(status, 0);
}

static void test_command_gets_three_descriptors_and_a_small_environment(void **context)
{
	struct buf output = BUF_INIT(4096);
	int high = fcntl(STDERR_FILENO, F_DUPFD, 700);

	(void)context;
	assert_true(high >= 700);
	say("cd /proc/$$/fd && echo *", &output);
	assert_string_equal(buf_text(&output), "0 1 2 3\n"); /* 3 is the shell's, which reads the folder */
	close(high);
	setenv("SSLKEYLOGFILE", "/tmp/x", 1);
	setenv("LD_PRELOAD_X", "x", 1);
	setenv("LANPOST_STORE", "mine", 1);
	unsetenv("PATH");
	say("echo $SSLKEYLOGFILE$LD_PRELOAD_X$LANPOST_STORE; echo $PATH", &output);
	assert_true(slice_begins_nocase(buf_slice(&output), "mine\n/usr/local/sbin:"));
	buf_clear(&output);
}

static void test_environment_keeps_what_is_listed(void **context)
{
	static const char *const gone[] = {"SSLKEYLOGFILE", "LD_LIBRARY_PATH", "https_proxy", "OPENSSL_CONF", "LANPOS", "LC", "SHELLY"};
	static const char *const kept[] = {"PATH", "LC_TIME", "NOTIFY_SOCKET", "ASAN_OPTIONS", "LANPOST_STORE"};

	(void)context;
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
		setenv(gone[i], "x", 1);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		setenv(kept[i], "/usr/bin:/bin", 1);
	environment_restrict();
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
		assert_null(getenv(gone[i]));
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		assert_string_equal(getenv(kept[i]), "/usr/bin:/bin");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_error_has_what_where_why),
	    cmocka_unit_test(test_replace_is_whole),
	    cmocka_unit_test(test_no_part_of_a_file_is_dropped),
	    cmocka_unit_test(test_lock_is_exclusive),
	    cmocka_unit_test(test_date),
	    cmocka_unit_test(test_command),
	    cmocka_unit_test(test_command_that_hangs_is_killed),
	    cmocka_unit_test(test_command_gets_three_descriptors_and_a_small_environment),
	    cmocka_unit_test(test_environment_keeps_what_is_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
