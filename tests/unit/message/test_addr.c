#include "base/alloc.h"
#include "message/addr.h"
#include "tests/unit/cpu_time.h"
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define S(text) SLICE_LITERAL(text)

static const struct {
	const char *name;
	struct slice input;
	enum addr_path_kind kind;
	const char *text, *rest;
} paths[] = {
    {"plain", S("<ivan@office.lan>"), ADDR_PATH_OK, "ivan@office.lan", ""},
    {"parameters", S(" <ivan@Office.LAN.> SIZE=10  BODY=8BITMIME "), ADDR_PATH_OK,
        "ivan@office.lan", "SIZE=10  BODY=8BITMIME"},
    {"bare name", S("<Ivan>"), ADDR_PATH_OK, "Ivan", ""},
    {"no brackets", S("ivan@office.lan SIZE=1"), ADDR_PATH_OK, "ivan@office.lan", "SIZE=1"},
    {"null", S("<> SIZE=1"), ADDR_PATH_NULL, "", "SIZE=1"},
    {"quoted", S("<\"ivan petrov\"@x.ru>"), ADDR_PATH_OK, "\"ivan petrov\"@x.ru", ""},
    {"needless quotes", S("<\"ivan\"@x.ru>"), ADDR_PATH_OK, "ivan@x.ru", ""},
    {"escapes", S("<\"a\\\"b\\\\c\\d\"@x.ru>"), ADDR_PATH_OK, "\"a\\\"b\\\\cd\"@x.ru", ""},
    {"quoted at", S("<\"user@outside\"@local>"), ADDR_PATH_OK, "\"user@outside\"@local", ""},
    {"percent", S("<user%outside@local>"), ADDR_PATH_OK, "user%outside@local", ""},
    {"UTF-8", S("<иван@почта.рф>"), ADDR_PATH_OK, "иван@почта.рф", ""},
    {"IPv4 literal", S("<a@[192.168.1.1]>"), ADDR_PATH_OK, "a@[192.168.1.1]", ""},
    {"IPv6 literal", S("<a@[IPv6:::1]>"), ADDR_PATH_OK, "a@[ipv6:::1]", ""},
    {"underscore in domain", S("<a@my_host>"), ADDR_PATH_OK, "a@my_host", ""},
    {"source route", S("<@a,@b:c@d>"), ADDR_PATH_BAD, "", ""},
    {"short route", S("<@local:user@outside>"), ADDR_PATH_BAD, "", ""},
    {"empty", S(""), ADDR_PATH_BAD, "", ""},
    {"at alone", S("<@>"), ADDR_PATH_BAD, "", ""},
    {"no domain", S("<a@>"), ADDR_PATH_BAD, "", ""},
    {"two ats", S("<a@b@c>"), ADDR_PATH_BAD, "", ""},
    {"dots", S("<..@b>"), ADDR_PATH_BAD, "", ""},
    {"dot at end", S("<a.@b>"), ADDR_PATH_BAD, "", ""},
    {"empty label", S("<a@b..c>"), ADDR_PATH_BAD, "", ""},
    {"label begins with dash", S("<a@-b>"), ADDR_PATH_BAD, "", ""},
    {"slash in domain", S("<a@b/c>"), ADDR_PATH_BAD, "", ""},
    {"open bracket", S("<a@b"), ADDR_PATH_BAD, "", ""},
    {"after bracket", S("<a@b>c"), ADDR_PATH_BAD, "", ""},
    {"open quote", S("<\"a@b>"), ADDR_PATH_BAD, "", ""},
    {"empty quote", S("<\"\"@b>"), ADDR_PATH_BAD, "", ""},
    {"escape at end", S("<\"a\\"), ADDR_PATH_BAD, "", ""},
    {"NUL", S("<a\0b@c>"), ADDR_PATH_BAD, "", ""},
    {"quoted NUL", S("<\"a\\\0b\"@c>"), ADDR_PATH_BAD, "", ""},
    {"quoted newline", S("<\"a\r\nb\"@c>"), ADDR_PATH_BAD, "", ""},
    {"escape sequence", S("<\"a\033[1m\"@c>"), ADDR_PATH_BAD, "", ""},
    {"8 bit, not UTF-8", S("<\xe9\xf0@b>"), ADDR_PATH_BAD, "", ""},
    {"overlong UTF-8", S("<\xc0\xaf@b>"), ADDR_PATH_BAD, "", ""},
    {"C1 control", S("<a\xc2\x9b@b>"), ADDR_PATH_BAD, "", ""},
    {"right-to-left override", S("<a\xe2\x80\xaeliam@b>"), ADDR_PATH_BAD, "", ""},
    {"broken literal", S("<a@[300.1.1.1]>"), ADDR_PATH_BAD, "", ""},
    {"word in literal", S("<a@[evil]>"), ADDR_PATH_BAD, "", ""},
    {"NUL in literal", S("<a@[1.2.3.4\0]>"), ADDR_PATH_BAD, "", ""},
    {"null where none may be", S("<"), ADDR_PATH_BAD, "", ""},
};

