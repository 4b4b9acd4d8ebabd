/* The folders of an IMAP account: which values name them, which names fit, and what holds for each. */
#include "config/conf_folders.h"

#include "base/alloc.h"
#include "config/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct value_limits days = {.min = 1, .max = 3650};

static void values(void **state)
{
	static const struct {
		enum value_type type;
		const char *text, *expected; /* NULL: refused */
	} cases[] = {
	    {VALUE_FOLDERS, "INBOX", "INBOX|"},
	    {VALUE_FOLDERS, "inbox, Spam, \"Clients/*\" , \"a, b\", inbox/Sent", "INBOX|Spam|Clients/*|a, b|INBOX/Sent|"},
	    {VALUE_FOLDERS, "Spam, Spam", "Spam|"},
	    {VALUE_FOLDERS, "Удалённые", "Удалённые|"},
	    {VALUE_FOLDERS, "", NULL},
	    {VALUE_FOLDERS, "Spam,,", NULL},
	    {VALUE_FOLDERS, "\"", NULL},
	    {VALUE_FOLDERS, "\"\"", NULL},
	    {VALUE_FOLDERS, "/a", NULL},
	    {VALUE_FOLDERS, "a/", NULL},
	    {VALUE_FOLDERS, "a\tb", NULL},
	    {VALUE_FOLDER_TARGETS, "", ""},
	    {VALUE_FOLDER_TARGETS, "Spam->*/Junk, \"Clients/*\"  ->  ivan/Big deals", "Spam -> */Junk|Clients/* -> ivan/Big deals|"},
	    {VALUE_FOLDER_TARGETS, "Spam -> ", NULL},
	    {VALUE_FOLDER_TARGETS, "-> ivan", NULL},
	    {VALUE_FOLDER_TARGETS, "Spam", NULL},
	    {VALUE_FOLDER_TARGETS, "Spam -> *", NULL},
	    {VALUE_FOLDER_TARGETS, "Spam -> */../x", NULL},
	    {VALUE_FOLDER_TARGETS, "Spam -> */INBOX", NULL},
	    {VALUE_FOLDER_KEEPS, "Spam no, \"Clients/*\" 30d, A b yes", "Spam=0|Clients/*=2592000|A b=-1|"},
	    {VALUE_FOLDER_KEEPS, "Spam", NULL},
	    {VALUE_FOLDER_KEEPS, "Spam 30", NULL},
	    {VALUE_FOLDER_KEEPS, " 30d", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strlist list = {NULL, 0};
		struct conf_folder_ages keeps = {NULL, 0};
		bool is_keep = cases[i].type == VALUE_FOLDER_KEEPS;
		void *field = is_keep ? (void *)&keeps : (void *)&list;
		struct error error = ERROR_INIT;
		struct buf out = BUF_INIT(1000);
		int result = value_parse(cases[i].type, slice_of(cases[i].text), &days, field, &error);

		for (size_t j = 0; j < list.count; j++)
			buf_printf(&out, "%s|", list.items[j]);
		for (size_t j = 0; j < keeps.count; j++)
			buf_printf(&out, "%s=%lld|", keeps.items[j].folder, (long long)keeps.items[j].seconds);
		print_message("`%s`: %s %s\n", cases[i].text, buf_text(&out), result == 0 ? "" : ERROR_EN(&error));
		assert_int_equal(result, cases[i].expected == NULL ? -1 : 0);
		if (result == 0)
			assert_string_equal(buf_text(&out), cases[i].expected);
		value_clear(cases[i].type, field);
		buf_clear(&out);
	}
}

static void patterns(void **state)
{
	static const struct {
		const char *pattern, *folder;
		bool fits;
	} cases[] = {
	    {"INBOX", "INBOX", true},
	    {"Spam", "spam", false},
	    {"Clients/*", "Clients/A/B", true},
	    {"Clients/%", "Clients/A", true},
	    {"Clients/%", "Clients/A/B", false},
	    {"Clients/*", "Clients", false},
	    {"*", "a/b", true},
	    {"%", "a/b", false},
	    {"*/%", "a/b/c", true},
	    {"%/b/*", "a/b/c", true},
	    {"%/b/*", "a/x/b/c", false},
	    {"*x%y", "ax/xay", true},
	    {"*x%y", "xa/xa/y", false},
	    {"*a*b", "aXbXb", true},
	    {"", "a", false},
	    {"", "", true},
	    {"*******************a", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		print_message("%s: %s\n", cases[i].pattern, cases[i].folder);
		assert_int_equal(conf_folders_fit(cases[i].pattern, cases[i].folder), cases[i].fits);
	}
}

static void what_holds_for_a_folder(void **state)
{
	char *folders[] = {(char *)"Spam", (char *)"Clients/*"};
	char *targets[] = {(char *)"Clients/Big -> buh", (char *)"Clients/* -> ivan/Clients"};
	struct conf_folder_age keeps[] = {{(char *)"Spam", -1}, {(char *)"Clients/*", 2 * 86400}};
	struct conf_account account = {
	    .remote = {.url = (char *)"imap://imap.example.ru:143", .user = (char *)"Office"},
	    .folders = {folders, 2},
	    .folders_to = {targets, 2},
	    .folders_keep = {keeps, 2},
	};
	char *inbox = conf_folders_mailbox(&account, "INBOX"), *big = conf_folders_mailbox(&account, "Clients/Big");

	(void)state;
	assert_string_equal(inbox, "office imap.example.ru"); /* as before there were folders */
	assert_string_equal(big, "office imap.example.ru/Clients/Big");
	assert_string_equal(conf_folders_of_mailbox(&account, big), "Clients/Big");
	assert_null(conf_folders_of_mailbox(&account, inbox)); /* it is not fetched */
	assert_null(conf_folders_of_mailbox(&account, "office imap.example.rus"));
	assert_string_equal(conf_folders_target(&account, "Clients/Big"), "buh");
	assert_string_equal(conf_folders_target(&account, "Clients/Small"), "ivan/Clients");
	assert_null(conf_folders_target(&account, "Spam"));
	assert_int_equal(conf_folders_keep_days(&account, "Spam"), -1);
	assert_int_equal(conf_folders_keep_days(&account, "Clients/Big"), 2);
	assert_int_equal(conf_folders_keep_days(&account, "Other"), 0);
	free(inbox);
	free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values),
	    cmocka_unit_test(patterns),
	    cmocka_unit_test(what_holds_for_a_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
