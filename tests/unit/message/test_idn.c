/* Non-ASCII domains in ASCII form. */
#include "message/idn.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEN "aaaaaaaaaa"
#define YA16 "яяяяяяяяяяяяяяяя"
#define FIFTY TEN TEN TEN TEN TEN

static const struct {
	const char *domain, *ascii; /* NULL: there is none */
} domains[] = {
    /* RFC 3492 section 7.1, (A) to (R), in small letters. (H) is too long for a label of a domain. */
    {"ليهمابتكلموشعربي؟", "xn--egbpdaj6bu4bxfgehfvwxn"},
    {"他们为什么不说中文", "xn--ihqwcrb4cv8a8dqg056pqjye"},
    {"他們爲什麽不說中文", "xn--ihqwctvzc91f659drss3x8bo0yb"},
    {"Pročprostěnemluvíčesky", "xn--proprostnemluvesky-uyb24dma41a"},
    {"למההםפשוטלאמדבריםעברית", "xn--4dbcagdahymbxekheh6e0a7fei0b"},
    {"यहलोगहिन्दीक्योंनहींबोलसकतेहैं", "xn--i1baa7eci9glrd9b2ae1bj0hfcgg6iyaf8o0a1dig0cd"},
    {"なぜみんな日本語を話してくれないのか", "xn--n8jok5ay5dzabd5bym9f0cm5685rrjetr6pdxa"},
    {"세계의모든사람들이한국어를이해한다면얼마나좋을까", NULL},
    {"почемужеонинеговорятпорусски", "xn--b1abfaaepdrnnbgefbadotcwatmq2g4l"},
    {"PorquénopuedensimplementehablarenEspañol", "xn--porqunopuedensimplementehablarenespaol-fmd56a"},
    {"TạisaohọkhôngthểchỉnóitiếngViệt", "xn--tisaohkhngthchnitingvit-kjcr8268qyxafd2f1b9g"},
    {"3年B組金八先生", "xn--3b-ww4c5e180e575a65lsy2b"},
    {"安室奈美恵-with-SUPER-MONKEYS", "xn---with-super-monkeys-pc58ag80a8qai00g7n9n"},
    {"Hello-Another-Way-それぞれの場所", "xn--hello-another-way--fc4qua05auwb3674vfr0b"},
    {"ひとつ屋根の下2", "xn--2-u9tlzr9756bt3uc0v"},
    {"MajiでKoiする5秒前", "xn--majikoi5-783gue6qz075azm5e"},
    {"パフィーdeルンバ", "xn--de-jg4avhby1noc0d"},
    {"そのスピードで", "xn--d9juau41awczczp"},
    {"-> $1.00 <-", "-> $1.00 <-"}, /* (S) is ASCII */
    /* labels beside others */
    {"почта.рф", "xn--80a1acny.xn--p1ai"},
    {"mail.Почта.example.рф", "mail.xn--80a1acny.example.xn--p1ai"},
    {"Example.RU", "example.ru"},
    {"xn--80a1acny.рф", "xn--80a1acny.xn--p1ai"},
    {"почта.рф.", "xn--80a1acny.xn--p1ai"},
    /* lower case and composed; similar looking names stay different */
    {"bu\u0308cher.example", "xn--bcher-kva.example"},
    {"B\u00dcCHER.example", "xn--bcher-kva.example"},
    {"stra\u00dfe.de", "xn--strae-oqa.de"},
    {"faß.de", "xn--fa-hia.de"},
    {"βόλος.com", "xn--nxasmm1c.com"},
    {"\U0001f4a9.la", "xn--ls8h.la"},
    /* lengths: of a label 63 bytes, of the whole what fits */
    {FIFTY "abcdeü.de", "xn--" FIFTY "abcde-8yf.de"},
    {FIFTY "abcdefü.de", NULL},
    {YA16 YA16 YA16 YA16 ".de", NULL},
    {FIFTY TEN "aaa.рф", FIFTY TEN "aaa.xn--p1ai"},
    {FIFTY TEN "aaaa.рф", NULL},
    /* no UTF-8 */
    {"\xff.ru", NULL},
    {"a\xd0.ru", NULL},
    {"\xc0\xaf.ru", NULL},
    {"\xed\xa0\x80.ru", NULL},
    {"", ""},
};

static void test_domains(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(domains); i++) {
		char out[ADDR_DOMAIN_MAX] = "?";
		bool fine = idn_to_ascii(domains[i].domain, out, sizeof(out));

		if (fine != (domains[i].ascii != NULL) || (fine && strcmp(out, domains[i].ascii) != 0))
			fail_msg("%s: %d %s", domains[i].domain, fine, out);
	}
}

static void test_room(void **state)
{
	char out[8] = "kept";

	(void)state;
	assert_false(idn_to_ascii("рф", out, 8)); /* xn--p1ai and the NUL */
	assert_string_equal(out, "kept");
	assert_true(idn_to_ascii("ru.de", out, 6));
	assert_string_equal(out, "ru.de");
}

static void test_addresses(void **state)
{
	struct addr addr = {"ivan", "Почта.рф"}, ascii;

	(void)state;
	assert_true(idn_address(&addr, &ascii));
	assert_string_equal(ascii.local, "ivan");
	assert_string_equal(ascii.domain, "xn--80a1acny.xn--p1ai");
	addr = (struct addr){"Ivan", "Example.RU"};
	assert_true(idn_address(&addr, &ascii));
	assert_string_equal(ascii.domain, "Example.RU");
	addr = (struct addr){"иван", "example.ru"}; /* a local part has no other form (RFC 6531) */
	assert_false(idn_address(&addr, &ascii));
	addr = (struct addr){"ivan", "\xff"};
	assert_false(idn_address(&addr, &ascii));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_domains), cmocka_unit_test(test_room), cmocka_unit_test(test_addresses)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
