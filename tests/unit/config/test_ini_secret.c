/* The part of a configuration file that may be shown. */
#include "config/ini_secret.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
	const char *name, *text, *expected;
} cases[] = {
    {"nothing secret", "; hello\n[gateway]\nhostname = a\n", "; hello\n[gateway]\nhostname = a\n"},
    {"an account's password", "[account a]\nuser = x\npassword = geheim ; or so\nurl = y\n",
	"[account a]\nuser = x\n; password was left out of the backup\nurl = y\n"},
    {"however it is written", "[ Smarthost  a ]\n  PassWord=geheim\n", "[ Smarthost  a ]\n; password was left out of the backup\n"},
    {"over several lines", "[account a]\npassword = ge\\\nheim\nuser = x\n",
	"[account a]\n; password was left out of the backup\nuser = x\n"},
    {"a command is not one", "[account a]\npassword_command = pass show\n", "[account a]\npassword_command = pass show\n"},
    {"in a comment", "[account a]\n; password = old\n", "[account a]\n; password = old\n"},
    {"an empty one", "[user a]\npassword =\n", "[user a]\npassword =\n"},
    {"a user's clear one", "[user a]\nclear_password = x\n", "[user a]\n; clear_password was left out of the backup\n"},
    {"a tab behind the kind", "[account\ta]\npassword = x\n", "[account\ta]\n; password was left out of the backup\n"},
    {"a section that nobody knows", "[acount a]\npassword = x\n", "[acount a]\n; password was left out of the backup\n"},
    {"a title that is not closed", "[user a]\nuser = x\n[\x1a\nclear_password = x\n",
	"[user a]\nuser = x\n[\x1a\n; clear_password was left out of the backup\n"},
    {"no end of the line", "[account a]\npassword = x", "[account a]\n; password was left out of the backup\n"},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = BUF_INIT(65536);

		ini_without_secrets(slice_of(cases[i].text), &out);
		if (strcmp(buf_text(&out), cases[i].expected) != 0)
			fail_msg("%s: %s", cases[i].name, buf_text(&out));
		buf_clear(&out);
	}
}

static void test_hash(void **state)
{
	struct buf out = BUF_INIT(65536);
	char *line;

	(void)state;
	ini_without_secrets(SLICE_LITERAL("[user a]\npassword = $y$j9T$abc\n"), &out);
	line = strstr(buf_text(&out), "\npassword = $5$restored$");
	assert_non_null(line);
	assert_int_equal(strlen(line), strlen("\npassword = $5$restored$\n") + 43);
	buf_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_hash)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
