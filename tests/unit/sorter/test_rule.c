#include "base/alloc.h"
#include "message/scan/scan_verdict.h"
#include "sorter/match.h"
#include "tests/unit/cpu_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char message[] =
    "Received: from a by b\r\n"
    "From: =?windows-1251?B?weDt6g==?= <News@Bank.RU>\r\n"
    "To: \"Petrov, Ivan\" <ivan@office.lan>, buh@office.lan\r\n"
    "Cc: one@x.ru\r\n"
    "Cc: two@x.ru\r\n"
    "X-Original-To: Sales+a@Example.ru\r\n"
    "Subject: =?koi8-r?B?896j1A==?= =?koi8-r?Q?_=CE=C1_=CF=D0=CC=C1=D4=D5_=28=E95=29?=\r\n"
    "X-Street: Hauptstra\xc3\x9f"
    "e \xce\xa3\xce\x99\xce\xa3\r\n"
    "X-Quote: say \"hi\" \\ now\r\n"
    "\r\n"
    "Body: contains nothing\r\n";

static const struct {
	const char *when;
	bool expected;
	const char *matched; /* NULL: not looked at */
} conditions[] = {
    {"always", true, NULL},
    {"ALWAYS", true, NULL},
    {"subject contains \"счёт\"", true, "Счёт"},
    {"SUBJECT Contains \"НА ОПЛАТУ\"", true, "на оплату"},
    {"subject contains \"счет\"", false, NULL},
    {"subject is \"счёт на оплату (и5)\"", true, "Счёт на оплату (И5)"},
    {"subject is \"счёт\"", false, NULL},
    {"subject begins \"СЧЁТ\"", true, "Счёт"},
    {"subject begins \"на\"", false, NULL},
    {"subject ends \"(и5)\"", true, "(И5)"},
    {"subject ends \"счёт\"", false, NULL},
    {"subject matches \"счёт*(?5)\"", true, NULL},
    {"subject matches \"счёт\"", false, NULL},
    {"subject matches \"*оплату*\"", true, NULL},
    {"subject regex \"^счёт\\s+на .*\\(\\w\\d\\)$\"", true, NULL},
    {"subject regex \"опл[ао]ту\"", true, "оплату"},
    {"subject regex \"^оплату\"", false, NULL},
    {"subject contains \"\"", true, ""},
    {"from contains \"банк\"", true, "Банк"},
    {"from ends \"@bank.ru\"", true, "@bank.ru"},
    {"from is \"news@bank.ru\"", true, NULL},
    {"from begins \"news@\"", true, NULL},
    {"from begins \"банк\"", true, NULL},
    {"from matches \"*@bank.??\"", true, NULL},
    {"from regex \"^news@bank\\.ru$\"", true, NULL},
    {"from ends \"@bank.com\"", false, NULL},
    {"to is \"buh@office.lan\"", true, NULL},
    {"to begins \"petrov\"", false, NULL},
    {"cc contains \"two@\"", true, "two@"},
    {"cc contains \"three@\"", false, NULL},
    {"recipient is \"sales+a@example.ru\"", true, NULL},
    {"recipient contains \"one@x.ru\"", true, NULL},
    {"recipient contains \"bank\"", false, NULL},
    {"anyheader contains \"from a by\"", true, NULL},
    {"anyheader contains \"nothing\"", false, NULL},
    {"x-street contains \"HAUPTSTRASSE\"", true, "Hauptstraße"},
    {"x-street ends \"σις\"", true, "ΣΙΣ"},
    {"x-quote contains \"\"\"hi\"\"\"", true, "\"hi\""},
    {"x-quote contains \"\\\"hi\\\" \\\\ now\"", true, NULL},
    {"\"subject\" contains \"счёт\"", true, NULL},
    {"\"body\" contains \"nothing\"", false, NULL},
    {"body contains \"nothing\"", true, "nothing"},
    {"body contains \"NOTHING\"", true, "nothing"},
    {"body begins \"body: \"", true, NULL},
    {"body contains \"счёт\"", false, NULL},
    {"no-such-header contains \"\"", false, NULL},
    {"account is \"SALES\"", true, NULL},
    {"account is \"other\"", false, NULL},
    {"size > 5M", true, NULL},
    {"size >= 6M", true, NULL},
    {"size > 6M", false, NULL},
    {"size<7m", true, NULL},
    {"size <= 6144k", true, NULL},
    {"size = 6291456", true, NULL},
    {"date = 2026-11-23", true, "2026-11-23"},
    {"date is \"2026-11-23\"", true, "2026-11-23"},
    {"date > 2026-11-23", false, NULL},
    {"date >= \"2026-11-23\" and date < 2026-12-01", true, NULL},
    {"date contains \"Nov\"", false, NULL},
    {"hour = 9", true, "9"},
    {"hour is 9", true, NULL},
    {"hour >= 18 or hour < 9", false, NULL},
    {"has attachment", false, NULL},
    {"attachment matches \"*\"", false, NULL},
    {"list", false, NULL},
    {"list contains \"x\"", false, NULL},
    {"spam", false, NULL},
    {"not spam and not list and not has attachment", true, NULL},
    {"spam > 5", true, "7.5"},
    {"spam >= 7.5 and spam < 8", true, "7.5"},
    {"spam > -1", true, NULL},
    {"spam > 7.6", false, NULL},
    {"virus", true, "Eicar-Test"},
    {"virus is \"eicar-test\"", true, "Eicar-Test"},
    {"virus contains \"invoice\"", false, NULL},
    {"symbol is \"bayes_99\"", true, "BAYES_99"},
    {"symbol is \"BAYES\"", false, NULL},
    {"symbol begins \"URI\"", true, "URI"},
    {"scanned", true, "yes"},
    {"scanned yes", true, NULL},
    {"scanned is no", false, NULL},
    {"scanned no", false, NULL},
    {"not scanned", false, NULL},
    {"size < 1G", true, NULL},
    {"not always", false, NULL},
    {"not subject contains \"x\"", true, NULL},
    {"not not always", true, NULL},
    /* not binds closer than and, and closer than or */
    {"always or always and not always", true, NULL},
    {"(always or always) and not always", false, NULL},
    {"not always or always", true, NULL},
    {"not (always or always)", false, NULL},
    {"not always and not always or subject begins \"счёт\"", true, "Счёт"},
    {"subject contains \"счёт\" or from ends \"@bank.ru\"", true, NULL},
    {"(subject contains \"счёт\")and(size>1)", true, "Счёт"},
};

