/*
 * One test of a condition: subject, operator, text.
 */
#include "base/alloc.h"
#include "base/buf.h"
#include "base/i18n.h"
#include "message/fold.h"
#include "message/scan/scan_verdict.h"
#include "sorter/pattern.h"
#include "sorter/rule_token.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const operators[] = {
    "contains", "is", "begins", "ends", "matches", "regex", ">", ">=", "<", "<=", "=", "", NULL};
static const char *const text_operators[] = {
    "contains", "is", "begins", "ends", "matches", "regex", NULL};
static const char *const reserved[] = {
    "and", "or", "not", "has", "contains", "is", "begins", "ends", "matches", "regex", NULL};

const char *rule_operator_name(enum test_operator relation)
{
	return operators[relation];
}

/* A text without its escapes: "" and \" mean a quote; before any other character except itself a
 * backslash is literal, so that regular expressions need no doubled backslashes. */
static char *unquote(struct slice raw, bool is_regex)
{
	struct buf out = BUF_INIT(RULE_LENGTH_MAX);

	for (size_t i = 0; i < raw.len; i++) {
		char c = raw.ptr[i];
		char after = i + 1 < raw.len ? raw.ptr[i + 1] : '\0';

		if (after == '"' || (c == '\\' && after == '\\' && !is_regex)) {
			if (c == '"' || c == '\\')
				c = raw.ptr[++i];
		} else if (c == '\\' && after == '\\') {
			buf_append_byte(&out, raw.ptr[i++]); /* both stay */
		}
		buf_append_byte(&out, c);
	}
	buf_text(&out);
	return out.ptr;
}

/* --- numbers */

static bool read_size(struct slice digits, uint64_t *number)
{
	static const char units[] = "kmg";
	uint64_t factor = 1;

	if (digits.len > 1) {
		char unit = ascii_lower(digits.ptr[digits.len - 1]);
		const char *at = unit == '\0' ? NULL : strchr(units, unit);

		if (at != NULL) {
			digits.len--;
			for (const char *u = units; u <= at; u++)
				factor *= 1024;
		}
	}
	if (!slice_number(digits, 0, UINT64_MAX / factor, number))
		return false;
	*number *= factor;
	return true;
}

/* 2026-11-23 as 20261123, so that days can be compared as numbers. */
static bool read_date(struct slice text, uint64_t *number)
{
	static const unsigned char days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	struct slice year = slice_cut(&text, '-'), month = slice_cut(&text, '-');
	uint64_t y, m, d;

	if (!slice_number(year, 1970, 9999, &y) || !slice_number(month, 1, 12, &m) ||
	    !slice_number(text, 1, days[m - 1], &d))
		return false;
	*number = y * 10000 + m * 100 + d;
	return true;
}

static bool read_hour(struct slice text, uint64_t *number)
{
	return slice_number(text, 0, 23, number);
}

/* Scores may be negative: they are compared with an offset. */
static bool read_score(struct slice text, uint64_t *number)
{
	int64_t score;

	if (!scan_score_parse(text, &score))
		return false;
	*number = (uint64_t)(score + SCAN_SCORE_MAX);
	return true;
}

static bool read_answer(struct slice text, uint64_t *number)
{
	*number = slice_is_nocase(text, "yes");
	return *number == 1 || slice_is_nocase(text, "no");
}

/* --- subjects */

