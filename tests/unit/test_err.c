/* Errors in two languages. */
#include "base/buf.h"
#include "base/catalog.h"
#include "base/err.h"
#include "base/i18n.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const pairs[][2] = {
    {"", "Content-Type: text/plain; charset=UTF-8\n"},
    {"account %s", "учётная запись %s"},
    {"cannot connect to %s: %d", "нет связи с %s: %d"},
    {"sending", "отправка"},
};
#define COUNT (sizeof(pairs) / sizeof(pairs[0]))

static void put_word(FILE *out, size_t word)
{
	uint32_t value = (uint32_t)word;

	assert_int_equal(fwrite(&value, sizeof(value), 1, out), 1);
}

/* What msgfmt writes, without its hash table. */
static void write_mo(const char *path)
{
	size_t tables = 7 * 4, texts = tables + 2 * COUNT * 8;
	FILE *out = fopen(path, "wb");

	assert_non_null(out);
	put_word(out, 0x950412de);
	put_word(out, 0);
	put_word(out, COUNT);
	put_word(out, tables);
	put_word(out, tables + COUNT * 8);
	put_word(out, 0);
	put_word(out, texts);
	for (size_t side = 0; side < 2; side++)
		for (size_t i = 0; i < COUNT; i++) {
			put_word(out, strlen(pairs[i][side]));
			put_word(out, texts);
			texts += strlen(pairs[i][side]) + 1;
		}
	for (size_t side = 0; side < 2; side++)
		for (size_t i = 0; i < COUNT; i++)
			assert_int_equal(fwrite(pairs[i][side], 1, strlen(pairs[i][side]) + 1, out), strlen(pairs[i][side]) + 1);
	assert_int_equal(fclose(out), 0);
}

static int open_catalog(void **context)
{
	static const char *const parts[] = {"", "/ru", "/ru/LC_MESSAGES", "/ru/LC_MESSAGES/lanpost.mo"};
	char folder[] = "/tmp/lanpost-unit-XXXXXX", path[128];

	(void)context;
	assert_non_null(mkdtemp(folder));
	for (size_t i = 1; i < 3; i++) {
		snprintf(path, sizeof(path), "%s%s", folder, parts[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	snprintf(path, sizeof(path), "%s%s", folder, parts[3]);
	write_mo(path);
	catalog_open(folder);
	for (size_t i = 4; i-- > 0;) {
		snprintf(path, sizeof(path), "%s%s", folder, parts[i]);
		assert_int_equal(remove(path), 0);
	}
	return 0;
}

static void test_the_catalog_answers_both_ways(void **context)
{
	(void)context;
	for (size_t i = 1; i < COUNT; i++) {
		assert_string_equal(catalog_russian(pairs[i][0]), pairs[i][1]);
		assert_string_equal(catalog_english(pairs[i][1]), pairs[i][0]);
	}
	assert_null(catalog_russian(""));
	assert_null(catalog_russian("accounts"));
	assert_null(catalog_russian("zebra"));
	assert_null(catalog_english(pairs[0][1]));
}

/* As gettext gives the texts: English ones while the process speaks English. */
static void set(struct error *error, int language)
{
	error_set(error, ERROR_TEMPORARY, pairs[2][language], "a\033b", 7);
	error_context(error, pairs[1][language], "sales");
}

static void test_an_error_is_said_in_the_language_of_the_moment(void **context)
{
	static const char *const languages[] = {"en", "ru"};
	static const char *const said[] = {
	    "account sales: cannot connect to a\\x1bb: 7",
	    "учётная запись sales: нет связи с a\\x1bb: 7",
	};

	(void)context;
	for (int from = 0; from < 2; from++)
		for (int to = 0; to < 2; to++) {
			struct error error;

			i18n_switch(languages[from]);
			set(&error, from);
			assert_string_equal(error.text, said[from]);
			i18n_switch(languages[to]);
			assert_string_equal(error_said(&error), said[to]);
		}
	i18n_switch("en");
}

static void test_context_may_come_in_another_language(void **context)
{
	struct error error;

	(void)context;
	error_set(&error, ERROR_TEMPORARY, "sending");
	i18n_switch("ru");
	error_context(&error, pairs[1][1], "sales");
	assert_string_equal(error_said(&error), "учётная запись sales: отправка");
	i18n_switch("en");
	assert_string_equal(error_said(&error), "account sales: sending");
}

static void test_what_is_not_translated_is_the_same_in_both(void **context)
{
	struct error error;

	(void)context;
	error_set(&error, ERROR_IO, "no such %s", "thing");
	i18n_switch("ru");
	assert_string_equal(error_said(&error), "no such thing");
	i18n_switch("en");
	error_set_other(&error, "нет: %s", i18n_other("sending"));
	i18n_switch("ru");
	assert_string_equal(error_said(&error), "нет: отправка");
	i18n_switch("en");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_catalog_answers_both_ways),
	    cmocka_unit_test(test_an_error_is_said_in_the_language_of_the_moment),
	    cmocka_unit_test(test_context_may_come_in_another_language),
	    cmocka_unit_test(test_what_is_not_translated_is_the_same_in_both),
	};

	return cmocka_run_group_tests(tests, open_catalog, NULL);
}