static void test_conditions(void **state)
{
	static const struct scan_verdict verdict = {.looked = SCAN_VIRUS | SCAN_SPAM, .score = 7500, .virus = "Eicar-Test", .symbols = "BAYES_99,URIBL"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(conditions); i++) {
		struct error error = ERROR_INIT;
		struct condition *condition =
		    rule_parse(slice_of(conditions[i].when), false, &error);
		struct message_view view;
		struct hit hit = {0};

		if (condition == NULL)
			fail_msg("%s: %s", conditions[i].when, ERROR_EN(&error));
		message_view_init(&view, &(struct message_view_source){.message = slice_of(message), .verdict = &verdict,
		                     .account = "sales",
		                     .size = 6u << 20,
		                     .arrived = 1795424400}); /* 2026-11-23 09:00 in UTC */
		if (match_condition(condition, &view, &hit) != conditions[i].expected)
			fail_msg("%s", conditions[i].when);
		if (conditions[i].matched != NULL &&
		    (hit.matched == NULL || strcmp(hit.matched, conditions[i].matched) != 0))
			fail_msg("%s: matched %s", conditions[i].when, hit.matched);
		if (!conditions[i].expected)
			assert_null(hit.test);
		match_clear_hit(&hit);
		message_view_clear(&view);
		rule_condition_free(condition);
	}
}

static const char parts[] =
    "From: x@y.ru\r\n"
    "List-Id: Sales <sales.lists.example.org>\r\n"
    "X-Spam-Flag: YES\r\n"
    "Content-Type: multipart/mixed; boundary=\"b\"\r\n"
    "\r\n"
    "a preamble\r\n"
    "--b\r\n"
    "Content-Type: multipart/alternative; boundary=b2\r\n"
    "\r\n"
    "--b2\r\n"
    "Content-Type: text/plain; charset=koi8-r\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n"
    "\r\n"
    "=D3=DE=A3=D4\r\n=CE=C1 =CF=D0=\r\n=CC=C1=D4=D5\r\n"
    "--b2\r\n"
    "Content-Type: text/html; charset=utf-8\r\n"
    "Content-Transfer-Encoding: base64\r\n"
    "\r\n"
    "PGI+0KHRgNC+PC9iPtGH0L3QviZuYnNwO9C00L48YnI+0LfQsNCy0YLRgNCw\r\n"
    "--b2--\r\n"
    "--b\r\n"
    "Content-Type: text/plain; name=\"problems.txt\"\r\n"
    "\r\n"
    "user unknown\r\n"
    "--b\r\n"
    "Content-Type: application/x-msdownload\r\n"
    "Content-Disposition: attachment; filename*=utf-8''%D0%A1%D1%87%D1%91%D1%82.EXE\r\n"
    "\r\n"
    "hidden words\r\n"
    "--b--\r\n"
    "an epilogue\r\n";