static void test_path(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct addr addr;
		struct slice rest;
		char text[ADDR_TEXT_MAX];
		enum addr_path_kind kind = addr_parse_path(paths[i].input, true, &addr, &rest);

		if (kind != paths[i].kind ||
		    strcmp(addr_text(text, sizeof(text), &addr), paths[i].text) != 0 ||
		    !slice_is(rest, paths[i].rest))
			fail_msg("%s: kind %d, \"%s\", rest \"%.*s\"", paths[i].name, (int)kind,
			    addr_text(text, sizeof(text), &addr), SLICE_PRINT(rest));
	}
}

static void test_null_only_where_allowed(void **state)
{
	struct addr addr;
	struct slice rest;

	(void)state;
	assert_int_equal(addr_parse_path(S("<>"), false, &addr, &rest), ADDR_PATH_BAD);
}

static void test_limits(void **state)
{
	char local[80], domain[300], text[400];
	struct addr addr;

	(void)state;
	memset(local, 'a', sizeof(local));
	memset(domain, 'b', sizeof(domain));
	snprintf(text, sizeof(text), "%.64s@%.255s", local, domain);
	assert_true(addr_parse(slice_of(text), &addr));
	snprintf(text, sizeof(text), "%.65s@%.255s", local, domain);
	assert_false(addr_parse(slice_of(text), &addr));
	assert_string_equal(addr.local, "");
	snprintf(text, sizeof(text), "%.64s@%.256s", local, domain);
	assert_false(addr_parse(slice_of(text), &addr));
}

static void test_compare(void **state)
{
	struct addr a, b;

	(void)state;
	assert_true(addr_parse(S("Ivan@OFFICE.lan"), &a) && addr_parse(S("ivan@office.lan"), &b));
	assert_true(addr_equal(&a, &b));
	assert_false(addr_looks_routed(&a));
	assert_true(addr_parse(S("ivan"), &b));
	assert_false(addr_equal(&a, &b));
	assert_true(addr_parse(S("\"user@outside\"@local"), &a) && addr_looks_routed(&a));
	assert_true(addr_parse(S("user%out@local"), &a) && addr_looks_routed(&a));
	assert_true(addr_parse(S("out!user@local"), &a) && addr_looks_routed(&a));
}

