#include "base/alloc.h"
#include "config/ini.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct fixture {
	struct ini ini;
	struct conf_problems problems;
};

static struct fixture *read_text(struct slice text)
{
	struct fixture *fixture = xcalloc(1, sizeof(*fixture));

	ini_read(&fixture->ini, "a.conf", text, &fixture->problems);
	for (size_t i = 0; i < fixture->problems.count; i++)
		print_message("  %d: %s\n", fixture->problems.items[i].place.line,
		    PHRASE_EN(fixture->problems.items[i].phrase));
	return fixture;
}

static void drop(struct fixture *fixture)
{
	ini_clear(&fixture->ini);
	conf_problems_clear(&fixture->problems);
	free(fixture);
}

static const char *value(const struct fixture *fixture, size_t section, const char *key)
{
	const struct ini_section *found = &fixture->ini.sections[section];

	assert_true(section < fixture->ini.count);
	for (size_t i = 0; i < found->count; i++)
		if (strcmp(found->entries[i].key, key) == 0)
			return found->entries[i].value;
	return NULL;
}

static void values_are_iniparsers(void **state)
{
	static const struct {
		const char *line, *expected;
	} cases[] = {
	    {"k = v", "v"},
	    {"k=v", "v"},
	    {"  K  =  v w  ", "v w"},
	    {"k = v ; comment", "v"},
	    {"k = v\t# comment", "v"},
	    {"k =", ""},
	    {"k = ; comment", ""},
	    {"k = ''", ""},
	    {"k = \"\" ; comment", ""},
	    {"k = 'a;b#c'", "a;b#c"},
	    {"k = 'a;b' ; comment", "a;b"},
	    {"k = 'subject contains \"a;b\"'", "subject contains \"a;b\""},
	    {"k = \"it's; ok\"", "it's; ok"},
	    {"k = ' kept '", " kept "},
	    {"k = a = b", "a = b"},
	    {"k = O'Brien", "O'Brien"},
	    {"k = d'Arc ; boss", "d'Arc"},
	    {"k = \"a\" or \"b\"x", NULL},
	    {"k = subject contains \"a\" or x \"b\"", "subject contains \"a\" or x \"b\""},
	    {"k = c:\\path\\x", "c:\\path\\x"},
	    {"k = 'subject regex \"a \\d+\"'", "subject regex \"a \\d+\""},
	    {"k = \"p\\\\w;\" ; comment", "p\\\\w;"},
	    {"k = 'ends\\' ; comment", "ends\\"},
	    {"k = '\\'", "\\"},
	    {"k = v\r", "v"},
	    {"k = a \\\n  b \\\r\n c", "a   b  c"},
	    {"k = Счёт на оплату", "Счёт на оплату"},
	    {"k = v ; comment \\\nj = w", "v"},
	    {"; comment \\\nk = v", "v"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *text = xasprintf("[s]\n%s", cases[i].line);
		struct fixture *fixture = read_text(slice_of(text));

		print_message("%s\n", cases[i].line);
		if (cases[i].expected == NULL) {
			assert_int_equal(fixture->problems.errors, 1);
		} else {
			assert_int_equal(fixture->problems.count, 0);
			assert_string_equal(value(fixture, 0, "k"), cases[i].expected);
		}
		drop(fixture);
		free(text);
	}
}

/* With iniparser alone each would be silently wrong, or fail the whole file. */
static void traps_are_told_with_their_line(void **state)
{
	static const struct {
		const char *text;
		int line;
		const char *told; /* a part of it */
	} cases[] = {
	    {"[s]\n\nk = subject contains \"a;b\"\n", 3, "single quotes"},
	    {"[s]\nk = (subject contains \"a#b\") ; x\n", 2, "single quotes"},
	    {"[s]\nk = sh -c 'a ; b'\n", 2, "single quotes"},
	    {"[s]\nk = pon office; sleep 4\n", 2, "single quotes"},
	    {"[s]\nk = a#b\n", 2, "single quotes"},
	    {"[s]\nk = \"a\", \"b\"\n", 2, "closing quote"},
	    {"[s]\nk = 'it''s'\n", 2, "closing quote"},
	    {"[s]\nk = \"open\n", 2, "not closed"},
	    {"[s]\nk = 'open ; j\n", 2, "not closed"},
	    {"[s]\nword\n", 2, "neither"},
	    {"[s\nk = v\n", 1, "not closed by a ]"},
	    {"[s] x\n", 1, "after the ]"},
	    {"[]\n", 1, "no name"},
	    {"[ ]\n", 1, "no name"},
	    {"k = v\n", 1, "outside"},
	    {"[s]\n= v\n", 2, "key before"},
	    {"[s]\nk = 1\n\nK = 2\n", 4, "twice"},
	    {"[s]\n[t]\n[S]\n", 3, "first: a.conf:1"},
	    {"[user ivan]\n[user  Ivan]\n", 2, "first: a.conf:1"},
	    {"[s]\nk = v \\", 2, "no line follows"},
	    {"[s]\nk = v \\\\\n\\\\\n", 2, "no line follows"},
	    {"[s]\nk = \xcf\xf0\n", 2, "UTF-8"},
	    {"[\xcf\xf0]\n", 1, "UTF-8"},
	    {"[s]\nk = a\x1b[2J\n", 2, "control"},
	    {"[s]\rk = v\r", 1, "control"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fixture *fixture;

		print_message("%s", cases[i].text);
		fixture = read_text(slice_of(cases[i].text));
		assert_int_equal(fixture->problems.errors, 1);
		assert_int_equal(fixture->problems.items[0].place.line, cases[i].line);
		assert_string_equal(fixture->problems.items[0].place.file, "a.conf");
		assert_non_null(strstr(PHRASE_EN(fixture->problems.items[0].phrase), cases[i].told));
		drop(fixture);
	}
}

static void one_bad_line_spoils_no_other(void **state)
{
	struct fixture *fixture = read_text(slice_of("[s]\na = 1\nbare\nb = \"x\" y\nc = 3\n"
						     "[broken\nd = 4\n[t] ; comment\ne = 5 \\\n 6\nf = 7"));

	(void)state;
	assert_int_equal(fixture->problems.errors, 3);
	assert_int_equal(fixture->ini.count, 2);
	assert_string_equal(value(fixture, 0, "a"), "1");
	assert_string_equal(value(fixture, 0, "c"), "3");
	assert_null(value(fixture, 0, "d"));
	assert_true(fixture->ini.sections[0].entries[1].is_faulty);
	assert_string_equal(value(fixture, 1, "e"), "5  6");
	assert_string_equal(value(fixture, 1, "f"), "7");
	assert_int_equal(fixture->ini.sections[1].place.line, 8);
	assert_int_equal(fixture->ini.sections[1].entries[1].place.line, 11);
	drop(fixture);
}

static void a_byte_order_mark_is_only_a_warning(void **state)
{
	struct fixture *fixture = read_text(slice_of("\xEF\xBB\xBF[s]\r\nk = v\r\n"));

	(void)state;
	assert_int_equal(fixture->problems.errors, 0);
	assert_int_equal(fixture->problems.count, 1);
	assert_string_equal(value(fixture, 0, "k"), "v");
	drop(fixture);
}

static void a_nul_byte_is_an_error(void **state)
{
	struct fixture *fixture = read_text(SLICE_LITERAL("[s]\nk = a\0b\nj = 1\n"));

	(void)state;
	assert_int_equal(fixture->problems.errors, 1);
	assert_int_equal(fixture->problems.items[0].place.line, 2);
	assert_string_equal(value(fixture, 0, "j"), "1");
	drop(fixture);
}

static void titles_have_a_kind_and_a_name(void **state)
{
	struct fixture *fixture = read_text(slice_of("[ User\tIvan ]\n[gateway]\n[rule My Счёт 1]\n"));

	(void)state;
	assert_int_equal(fixture->problems.count, 0);
	assert_string_equal(fixture->ini.sections[0].kind, "user");
	assert_string_equal(fixture->ini.sections[0].name, "ivan");
	assert_string_equal(fixture->ini.sections[1].name, "");
	assert_string_equal(fixture->ini.sections[2].name, "my Счёт 1");
	drop(fixture);
}

/* Up to INI_LINE_MAX iniparser must accept it, a longer one is reported. */
static void long_lines(void **state)
{
	(void)state;
	for (int len = INI_LINE_MAX - 3; len <= INI_LINE_MAX + 40; len++) {
		char *text = xasprintf("[s]\nk = %0*d\nj = 2\n", len - 4, 1);
		struct fixture *fixture = read_text(slice_of(text));

		assert_int_equal(fixture->problems.errors, len > INI_LINE_MAX);
		if (len <= INI_LINE_MAX)
			assert_int_equal(strlen(value(fixture, 0, "k")), len - 4);
		assert_string_equal(value(fixture, 0, "j"), "2");
		drop(fixture);
		free(text);
	}
}

static void continued_lines_count_together(void **state)
{
	char *text = xasprintf("[s]\nk = %0600d \\\n%0600d\nj = 2\n", 1, 2);
	struct fixture *fixture = read_text(slice_of(text));

	(void)state;
	assert_int_equal(fixture->problems.errors, 1);
	assert_int_equal(fixture->problems.items[0].place.line, 2);
	assert_string_equal(value(fixture, 0, "j"), "2");
	drop(fixture);
	free(text);
}

static void a_file_is_bounded(void **state)
{
	char *text = xmalloc(INI_FILE_MAX + 1);
	struct fixture *fixture;

	(void)state;
	memset(text, '\n', INI_FILE_MAX + 1);
	fixture = read_text(slice_make(text, INI_FILE_MAX + 1));
	assert_int_equal(fixture->problems.errors, 1);
	drop(fixture);
	for (size_t i = 0; i + 4 <= INI_FILE_MAX; i += 4)
		memcpy(text + i, "[a]\n", 4);
	fixture = xcalloc(1, sizeof(*fixture));
	ini_read(&fixture->ini, "a.conf", slice_make(text, INI_FILE_MAX), &fixture->problems);
	assert_true(fixture->ini.count <= INI_KEYS_MAX);
	assert_true(fixture->problems.count <= 1000);
	drop(fixture);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values_are_iniparsers),
	    cmocka_unit_test(traps_are_told_with_their_line),
	    cmocka_unit_test(one_bad_line_spoils_no_other),
	    cmocka_unit_test(a_byte_order_mark_is_only_a_warning),
	    cmocka_unit_test(a_nul_byte_is_an_error),
	    cmocka_unit_test(titles_have_a_kind_and_a_name),
	    cmocka_unit_test(long_lines),
	    cmocka_unit_test(continued_lines_count_together),
	    cmocka_unit_test(a_file_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