static const struct {
	const char *when;
	bool expected, expected_with_yo;
	const char *matched;
} of_parts[] = {
    {"has attachment", true, true, "Счёт.EXE"},
    {"attachment matches \"*.exe\"", true, true, "Счёт.EXE"},
    {"attachment is \"счёт.exe\"", true, true, "Счёт.EXE"},
    {"attachment is \"счет.exe\"", false, true, NULL},
    {"attachment begins \"application/\"", true, true, "application/"},
    {"attachment matches \"text/*\"", false, false, NULL},
    {"attachment regex \"\\.(exe|scr)$\"", true, true, ".EXE"},
    {"body contains \"счёт на оплату\"", true, true, "счёт на оплату"},
    {"body contains \"СЧЕТ НА\"", false, true, "счёт на"},
    {"body regex \"сч[её]т\"", true, true, "счёт"},
    {"body regex \"счет\"", false, true, "счёт"},
    {"body contains \"срочно до завтра\"", true, true, "Срочно до завтра"},
    {"body contains \"User Unknown\"", true, true, "user unknown"}, /* text with a name is still text */
    {"attachment is \"problems.txt\"", true, true, "problems.txt"},
    {"body contains \"hidden\"", false, false, NULL},
    {"body contains \"epilogue\"", false, false, NULL},
    {"body matches \"*завтра*\"", true, true, NULL},
    {"list", true, true, NULL},
    {"list contains \"sales.lists\"", true, true, "sales.lists"},
    {"list contains \"other\"", false, false, NULL},
    {"spam", true, true, "YES"},
    {"not spam", false, false, NULL},
};

static void test_parts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(of_parts) * 2; i++) {
		bool with_yo = i >= ARRAY_LEN(of_parts);
		size_t at = i % ARRAY_LEN(of_parts);
		bool expected = with_yo ? of_parts[at].expected_with_yo : of_parts[at].expected;
		struct error error = ERROR_INIT;
		struct condition *condition =
		    rule_parse(slice_of(of_parts[at].when), with_yo, &error);
		struct message_view view;
		struct hit hit = {0};

		if (condition == NULL)
			fail_msg("%s: %s", of_parts[at].when, ERROR_EN(&error));
		message_view_init(
		    &view, &(struct message_view_source){
		               .message = slice_of(parts), .account = "", .fold_yo = with_yo});
		if (match_condition(condition, &view, &hit) != expected)
			fail_msg("%s, fold_yo %d", of_parts[at].when, with_yo);
		if (expected && of_parts[at].matched != NULL &&
		    strcmp(hit.matched, of_parts[at].matched) != 0)
			fail_msg("%s: matched %s", of_parts[at].when, hit.matched);
		match_clear_hit(&hit);
		message_view_clear(&view);
		rule_condition_free(condition);
	}
}

static const struct {
	const char *when, *position, *word;
} errors[] = {
    {"", "ends", "header"},
    {"subject", "ends", "operator"},
    {"subject contans \"x\"", "character 9", "\"contains\""},
    {"subject contains", "ends", "double quotes"},
    {"subject contains счёт", "character 18", "счёт"},
    {"subject contains \"счёт\" adn size > 1", "character 25", "\"and\""},
    {"subject contains \"счёт", "character 18", "closing quote is missing"},
    {"(always", "ends", "parenthesis"},
    {"always)", "character 7", ")"},
    {"and always", "character 1", "and"},
    {"always and", "ends", "header"},
    {"size contains \"5\"", "character 6", "contains"},
    {"size > 5X", "character 8", "5X"},
    {"size > 99999999999999999999", "character 8", "size"},
    {"size > 99999999999999999G", "character 8", "size"},
    {"subject > 5", "character 9", ">"},
    {"subject: contains \"x\"", "character 1", "header"},
    {"subject regex \"a(b\"", "character", "regular expression"},
    {"тема contains \"x\"", "character 1", "header"},
    {"subject contains \"\xff\"", "character", "UTF-8"},
    {"\"\" is \"x\"", "character", "header"},
    {"has attachmnt", "character 5", "\"attachment\""},
    {"has", "ends", "attachment"},
    {"hour > 24", "character 8", "hour"},
    {"hour contains \"x\"", "character 6", "contains"},
    {"date > 2026-13-01", "character 8", "2026-11-23"},
    {"date = yesterday", "character 8", "2026-11-23"},
    {"spam is \"yes\"", "character 6", "is"},
    {"list > 5", "character 6", ">"},
};