/* expected: "name|spec|address;" an item, an invalid address is "-". */
static const struct {
	const char *name;
	struct slice input;
	const char *expected;
} lists[] = {
    {"one", S("ivan@x.ru"), "|ivan@x.ru|ivan@x.ru;"},
    {"name", S(" Ivan Petrov <ivan@x.ru>\r\n"), "Ivan Petrov|ivan@x.ru|ivan@x.ru;"},
    {"quoted name", S("\"Petrov, Ivan\" <ivan@x.ru>, b@y"),
        "\"Petrov, Ivan\"|ivan@x.ru|ivan@x.ru;|b@y|b@y;"},
    {"comment as name", S("bbb@ddd.com (John X. Doe)"), "John X. Doe|bbb@ddd.com|bbb@ddd.com;"},
    {"nested comment", S("(a (b) \\) c) x@y, z@y"), "a (b) \\) c|x@y|x@y;|z@y|z@y;"},
    {"comment inside", S("a(b)@(c)d"), "b|a(b)@(c)d|a@d;"},
    {"folding", S("a@b,\r\n\tc@d"), "|a@b|a@b;|c@d|c@d;"},
    {"group", S("Friends: a@b, C <c@d>; e@f"), "|a@b|a@b;C|c@d|c@d;|e@f|e@f;"},
    {"empty group", S("undisclosed-recipients:;"), ""},
    {"route", S("<@a,@b:c@d>, e@f"), "|c@d|c@d;|e@f|e@f;"},
    {"old blanks", S("ivan . petrov @ x.ru"), "|ivan . petrov @ x.ru|ivan.petrov@x.ru;"},
    {"sloppy dots", S("a..b.@x.ru"), "|a..b.@x.ru|\"a..b.\"@x.ru;"},
    {"semicolons", S("a@b; c@d"), "|a@b|a@b;|c@d|c@d;"},
    {"empty elements", S(",, a@b,,;"), "|a@b|a@b;"},
    {"no brackets", S("Ivan ivan@x.ru"), "Ivan|ivan@x.ru|ivan@x.ru;"},
    {"open angle", S("A <a@b, c@d"), "A|a@b|a@b;|c@d|c@d;"},
    {"open quote", S("\"A <a@b>, c@d"), "\"A <a@b>,|c@d|c@d;"},
    {"empty angle", S("A <>, b@c"), "A||-;|b@c|b@c;"},
    {"literal", S("a@[IPv6:::1], b@c"), "|a@[IPv6:::1]|a@[ipv6:::1];|b@c|b@c;"},
    {"encoded name", S("=?utf-8?B?0JjQstCw0L0=?= <i@x>"), "=?utf-8?B?0JjQstCw0L0=?=|i@x|i@x;"},
    {"not an address", S("Ivan Petrov"), "|Ivan Petrov|-;"},
    {"quoted local", S("\"a b\"@x"), "|\"a b\"@x|\"a b\"@x;"},
    {"only comments", S("(a)(b)"), ""},
};

static void test_list(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct buf out = BUF_INIT(10000);
		struct addr_item item;
		char text[ADDR_TEXT_MAX];
		size_t at = 0;

		while (addr_list_next(lists[i].input, &at, &item))
			buf_printf(&out, "%.*s|%.*s|%s;", SLICE_PRINT(item.name),
			    SLICE_PRINT(item.spec),
			    item.valid ? addr_text(text, sizeof(text), &item.addr) : "-");
		if (strcmp(buf_text(&out), lists[i].expected) != 0)
			fail_msg("%s: %s", lists[i].name, buf_text(&out));
		buf_clear(&out);
	}
}

/* Input that would take hours in quadratic time. */
static void test_list_is_linear(void **state)
{
	static const char *const units[] = {"<\"\\\",", "<a,", "<@a,:", "(", "\"\\", "a b@c,",
	    "a:", "[:", ",", "(()", "<<", "\\\""};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		size_t len = strlen(units[i]), total = 1 << 20, at = 0;
		char *text = xmalloc(total);
		struct addr_item item;
		int64_t start = cpu_ms();

		for (size_t j = 0; j < total; j++)
			text[j] = units[i][j % len];
		while (addr_list_next(slice_make(text, total), &at, &item))
			;
		if (cpu_ms() - start > 20000)
			fail_msg("%s takes too long", units[i]);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_path),
	    cmocka_unit_test(test_null_only_where_allowed),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_compare),
	    cmocka_unit_test(test_list),
	    cmocka_unit_test(test_list_is_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
