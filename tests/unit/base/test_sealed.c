/* Texts for another process. */
#include "base/process/sealed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

static void test_nobody_can_change_it(void **state)
{
	struct buf out = BUF_INIT(100);
	struct error error;
	int fd = sealed_new("text", SLICE_LITERAL("checked"), &error);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "y", 1, 0), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(sealed_read(fd, &out, &error), 0);
	assert_string_equal(buf_text(&out), "checked");
	close(fd);
	buf_clear(&out);
}

static void test_too_much_is_an_error(void **state)
{
	struct buf out = BUF_INIT(2);
	struct error error;
	int fd = sealed_new("text", SLICE_LITERAL("long"), &error);

	(void)state;
	assert_int_equal(sealed_read(fd, &out, &error), -1);
	assert_int_equal(error.class, ERROR_LIMIT);
	close(fd);
	assert_int_equal(sealed_read(-1, &out, &error), -1);
	buf_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_nobody_can_change_it), cmocka_unit_test(test_too_much_is_an_error)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