static void test_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		struct error error = ERROR_INIT;

		assert_null(rule_parse(slice_of(errors[i].when), false, &error));
		assert_int_equal(error.class, ERROR_CONFIG);
		if (strstr(ERROR_EN(&error), errors[i].position) == NULL ||
		    strstr(ERROR_EN(&error), errors[i].word) == NULL)
			fail_msg("%s: %s", errors[i].when, ERROR_EN(&error));
	}
}

static void test_depth(void **state)
{
	char deep[3000];
	struct error error = ERROR_INIT;
	struct condition *condition;

	(void)state;
	for (size_t i = 0; i < 2000; i++)
		deep[i] = '(';
	deep[2000] = '\0';
	assert_null(rule_parse(slice_of(deep), false, &error));
	assert_non_null(strstr(ERROR_EN(&error), "deep"));
	snprintf(deep + 40, sizeof(deep) - 40, "always))))))))))))))))))))))))))))))))))))))))");
	condition = rule_parse(slice_of(deep), false, &error);
	assert_non_null(condition);
	rule_condition_free(condition);
}

/* A hostile text does not make a pattern of the admin run without end. */
static void test_wild_pattern(void **state)
{
	size_t len = 100000;
	char *text = xmalloc(len);
	struct error error = ERROR_INIT;
	struct condition *condition =
	    rule_parse(slice_of("subject regex \"^(a+)+$\""), false, &error);
	struct message_view view;
	struct hit hit = {0};
	int64_t start = cpu_ms();

	(void)state;
	memset(text, 'a', len);
	memcpy(text, "Subject: ", 9);
	text[len - 2] = 'b';
	text[len - 1] = '\n';
	assert_non_null(condition);
	message_view_init(&view,
	    &(struct message_view_source){.message = slice_make(text, len), .account = "", .size = len});
	assert_false(match_condition(condition, &view, &hit));
	assert_true(cpu_ms() - start < 20000);
	message_view_clear(&view);
	rule_condition_free(condition);
	free(text);
}

/* Nor do many such fields. */
static void test_wild_fields(void **state)
{
	const char field[] = "X: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\n";
	struct buf text = BUF_INIT(1 << 20);
	struct error error = ERROR_INIT;
	struct condition *condition =
	    rule_parse(slice_of("anyheader regex \"^(a+)+$\""), false, &error);
	struct message_view view;
	struct hit hit = {0};
	int64_t start = cpu_ms();

	(void)state;
	for (int i = 0; i < 9000; i++)
		buf_append_text(&text, field);
	message_view_init(&view,
	    &(struct message_view_source){.message = buf_slice(&text), .account = "", .size = text.len});
	assert_false(match_condition(condition, &view, &hit));
	assert_int_equal(view.gave_up, MESSAGE_VIEW_GAVE_UP_MAX);
	assert_true(cpu_ms() - start < 20000);
	message_view_clear(&view);
	rule_condition_free(condition);
	buf_clear(&text);
}

/* A million fields, and one of many megabytes. */
static void test_header_bomb(void **state)
{
	size_t len = 24u << 20;
	char *text = xmalloc(len);
	struct error error = ERROR_INIT;
	struct condition *condition =
	    rule_parse(slice_of("anyheader contains \"needle\""), false, &error);
	struct message_view view;
	struct hit hit = {0};

	(void)state;
	for (size_t i = 0; i < len; i++)
		text[i] = "X: a\n"[i % 5];
	for (size_t i = 0; i < 2; i++) {
		int64_t start = cpu_ms();

		message_view_init(&view, &(struct message_view_source){
		                     .message = slice_make(text, len), .account = "", .size = len});
		assert_false(match_condition(condition, &view, &hit));
		assert_true(view.field_count <= MESSAGE_VIEW_FIELDS_MAX);
		assert_true(cpu_ms() - start < 20000);
		message_view_clear(&view);
		memset(text + 3, 'a', len - 3);
	}
	rule_condition_free(condition);
	free(text);
}

int main(void)
{
	setenv("TZ", "UTC", 1);
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_conditions),
	    cmocka_unit_test(test_parts),
	    cmocka_unit_test(test_errors),
	    cmocka_unit_test(test_depth),
	    cmocka_unit_test(test_wild_pattern),
	    cmocka_unit_test(test_wild_fields),
	    cmocka_unit_test(test_header_bomb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
