#include "base/alloc.h"
#include "base/catalog.h"
#include "base/conversion.h"
#include "base/err.h"
#include "base/i18n.h"
#include "base/plural.h"
#include "tests/unit/remove_tree.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* A catalogue, in order; the first is its head. "\1" stands for the 0 between forms. */
static const char *const pairs[][2] = {
    {"", "Plural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);\n"},
    {"%d message waits\1%d messages wait", "ждёт %d письмо\1ждут %d письма\1ждут %d писем"},
    {"No space left on device", "На диске нет места"},
    {"account %s", "учётная запись %s"},
    {"cannot write %s", "не удаётся записать %s"},
    {"free: %s since %s", "с %2$s свободно: %1$s"},
    {"never cut: %s", "без конца: %s"},
    {"sending", "отправка"},
    {"the server did not take %s while %s (%d, %lld, %zu)", "при %2$s сервер не принял %1$s (%5$zu, %4$lld, %3$d)"},
};

static void write_catalog(const char *path)
{
	static char file[8192];
	const uint32_t head[7] = {0x950412de, 0, ARRAY_LEN(pairs), 28, 28 + 8 * ARRAY_LEN(pairs), 0, 0};
	size_t at = 28 + 16 * ARRAY_LEN(pairs);
	FILE *out = fopen(path, "wb");

	assert_non_null(out);
	memcpy(file, head, sizeof(head));
	for (size_t side = 0; side < 2; side++)
		for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
			const char *text = pairs[i][side];
			const uint32_t entry[2] = {(uint32_t)strlen(text), (uint32_t)at};

			memcpy(file + head[3 + side] + 8 * i, entry, sizeof(entry));
			for (size_t byte = 0; byte <= strlen(text); byte++, at++)
				file[at] = text[byte] == '\1' ? '\0' : text[byte];
		}
	assert_int_equal(fwrite(file, 1, at, out), at);
	assert_int_equal(fclose(out), 0);
}

