#include "base/alloc.h"
#include "base/buf.h"
#include "sorter/rule_lint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Rules "a" (which stops) and "b", and the warning for "b"; or for "a" alone, if there is no b.
 */
static const struct {
	const char *a, *b, *expected;
} cases[] = {
    {"not always", NULL, "can never match"},
    {"always and not always", NULL, "can never match"},
    {"account is \"salse\"", NULL, "can never match"},
    {"account is \"SALES\"", NULL, ""},
    {"account is \"mine\"", NULL, "can never match"}, /* deliver_to skips the rules */
    {"account is \"sales\" and account is \"office\"", NULL, "can never match"},
    {"account is \"sales\" or account is \"salse\"", NULL, ""},
    {"size < 0", NULL, "can never match"},
    {"size > 5M and size < 1M", NULL, "can never match"},
    {"size > 5M and size < 5M or size < 0", NULL, "can never match"},
    {"size > 1M and size < 5M", NULL, ""},
    {"hour > 23", NULL, "can never match"},
    {"hour >= 18 and hour < 9", NULL, "can never match"},
    {"hour >= 18 or hour < 9", NULL, ""},
    {"date < 2026-01-01 and date > 2026-02-01", NULL, "can never match"},
    {"subject contains \"x\" and not subject contains \"X\"", NULL, "can never match"},
    {"subject contains \"xy\" and not subject contains \"x\"", NULL, "can never match"},
    {"subject contains \"x\" and not subject contains \"xy\"", NULL, ""},
    {"subject is \" x\"", NULL, "can never match"},
    {"subject contains \" x\"", NULL, ""},
    {"subject is \"a\" and subject is \"b\"", NULL, ""}, /* there may be two */
    {"spam and not spam", NULL, "can never match"},
    {"spam > 5", NULL, "no [scanner] of fetched mail"}, /* there is only one for viruses */
    {"symbol is \"BAYES_99\"", NULL, "no [scanner] of fetched mail"},
    {"spam > 5 or subject contains \"x\"", NULL, ""},
    {"spam", NULL, ""}, /* the provider may say so */
    {"virus", NULL, ""},
    {"scanned is no", NULL, ""},

    {"subjct contains \"x\"", NULL, "did you mean `subject`?"},
    {"not (size > 5M or Form is \"x\")", NULL, "did you mean `from`?"},
    {"x-spam-flga is \"yes\"", NULL, "did you mean `x-spam-flag`?"},
    {"X-Our-Own is \"yes\"", NULL, ""},
    {"warehouse is \"7\"", NULL, "check its spelling"},
    {"Subject contains \"x\" and List-Id is \"y\"", NULL, ""},

    {"always", "subject contains \"x\"", "never applies"},
    {"size >= 0", "subject contains \"x\"", "never applies"},
    {"subject contains \"x\"", "subject contains \"X\"", "never applies"},
    {"subject contains \"x\"", "Subject contains \"axb\"", "never applies"},
    {"subject contains \"axb\"", "subject contains \"x\"", ""},
    {"subject contains \"x\"", "from contains \"x\"", ""},
    {"anyheader contains \"x\"", "from contains \"x\"", "never applies"},
    {"recipient contains \"x\"", "to contains \"x\"", "never applies"},
    {"recipient contains \"x\"", "from contains \"x\"", ""},
    {"subject begins \"a\"", "subject is \"ab\"", "never applies"},
    {"subject ends \"b\"", "subject is \"ab\"", "never applies"},
    {"subject ends \"b\"", "subject begins \"b\"", ""},
    {"subject contains \"b\"", "subject matches \"a*b?\"", "never applies"},
    {"subject matches \"a*\"", "subject is \"ab\"", "never applies"},
    {"subject matches \"a*\"", "subject contains \"ab\"", ""},
    {"subject matches \"*\"", "subject contains \"ab\"", "never applies"},
    {"subject regex \"a\"", "subject regex \"a\"", "never applies"},
    {"subject regex \"a\"", "subject regex \"b\"", ""},
    {"size > 1M", "size > 5M", "never applies"},
    {"size > 5M", "size > 1M", ""},
    {"size > 1M", "size > 1M and subject contains \"x\"", "never applies"},
    {"size > 1M and subject contains \"x\"", "size > 1M", ""},
    {"size > 1M and subject contains \"x\"", "subject contains \"x\" and size > 2M",
        "never applies"},
    {"subject contains \"x\" or subject contains \"y\"", "subject contains \"y\"", "never applies"},
    {"subject contains \"x\" or subject contains \"y\"", "subject is \"y\" or subject is \"x\"",
        "never applies"},
    {"subject contains \"x\"", "subject contains \"x\" or subject contains \"y\"", ""},
    {"not subject contains \"xy\"", "not subject contains \"x\"", "never applies"},
    {"not subject contains \"x\"", "not subject contains \"xy\"", ""},
    {"list", "list contains \"x\"", "never applies"},
    {"list contains \"x\"", "list", ""},
    {"has attachment", "has attachment and spam", "never applies"},
    {"has attachment", "attachment matches \"*.exe\"", ""},
    {"hour < 12", "hour < 9", "never applies"},
    {"body contains \"x\"", "body contains \"xy\"", "never applies"},
};