/* The words that are not header names. A new one is also in docs/rules.md, and so on: tests/lint.py says where. */
static const struct subject {
	const char *word;
	enum test_subject subject;
	bool takes_text, stands_alone;
	bool (*read)(struct slice text, uint64_t *number); /* NULL: is not compared with a number */
	const char *expected;				   /* what read() reads */
} subjects[] = {
    {"recipient", TEST_RECIPIENT, .takes_text = true},
    {"anyheader", TEST_ANYHEADER, .takes_text = true},
    {"account", TEST_ACCOUNT, .takes_text = true},
    {"attachment", TEST_ATTACHMENT, .takes_text = true},
    {"body", TEST_BODY, .takes_text = true},
    {"list", TEST_LIST, .takes_text = true, .stands_alone = true},
    {"spam", TEST_SPAM, .stands_alone = true, .read = read_score, .expected = N_("a number of points (example: 7.5)")},
    {"virus", TEST_VIRUS, .takes_text = true, .stands_alone = true},
    {"symbol", TEST_SYMBOL, .takes_text = true},
    {"scanned", TEST_SCANNED, .stands_alone = true, .read = read_answer, .expected = N_("yes or no")},
    {"size", TEST_SIZE, .read = read_size, .expected = N_("a size (example: 5M)")},
    {"date", TEST_DATE, .takes_text = true, .read = read_date, .expected = N_("a date (example: 2026-11-23)")},
    {"hour", TEST_HOUR, .read = read_hour, .expected = N_("an hour from 0 to 23")},
};
static const struct subject a_header = {NULL, TEST_HEADER, .takes_text = true};

static const struct subject *subject_of(const struct parser *p)
{
	for (size_t i = 0; i < ARRAY_LEN(subjects); i++)
		if (rule_token_is(p, subjects[i].word))
			return &subjects[i];
	return &a_header;
}

static bool parse_number(struct parser *p, const struct subject *subject, struct test *test)
{
	bool is_number = p->token.kind == TOKEN_WORD || (p->token.kind == TOKEN_TEXT && subject->subject != TEST_SIZE);

	if (!is_number || !subject->read(p->token.raw, &test->number)) {
		rule_token_fail(p, subject->expected, NULL);
		return false;
	}
	test->text = slice_dup(p->token.raw);
	rule_token_next(p);
	return true;
}

/* --- texts */

static bool compile_regex(struct parser *p, struct test *test)
{
	char *text = xstrdup(test->text);
	size_t offset = 0;

	if (p->fold_yo)
		fold_yo(text, strlen(text));
	test->pattern = pattern_new(text, &offset, p->error);
	free(text);
	if (test->pattern != NULL)
		return true;
	error_context(p->error, N_("character %d"),
	    rule_token_position(
	        p, p->token.raw.ptr + (offset < p->token.raw.len ? offset : p->token.raw.len)));
	return false;
}

static bool parse_text(struct parser *p, struct test *test)
{
	struct buf folded = BUF_INIT(RULE_LENGTH_MAX * 8);

	if (p->token.kind != TOKEN_TEXT) {
		rule_token_fail(p, N_("a text in double quotes"), NULL);
		return false;
	}
	test->text = unquote(p->token.raw, test->relation == TEST_REGEX);
	if (!utf8_is_valid(slice_of(test->text))) {
		error_set(p->error, ERROR_CONFIG, N_("character %d: the text is not UTF-8"),
		    rule_token_position(p, rule_token_start(p)));
		return false;
	}
	if (test->relation == TEST_REGEX && !compile_regex(p, test))
		return false;
	fold_text(slice_of(test->text), &folded);
	if (p->fold_yo)
		fold_yo(folded.ptr, folded.len);
	buf_text(&folded);
	test->folded = folded.ptr;
	test->folded_len = folded.len;
	rule_token_next(p);
	return true;
}

/* --- the whole test */

static bool is_header_name(struct slice name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.ptr[i] <= ' ' || name.ptr[i] >= 0x7f || name.ptr[i] == ':')
			return false;
	return name.len > 0;
}

static bool is_reserved(struct slice word)
{
	for (size_t i = 0; reserved[i] != NULL; i++)
		if (slice_is_nocase(word, reserved[i]))
			return true;
	return false;
}