static int open_it(void **state)
{
	char folder[] = "/tmp/lanpost-catalog-XXXXXX";
	char *path;

	(void)state;
	assert_non_null(mkdtemp(folder));
	path = xasprintf("%s/ru", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	free(path);
	path = xasprintf("%s/ru/LC_MESSAGES", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	free(path);
	path = xasprintf("%s/ru/LC_MESSAGES/lanpost.mo", folder);
	write_catalog(path);
	free(path);
	setenv("TZ", "UTC", 1);
	i18n_start("en");
	i18n_open(folder);
	remove_tree(folder);
	return 0;
}

static int close_it(void **state)
{
	(void)state;
	i18n_open("/nonexistent"); /* so that a sanitizer sees that everything is freed */
	return 0;
}

/* --- texts */

static void test_each_language_has_its_text(void **context)
{
	(void)context;
	assert_string_equal(i18n_in("ru", "sending"), "отправка");
	assert_string_equal(i18n_in("en", "sending"), "sending");
	assert_string_equal(i18n_in("fr", "sending"), "sending");
	assert_string_equal(i18n_in("ru", "zebra"), "zebra");
	assert_string_equal(i18n_in("ru", ""), "");
	assert_string_equal(i18n_in("ru", "account"), "account");
}

static void test_forms_follow_the_number(void **context)
{
	static const struct {
		unsigned long n;
		const char *text;
	} cases[] = {{0, "ждут %d писем"}, {1, "ждёт %d письмо"}, {2, "ждут %d письма"}, {5, "ждут %d писем"},
	    {11, "ждут %d писем"}, {14, "ждут %d писем"}, {21, "ждёт %d письмо"}, {104, "ждут %d письма"}};

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(
		    i18n_plural_in("ru", "%d message waits", "%d messages wait", cases[i].n), cases[i].text);
	assert_string_equal(i18n_plural_in("en", "one", "many", 1), "one");
	assert_string_equal(i18n_plural_in("en", "one", "many", 21), "many");
	assert_string_equal(i18n_plural_in("ru", "no such", "many", 2), "many");
}

static void test_rules_for_forms(void **context)
{
	static const struct {
		const char *rule;
		unsigned long n, form;
	} cases[] = {{"n != 1", 1, 0}, {"n != 1", 2, 1}, {"0", 7, 0}, {"n>1", 1, 0}, {" ( n == 2 ) * 3 ", 2, 3}, {"!n", 0, 1},
	    {"n%0", 5, 0}, {"n ? 1 : 2", 0, 2}, {"n==1 ? 0 : n==2 ? 1 : 2", 3, 2}, {"10-2-3", 0, 5}, {"1+2*3", 0, 7},
	    {"n", 4, 4}, {"", 4, 0}, {"(n", 4, 0}, {"n ?", 4, 0}, {"n <= 4 && n >= 4 || 0", 4, 1}};
	char deep[4096];

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (plural_form(slice_of(cases[i].rule), cases[i].n) != cases[i].form)
			fail_msg("%s of %lu", cases[i].rule, cases[i].n);
	memset(deep, '(', sizeof(deep));
	assert_int_equal(plural_form(slice_make(deep, sizeof(deep)), 3), 0);
	memset(deep, '!', sizeof(deep));
	assert_int_equal(plural_form(slice_make(deep, sizeof(deep)), 3), 0);
}

static void *speak_russian(void *context)
{
	for (int i = 0; i < 20000; i++) {
		const char *before = i18n_speak("ru");

		if (strcmp(_("sending"), "отправка") != 0 || before != NULL)
			*(bool *)context = false;
		i18n_speak(before);
	}
	return NULL;
}

static void test_threads_speak_their_own_languages(void **context)
{
	bool good = true;
	pthread_t thread;

	(void)context;
	assert_int_equal(pthread_create(&thread, NULL, speak_russian, &good), 0);
	for (int i = 0; i < 20000; i++)
		assert_string_equal(_("sending"), "sending");
	pthread_join(thread, NULL);
	assert_true(good);
}

static void test_the_environment_names_a_language(void **context)
{
	static const struct {
		const char *variable, *value, *language;
	} cases[] = {{"LANG", "ru_RU.UTF-8", "ru"}, {"LANG", "ru", "ru"}, {"LANG", "rum_X", "en"}, {"LANG", "C.UTF-8", "en"},
	    {"LC_ALL", "en_GB", "en"}, {"LANGUAGE", "uk:ru:en", "ru"}, {"LANGUAGE", "fr", "en"}, {"LC_MESSAGES", "ru@x", "ru"}};

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		unsetenv("LANGUAGE"), unsetenv("LC_ALL"), unsetenv("LC_MESSAGES");
		setenv("LANG", "ru_RU.UTF-8", 1);
		setenv(cases[i].variable, cases[i].value, 1);
		assert_string_equal(i18n_locale_language(), cases[i].language);
	}
}

/* --- phrases */

static const char *said(const char *phrase, const char *language)
{
	static char text[PHRASE_TEXT_MAX];

	return phrase_show(text, sizeof(text), phrase, language);
}

static void test_an_error_is_said_in_any_language(void **context)
{
	struct error error;

	(void)context;
	error_set(&error, ERROR_TEMPORARY, N_("the server did not take %s while %s (%d, %lld, %zu)"), "a\033b",
	    PHRASE_WORD(N_("sending")), 7, -5LL, (size_t)9);
	error_context(&error, N_("account %s"), "sales");
	assert_string_equal(ERROR_EN(&error), "account sales: the server did not take a\\x1bb while sending (7, -5, 9)");
	assert_string_equal(said(error.phrase, "ru"),
	    "учётная запись sales: при отправка сервер не принял a\\x1bb (9, -5, 7)");
	i18n_speak("ru");
	assert_string_equal(ERROR_SAID(&error), said(error.phrase, "ru"));
	assert_string_equal(ERROR_EN(&error), said(error.phrase, "en"));
	i18n_speak(NULL);
	assert_string_equal(ERROR_SAID(&error), said(error.phrase, "en"));
}

static void test_errno_is_said_in_any_language(void **context)
{
	struct error error;

	(void)context;
	errno = ENOSPC;
	error_errno(&error, N_("cannot write %s"), "/x");
	assert_int_equal(error.saved_errno, ENOSPC);
	assert_string_equal(ERROR_EN(&error), "cannot write /x: No space left on device");
	assert_string_equal(said(error.phrase, "ru"), "не удаётся записать /x: На диске нет места");
}

static void test_sizes_and_times_are_those_of_the_language(void **context)
{
	char phrase[PHRASE_MAX];

	(void)context;
	phrase_set(phrase, sizeof(phrase), N_("free: %s since %s"), PHRASE_SIZE(1536), PHRASE_TIME(0));
	assert_string_equal(said(phrase, "en"), "free: 1.5 KB since 1970-01-01 00:00");
	assert_string_equal(said(phrase, "ru"), "с 01.01.1970 00:00 свободно: 1,5 KB");
}

static void test_plain_texts_are_said_as_they_are(void **context)
{
	(void)context;
	assert_string_equal(said("sending", "ru"), "sending");
	assert_string_equal(said("%s%n 100%", "ru"), "%s%n 100%");
	assert_string_equal(said("a\x1f" "b\x03", "ru"), "a\\x1fb\\x03");
	assert_string_equal(said("", "ru"), "");
	assert_false(phrase_is("sending"));
}

static void test_conversions_of_all_kinds(void **context)
{
	char phrase[PHRASE_MAX];

	(void)context;
	phrase_set(phrase, sizeof(phrase), "%% %c %5.2s|%-4d|%04x|%.*s|%hhu|%ju|%ld|%llu", 'c', "abc", 7, 255u, 2, "xyz",
	    (unsigned char)9, (uintmax_t)8, -1L, 1ULL << 40);
	assert_string_equal(said(phrase, "en"), "% c    ab|7   |00ff|xy|9|8|-1|1099511627776");
}

/* A text that does not fit is truncated, and can still be shown, stored and nested. */
static void test_long_ones_are_cut(void **context)
{
	char words[4096], phrase[64];
	struct error error;

	(void)context;
	memset(words, 'w', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	error_set(&error, ERROR_IO, N_("never cut: %s"), words);
	for (int i = 0; i < 20; i++)
		error_context(&error, N_("account %s"), "sales");
	assert_true(strlen(error.phrase) < sizeof(error.phrase));
	assert_int_equal(error.phrase[strlen(error.phrase) - 1], '\x03');
	assert_memory_equal(ERROR_EN(&error), "account sales: account sales: ", 30);
	for (size_t size = 1; size < sizeof(phrase); size++) {
		phrase_set(phrase, size, N_("account %s"), PHRASE(N_("never cut: %s"), "ёё"));
		assert_true(strlen(phrase) < size);
		said(phrase, "ru");
	}
}

/* --- texts that are not phrases of ours */

static void test_hostile_ones_do_no_harm(void **context)
{
	static const char *const hostile[] = {"\x02", "\x02\x03", "\x02%s", "\x02%s\x1f", "\x02%n%n%n%99999999d%s\x1fx\x03",
	    "\x02%9$s%99$s%0$s\x1fx\x03", "\x02%s\x1f\x02%s\x1f\x02%s\x1f\x02", "\x02sending\x1e", "\x02sending\x1e\x1e",
	    "\x02sending\x1e%s\x1e" "99999999999999999999\x1fx\x03", "\x02\x1d", "\x02\x1d" "b\x03", "\x02\x1d" "t99999999999999999\x03",
	    "\x02\x1dzz\x03", "\x02%\x03", "\x02%-+ #0*.*llld\x03", "\x02\xff\xfe%s\x1f\xff\x03", "\x02%1$*2$d\x1f" "a\x1f" "b\x03",
	    "\x02\x02\x02\x02\x03\x03\x03\x03\x03\x03", "\x03\x02"};
	char text[64];

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(hostile); i++)
		for (size_t size = 1; size <= sizeof(text); size++) {
			phrase_show(text, size, hostile[i], "ru");
			assert_true(strlen(text) < size);
			assert_true(utf8_is_valid(slice_of(text)));
		}
	assert_string_equal(said("\x02%n%n%n%99999999d%s\x1fx\x03", "en"), "%n%n%n%99999999dx");
	assert_string_equal(said("\x02\x1d" "t9223372036854775807\x03", "ru"), "");
	assert_string_equal(said("\x02%2$s\x1f" "a\x1f" "b", "en"), "b");
}

/* Each level says its argument many times: without a bound that would be 15 to the power of the depth. */
static void test_work_is_bounded(void **context)
{
	char phrase[4096] = "";

	(void)context;
	for (int level = 0; level < 9; level++)
		strcat(phrase, "\x02%1$s%1$s%1$s%1$s%1$s%1$s%1$s%1$s%1$s%1$s%1$s%1$s%1$s%1$s%1$s\x1f");
	assert_string_equal(said(phrase, "en"), "");
}

static void test_any_bytes(void **context)
{
	static const char alphabet[] = "\x02\x03\x1f\x1e\x1d%s%1$*.dlzx\xd0\xbf a";
	unsigned seed = 12345;
	char raw[200], text[128], kept[128];

	(void)context;
	for (int round = 0; round < 20000; round++) {
		size_t len;

		seed = seed * 1103515245 + 12345;
		len = (seed >> 16) % (sizeof(raw) - 1);
		for (size_t i = 0; i < len; i++) {
			seed = seed * 1103515245 + 12345;
			raw[i] = alphabet[(seed >> 16) % (sizeof(alphabet) - 1)];
		}
		raw[len] = '\0';
		phrase_show(text, sizeof(text), raw, round % 2 == 0 ? "ru" : "en");
		assert_true(utf8_is_valid(slice_of(text)));
		assert_null(strpbrk(text, "\x02\x03\x1d\x1e\x1f\n\033"));
		/* Whatever it was: as an argument it is one that is said whole, and does not swallow what follows. */
		phrase_set(kept, sizeof(kept), "%s|%s", "first", raw);
		assert_memory_equal(said(kept, "en"), "first|", 6);
		phrase_set(kept, sizeof(kept), "%s", raw);
		assert_true(strlen(kept) < sizeof(kept));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_language_has_its_text),
	    cmocka_unit_test(test_forms_follow_the_number),
	    cmocka_unit_test(test_rules_for_forms),
	    cmocka_unit_test(test_threads_speak_their_own_languages),
	    cmocka_unit_test(test_the_environment_names_a_language),
	    cmocka_unit_test(test_an_error_is_said_in_any_language),
	    cmocka_unit_test(test_errno_is_said_in_any_language),
	    cmocka_unit_test(test_sizes_and_times_are_those_of_the_language),
	    cmocka_unit_test(test_plain_texts_are_said_as_they_are),
	    cmocka_unit_test(test_conversions_of_all_kinds),
	    cmocka_unit_test(test_long_ones_are_cut),
	    cmocka_unit_test(test_hostile_ones_do_no_harm),
	    cmocka_unit_test(test_work_is_bounded),
	    cmocka_unit_test(test_any_bytes),
	};

	return cmocka_run_group_tests(tests, open_it, close_it);
}