static char *text(const char *constant)
{
	return (char *)(uintptr_t)constant;
}

static struct conf_rule make_rule(const char *name, const char *when, bool stop)
{
	return (struct conf_rule){.name = text(name),
	    .place = {"rules.conf", 5},
	    .when_place = {"rules.conf", 6},
	    .when = text(when),
	    .tag = text(""),
	    .subject_prefix = text(""),
	    .reply = text(""),
	    .stop = stop};
}

static void run(const char *a, const char *b, bool stop, struct conf_problems *problems)
{
	char *mine[] = {text("ivan")};
	struct conf_account accounts[] = {{.name = text("sales")}, {.name = text("office")},
	    {.name = text("mine"), .deliver_to = {mine, 1}}};
	struct conf_rule rules[] = {
	    make_rule("a", a, stop), make_rule("b", b == NULL ? "" : b, false)};
	struct conf_scanner scanner = {.url = text("clamd://127.0.0.1"), .on = CONF_FETCHED};
	struct conf conf = {.accounts = accounts,
	    .scanners = &scanner,
	    .scanner_count = 1,
	    .account_count = ARRAY_LEN(accounts),
	    .rules = rules,
	    .rule_count = b == NULL ? 1 : 2};

	rule_lint(&conf, problems);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct conf_problems problems = {0};
		bool told;

		run(cases[i].a, cases[i].b, true, &problems);
		told = cases[i].expected[0] != '\0';
		if (problems.count != told ||
		    (told && strstr(PHRASE_EN(problems.items[0].phrase), cases[i].expected) == NULL))
			fail_msg("%s / %s: %s", cases[i].a, cases[i].b == NULL ? "" : cases[i].b,
			    problems.count > 0 ? PHRASE_EN(problems.items[0].phrase) : "nothing");
		assert_int_equal(problems.errors, 0);
		if (told)
			assert_int_equal(problems.items[0].place.line, 6);
		conf_problems_clear(&problems);
	}
}

/* An earlier rule that does not end sorting hides nothing. */
static void test_without_stop(void **state)
{
	struct conf_problems problems = {0};

	(void)state;
	run("always", "subject contains \"x\"", false, &problems);
	assert_int_equal(problems.count, 0);
	conf_problems_clear(&problems);
}

/* The comparison of conditions with very many combinations ends. */
static void test_nested(void **state)
{
	struct conf_problems problems = {0};
	struct buf a = BUF_INIT(60000), b = BUF_INIT(60000);

	(void)state;
	for (int i = 0; i < 40; i++) {
		buf_printf(&a, "(subject contains \"a%d\" %s ", i, i % 2 ? "and" : "or");
		buf_printf(&b, "(subject contains \"b%d\" %s ", i, i % 2 ? "or" : "and");
	}
	buf_append_text(&a, "spam");
	buf_append_text(&b, "list");
	for (int i = 0; i < 40; i++) {
		buf_append_byte(&a, ')');
		buf_append_byte(&b, ')');
	}
	run(buf_text(&a), buf_text(&b), true, &problems);
	assert_int_equal(problems.count, 0);
	conf_problems_clear(&problems);
	buf_clear(&a);
	buf_clear(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cases),
	    cmocka_unit_test(test_without_stop),
	    cmocka_unit_test(test_nested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
