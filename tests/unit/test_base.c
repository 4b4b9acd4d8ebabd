/* Errors, files, clocks, commands. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/command.h"
#include "base/fsx.h"
#include "tests/unit/remove_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void test_error_has_what_where_why(void **context)
{
	struct error error;

	(void)context;
	errno = ENOSPC;
	assert_int_equal(error_errno(&error, "cannot write %s", "/spool/x"), -1);
	assert_int_equal(error.class, ERROR_TEMPORARY);
	assert_int_equal(error.code, 452);
	assert_string_equal(error.enhanced, "4.3.1");
	assert_string_equal(ERROR_EN(&error), "cannot write /spool/x: No space left on device");
	error_context(&error, "account %s", "sales");
	assert_string_equal(ERROR_EN(&error), "account sales: cannot write /spool/x: No space left on device");
	assert_int_equal(error.code, 452);
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

static void test_lock_is_exclusive(void **context)
{
	char path[] = "/tmp/lanpost-unit-XXXXXX";
	int first = mkstemp(path), second = open(path, O_RDWR);

	(void)context;
	assert_int_equal(fsx_lock(first), 0);
	assert_int_equal(fsx_lock(second), 1);
	close(first);
	assert_int_equal(fsx_lock(second), 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_error_has_what_where_why),
	    cmocka_unit_test(test_replace_is_whole),
	    cmocka_unit_test(test_lock_is_exclusive),
	    cmocka_unit_test(test_date),
	    cmocka_unit_test(test_command),
	    cmocka_unit_test(test_command_that_hangs_is_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
