#include "base/alloc.h"
#include "sorter/pattern.h"
#include "tests/unit/cpu_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
	const char *glob, *text;
	bool expected;
} globs[] = {
    {"", "", true},
    {"", "a", false},
    {"a", "", false},
    {"*", "", true},
    {"**", "", true},
    {"*", "abc", true},
    {"?", "", false},
    {"?", "я", true},
    {"?", "яя", false},
    {"??", "яz", true},
    {"abc", "abc", true},
    {"abc", "abcd", false},
    {"a*", "abc", true},
    {"*c", "abc", true},
    {"*b", "abc", false},
    {"a*c", "ac", true},
    {"a*c", "abcbc", true},
    {"ab*ba", "aba", false},
    {"ab*ba", "abba", true},
    {"*ab*", "xxabxx", true},
    {"*a?c*", "xxabc", true},
    {"*a?c", "xxaяc", true},
    {"*a?c", "xxac", false},
    {"*??", "я", false},
    {"*??", "€", false},
    {"*??*", "€", false},
    {"*?€?", "€€€", true},
    {"*??", "яя", true},
    {"a*b*c", "a1b2c", true},
    {"a*b*c", "a1c2b", false},
    {"*.exe", "setup.exe", true},
    {"*.exe", "setup.exe.txt", false},
    {"?*", "", false},
    {"*?", "a", true},
};

static void test_globs(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(globs); i++)
		if (pattern_match_glob(slice_of(globs[i].glob), slice_of(globs[i].text)) !=
		    globs[i].expected)
			fail_msg("%s on %s", globs[i].glob, globs[i].text);
}

/* The definition, word for word; slow. */
static bool by_definition(const char *glob, const char *text)
{
	if (*glob == '\0')
		return *text == '\0';
	if (*glob == '*')
		return by_definition(glob + 1, text) ||
		       (*text != '\0' && by_definition(glob, text + 1));
	return *text != '\0' && (*glob == '?' || *glob == *text) &&
	       by_definition(glob + 1, text + 1);
}

static void test_as_defined(void **state)
{
	unsigned seed = 3;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		char glob[8], text[10];
		size_t length = (seed >> 8) % 7, text_length = (seed >> 12) % 9;

		for (size_t j = 0; j <= 9; j++) {
			seed = seed * 1103515245u + 12345u;
			if (j < length)
				glob[j] = "ab*?"[(seed >> 16) % 4];
			if (j < text_length)
				text[j] = "ab"[(seed >> 20) % 2];
		}
		glob[length] = text[text_length] = '\0';
		if (pattern_match_glob(slice_of(glob), slice_of(text)) != by_definition(glob, text))
			fail_msg("%s on %s", glob, text);
	}
}

/* A text that nearly matches everywhere. */
static void test_linear(void **state)
{
	size_t len = 64u << 20;
	char *text = xmalloc(len), glob[902];
	int64_t start = cpu_ms();

	(void)state;
	memset(text, 'a', len);
	memset(glob, 'a', sizeof(glob));
	glob[0] = glob[901] = '*';
	glob[900] = 'b';
	assert_false(pattern_match_glob(slice_make(glob, sizeof(glob)), slice_make(text, len)));
	assert_true(cpu_ms() - start < 20000);
	free(text);
}

/* The commonest mistakes in our words, which are translated; all others in the library's, in quotation marks. */
static void test_what_is_wrong_is_said(void **state)
{
	static const struct {
		const char *pattern, *said;
	} wrong[] = {
	    {"a(b", "a closing parenthesis is missing"},
	    {"a)b", "an opening parenthesis is missing"},
	    {"[a-", "the ] of a [ is missing"},
	    {"*a", "there is nothing before *, + or ? that it could repeat"},
	    {"a\\", "it ends in a backslash"},
	    {"a\\Cb", "\\C is not allowed"},
	    {"(?<n>a)(?<n>b)", "\"two named subpatterns have the same name"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct error error;
		size_t offset;

		assert_null(pattern_new(wrong[i].pattern, &offset, &error));
		if (strstr(ERROR_EN(&error), wrong[i].said) == NULL)
			fail_msg("%s: %s", wrong[i].pattern, ERROR_EN(&error));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_wrong_is_said),
	    cmocka_unit_test(test_globs),
	    cmocka_unit_test(test_as_defined),
	    cmocka_unit_test(test_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