/* Reads an operator that is valid for the subject. `is` is also valid for a day or an hour. */
static bool parse_operator(struct parser *p, const struct subject *subject, struct test *test)
{
	size_t first = subject->takes_text ? TEST_CONTAINS : TEST_GREATER;
	size_t last = subject->read != NULL ? TEST_EQUAL : TEST_REGEX;

	for (size_t i = first; i <= last; i++) {
		if (rule_token_is(p, operators[i])) {
			test->relation = (enum test_operator)i;
			rule_token_next(p);
			return true;
		}
	}
	if ((test->subject == TEST_HOUR || test->subject == TEST_SCANNED) && rule_token_is(p, "is")) {
		test->relation = TEST_EQUAL;
		rule_token_next(p);
		return true;
	}
	if (test->subject == TEST_SCANNED) {
		test->relation = TEST_EQUAL;
		return true;
	}
	rule_token_fail(p, subject->takes_text ? N_("an operator") : N_("one of > >= < <= ="),
	    subject->takes_text ? text_operators : NULL);
	return false;
}

/* Whether a test goes on after its subject. */
static bool goes_on(const struct parser *p, const struct subject *subject)
{
	for (size_t i = 0; subject->takes_text && text_operators[i] != NULL; i++)
		if (rule_token_is(p, text_operators[i]))
			return true;
	for (size_t i = TEST_GREATER; subject->read != NULL && i <= TEST_EQUAL; i++)
		if (rule_token_is(p, operators[i]))
			return true;
	return subject->subject == TEST_SCANNED && (rule_token_is(p, "is") || rule_token_is(p, "yes") || rule_token_is(p, "no"));
}

/* `date is "2026-11-23"` is the day of arrival, `date contains "Nov"` the header. */
static void choose_date(const struct parser *p, struct test *test)
{
	uint64_t number;

	if (test->subject != TEST_DATE || test->relation > TEST_REGEX)
		return;
	if (test->relation == TEST_IS && read_date(p->token.raw, &number))
		test->relation = TEST_EQUAL;
	else
		test->subject = TEST_HEADER;
}

static bool parse_rest(struct parser *p, const struct subject *subject, struct test *test)
{
	if (subject->stands_alone && !goes_on(p, subject)) {
		test->relation = TEST_PRESENT;
		test->text = xstrdup("");
		return true;
	}
	if (!parse_operator(p, subject, test))
		return false;
	choose_date(p, test);
	return test->relation > TEST_REGEX ? parse_number(p, subject, test) : parse_text(p, test);
}

static struct condition *parse_has(struct parser *p)
{
	static const char *const things[] = {"attachment", NULL};
	struct condition *condition;

	rule_token_next(p);
	if (!rule_token_is(p, "attachment")) {
		rule_token_fail(p, "attachment", things);
		return NULL;
	}
	rule_token_next(p);
	condition = rule_condition_new(CONDITION_TEST);
	condition->test.subject = TEST_ATTACHMENT;
	condition->test.relation = TEST_PRESENT;
	condition->test.header = xstrdup("has attachment");
	condition->test.text = xstrdup("");
	return condition;
}

struct condition *rule_test_parse(struct parser *p)
{
	struct condition *condition;
	const struct subject *subject;

	if (rule_token_is(p, "has"))
		return parse_has(p);
	if ((p->token.kind != TOKEN_TEXT &&
	        (p->token.kind != TOKEN_WORD || is_reserved(p->token.raw))) ||
	    !is_header_name(p->token.raw)) {
		rule_token_fail(p,
		    N_("the name of a header, recipient, anyheader, account, size, date, hour, "
		      "body, attachment, has attachment, list, spam, virus, symbol, scanned or always"),
		    NULL);
		return NULL;
	}
	subject = subject_of(p);
	condition = rule_condition_new(CONDITION_TEST);
	condition->test.subject = subject->subject;
	condition->test.header = slice_dup(p->token.raw);
	rule_token_next(p);
	if (parse_rest(p, subject, &condition->test))
		return condition;
	rule_condition_free(condition);
	return NULL;
}
