#include "base/alloc.h"
#include "message/charset.h"
#include "message/decode.h"
#include "message/fold.h"
#include "tests/unit/cpu_time.h"

#include <iconv.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define S(text) SLICE_LITERAL(text)

static const struct {
	const char *name;
	struct slice input;
	const char *expected;
} texts[] = {
    {"plain", S(" Hello,\r\n\tworld \r\n"), "Hello, world"},
    {"UTF-8 B", S("=?UTF-8?B?0KHRh9GR0YIg0L3QsCDQvtC/0LvQsNGC0YM=?="), "Счёт на оплату"},
    {"UTF-8 Q", S("=?utf-8?Q?=D0=A1=D1=87=D1=91=D1=82_1?="), "Счёт 1"},
    {"KOI8-R B", S("=?koi8-r?B?896j1A==?="), "Счёт"},
    {"windows-1251 Q", S("=?windows-1251?Q?=D1=F7=B8=F2?="), "Счёт"},
    {"windows-1251 B, two words", S("=?Windows-1251?B?0ffl8iA=?=\r\n =?Windows-1251?B?7eA=?="),
        "Счет на"},
    {"split character", S("=?utf-8?B?0KHRh9E=?= =?utf-8?B?kdGC?="), "Счёт"},
    {"split character, B and Q", S("=?utf-8?B?0KHRh9E=?= =?UTF-8?Q?=91=D1=82?="), "Счёт"},
    {"two charsets", S("=?koi8-r?Q?=D3?= =?windows-1251?Q?=F7?="), "сч"},
    {"text between", S("a =?utf-8?Q?=D0=B1?= c =?utf-8?Q?d?="), "a б c d"},
    {"text without blanks", S("Re:=?utf-8?Q?=D0=B1?=!"), "Re:б!"},
    {"blanks in a word", S("=?utf-8?Q?=D0=B1 =D0=B2?="), "б в"},
    {"no padding", S("=?utf-8?B?0LE?="), "б"},
    {"question mark in a word", S("=?utf-8?Q?what?\?="), "what?"},
    {"language", S("=?utf-8*ru?Q?=D0=B1?="), "б"},
    {"koi8_r", S("=?koi8_r?B?896j1CA1?="), "Счёт 5"},
    {"windows_1251", S("=?windows_1251?B?0fe48iA1?="), "Счёт 5"},
    {"iso_8859_5", S("=?iso_8859_5?B?wefx4iA1?="), "Счёт 5"},
    {"x-mac-ukrainian", S("=?x-mac-ukrainian?B?kffe8iA1?="), "Счёт 5"},
    {"koi", S("=?koi?B?896j1CA1?="), "Счёт 5"},
    {"x-cp1250", S("=?x-cp1250?B?jmx1nW916Gv9?="), "Žluťoučký"},
    {"cp1125", S("=?cp1125?B?kefx4iA1?="), "Счёт 5"},
    {"1252", S("=?1252?B?RvzfZQ==?="), "Füße"},
    {"iso_8859_1", S("=?iso_8859_1?B?RvzfZQ==?="), "Füße"},
    {"ks_c_5601_1987", S("=?ks_c_5601_1987?B?x9Gxub7u?="), "한국어"},
    {"iso_2022_jp", S("=?iso_2022_jp?B?GyRCRnxLXDhsGyhC?="), "日本語"},
    {"unicode-1-1-utf-8", S("=?unicode-1-1-utf-8?B?0KHRh9GR0YIgNQ==?="), "Счёт 5"},
    {"windows-1252 called iso-8859-1", S("=?ISO-8859-1?Q?We=92ve_reconnected_=96?="), "We’ve reconnected –"},
    {"windows-1252 called us-ascii", S("=?us-ascii?Q?We=92ve_reconnected_=96?="), "We’ve reconnected –"},
    {"windows-1254 called iso-8859-9", S("=?iso8859-9?Q?=93=FE=94?="), "“ş”"},
    {"KOI8-R called us-ascii", S("=?ansi_x3.4-1968?B?896j1CDOwSDP0MzB1NU=?="), "Счёт на оплату"},
    {"more than Shift_JIS", S("=?Shift_JIS?B?h0A=?="), "①"},
    {"a prefix alone", S("=?x-?Q?a=FF?="), "=?x-?Q?a=FF?="},
    {"unknown charset", S("a =?x-none?Q?=D0?= b"), "a =?x-none?Q?=D0?= b"},
    {"hostile charset", S("=?utf-8//IGNORE?Q?a?="), "=?utf-8//IGNORE?Q?a?="},
    {"unknown encoding", S("=?utf-8?X?a?="), "=?utf-8?X?a?="},
    {"open word", S("=?utf-8?Q?a"), "=?utf-8?Q?a"},
    {"broken escape", S("=?utf-8?Q?=ZZ=D0=B1=?="), "=ZZб="},
    {"empty word", S("a =?utf-8?Q?\?= b"), "a  b"},
    {"invalid UTF-8 in a word", S("=?utf-8?Q?a=FFb?="),
        "a\xef\xbf\xbd"
        "b"},
    {"controls in a word", S("=?utf-8?Q?a=0D=0ABcc:=00=1B[m?="), "a  Bcc:  [m"},
    {"C1 in a word", S("=?utf-8?Q?a=C2=9Bb?="), "a b"},
    {"ISO-2022-JP", S("=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?="), "日本"},
    {"raw UTF-8", S("Счёт на оплату"), "Счёт на оплату"},
    {"raw KOI8-R", S("\xf3\xde\xa3\xd4 \xce\xc1 \xcf\xd0\xcc\xc1\xd4\xd5"), "Счёт на оплату"},
    {"raw windows-1251", S("\xd1\xf7\xb8\xf2 \xed\xe0 \xee\xef\xeb\xe0\xf2\xf3"), "Счёт на оплату"},
    {"raw CP866", S("\x91\xe7\xf1\xe2 \xad\xa0 \xae\xaf\xab\xa0\xe2\xe3"), "Счёт на оплату"},
    {"raw ISO-8859-5", S("\xc1\xe7\xf1\xe2 \xdd\xd0 \xde\xdf\xdb\xd0\xe2\xe3"), "Счёт на оплату"},
    {"raw UTF-8, cut off", S("Счёт на опла\xd1"), "Счёт на опла\xef\xbf\xbd"},
    {"raw Latin-1", S("Die Fr\xf6sche"), "Die Frösche"},
    {"NUL", S("a\0b"), "a b"},
};

static void test_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct buf out = BUF_INIT(10000);

		assert_int_equal(decode_text(texts[i].input, SLICE_NONE, &out), 0);
		if (strcmp(buf_text(&out), texts[i].expected) != 0)
			fail_msg("%s: \"%s\"", texts[i].name, buf_text(&out));
		buf_clear(&out);
	}
}

static const struct {
	const char *name;
	struct slice input;
	const char *expected;
} lists[] = {
    {"as it stands", S("bbb@ddd.com (John X. Doe)"), "bbb@ddd.com (John X. Doe)"},
    {"quotes kept", S("\"Joe Blow\" <a@b>,\r\n =?iso-8859-1?Q?J=FCrgen?= <c@d>"),
        "\"Joe Blow\" <a@b>, Jürgen <c@d>"},
    {"comma in a word", S("=?utf-8?Q?Petrov,_Ivan?= <a@b>"), "\"Petrov, Ivan\" <a@b>"},
    {"address in a word", S("=?utf-8?Q?x_<boss@y>,?= <a@b>"), "\"x <boss@y>,\" <a@b>"},
    {"quote in a quoted word", S("\"=?utf-8?Q?a\\=22b?=\" <a@b>"), "\"a\\\\\\\"b\" <a@b>"},
    {"word in a comment", S("a@b (=?utf-8?Q?=D0=B1)?=)"), "a@b (б\\))"},
    {"no words in addresses", S("<=?utf-8?Q?a?=@b>"), "<=?utf-8?Q?a?=@b>"},
};

static void test_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct buf out = BUF_INIT(10000);

		assert_int_equal(decode_addresses(lists[i].input, SLICE_NONE, &out), 0);
		if (strcmp(buf_text(&out), lists[i].expected) != 0)
			fail_msg("%s: %s", lists[i].name, buf_text(&out));
		buf_clear(&out);
	}
}

/* Everyday subjects in each charset are decoded without a label of the charset. */
static void test_guess(void **state)
{
	static const char *const subjects[] = {"Счёт на оплату", "Привет",
	    "СРОЧНО! Отчет за октябрь", "Договор поставки № 15", "Re: встреча завтра",
	    "Иван Петров", "АКТ СВЕРКИ", "прайс-лист", "Напоминание об оплате", "Fwd: Документы",
	    "ООО Ромашка", "Заказ", "Спасибо"};
	static const char *const charsets[] = {"KOI8-R", "CP1251", "CP866", "ISO-8859-5"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(charsets); i++) {
		for (size_t j = 0; j < ARRAY_LEN(subjects); j++) {
			char raw[200], *in = (char *)(uintptr_t)subjects[j], *to = raw;
			size_t left = strlen(in), room = sizeof(raw);
			struct buf out = BUF_INIT(1000);
			iconv_t descriptor = iconv_open(charsets[i], "UTF-8");
			size_t result = iconv(descriptor, &in, &left, &to, &room);

			iconv_close(descriptor);
			if (result == (size_t)-1) /* the charset has no № */
				continue;
			assert_int_equal(charset_guess_to_utf8(
			                     SLICE_NONE, slice_make(raw, sizeof(raw) - room), &out),
			    0);
			if (strcmp(buf_text(&out), subjects[j]) != 0)
				print_error(
				    "%s in %s: %s\n", subjects[j], charsets[i], buf_text(&out));
			assert_string_equal(buf_text(&out), subjects[j]);
			buf_clear(&out);
		}
	}
}

static void test_hint(void **state)
{
	struct buf out = BUF_INIT(1000);

	(void)state;
	decode_text(S("M\xfcller"), S("iso-8859-1"), &out);
	assert_string_equal(buf_text(&out), "Müller");
	buf_reset(&out);
	decode_text(S("\xf3\xde\xa3\xd4"), S("us-ascii"), &out); /* a hint that cannot be true */
	assert_string_equal(buf_text(&out), "Счёт");
	buf_reset(&out);
	assert_int_equal(charset_to_utf8(S("no-such-charset"), S("a"), &out), -1);
	assert_int_equal(out.len, 0);
	buf_clear(&out);
}

static void test_field(void **state)
{
	struct header_field field = {S("SUBJECT"), S("=?utf-8?Q?a,_b?="), SLICE_NONE};
	struct buf out = BUF_INIT(1000);

	(void)state;
	decode_field(&field, SLICE_NONE, &out);
	assert_string_equal(buf_text(&out), "a, b");
	buf_reset(&out);
	field.name = S("from");
	decode_field(&field, SLICE_NONE, &out);
	assert_string_equal(buf_text(&out), "\"a, b\"");
	buf_clear(&out);
}

static const struct {
	const char *name, *parameter;
	struct slice body;
	const char *expected; /* NULL: not there */
} parameters[] = {
    {"token", "charset", S("text/plain; Charset=koi8-r"), "koi8-r"},
    {"quoted", "boundary", S("multipart/mixed;\r\n boundary=\"a;\\\"b=\""), "a;\"b="},
    {"absent", "name", S("text/plain; xname=a; charset=b"), NULL},
    {"longer name", "name", S("a/b; names=1; name=2"), "2"},
    {"RFC 2231", "name", S("a/b; name*=windows-1251'ru'%D1%F7%B8%F2.txt"), "Счёт.txt"},
    {"both forms", "filename",
        S("a; filename=\"plain.txt\"; filename*=UTF-8''%D0%B1.txt"), "б.txt"},
    {"both forms, the other way", "filename", S("a; filename*=UTF-8''%D0%B1.txt; filename=plain.txt"), "б.txt"},
    {"pieces in disorder", "name", S("a/b; name*1=b; name*2=c; name*0=a"), "abc"},
    {"pieces twice", "name", S("a/b; name*0=a; name*0=x; name*1=b"), "ab"},
    {"quoted extended form", "name", S("a/b; name*=\"utf-8''%D0%B1\""), "б"},
    {"extended form without a charset", "name", S("a/b; name*=%41"), "A"},
    {"number beyond all measure", "name", S("a/b; name=x; name*99999999999999999999=y"), "x"},
    {"pieces", "name", S("a/b; name*0*=utf-8''%D0%B1; name*1=\"c \"; name*2*=%D0%B2"), "бc в"},
    {"encoded word", "name", S("a/b; name=\"=?utf-8?Q?=D0=B1?=\""), "б"},
    {"the first counts", "name", S("a/b; name=1; name=2"), "1"},
    {"no value", "name", S("a/b; name"), NULL},
    {"open quote", "name", S("a/b; name=\"x"), "x"},
};

static void test_parameter(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(parameters); i++) {
		struct buf out = BUF_INIT(1000);
		bool found = decode_parameter(parameters[i].body, parameters[i].parameter, &out);

		if (found != (parameters[i].expected != NULL) ||
		    (found && strcmp(buf_text(&out), parameters[i].expected) != 0))
			fail_msg("%s: %s", parameters[i].name, buf_text(&out));
		buf_clear(&out);
	}
}

/* A word costs about the same in any charset; there is a limit beyond any valid message. */
static void test_many_charsets(void **state)
{
	int64_t spent;
	char name[32];

	(void)state;
	charset_begin_message();
	spent = cpu_ms();
	for (unsigned i = 0; i < 200000; i++) {
		struct buf out = BUF_INIT(100);

		snprintf(name, sizeof(name), i % 2 == 0 ? "ibm%03u" : "iso-8859-%u", i % 2 == 0 ? 37 + i % 1200 : 1 + i % 16);
		charset_to_utf8(slice_of(name), S("a"), &out);
		buf_clear(&out);
	}
	spent = cpu_ms() - spent;
	print_message("%d ms\n", (int)spent);
	assert_true(spent < 5000 * HUGE_SHARE);
}

static void test_message_charset(void **state)
{
	(void)state;
	assert_true(
	    slice_is(decode_message_charset(S("A: b\r\nContent-Type: text/plain;\r\n"
	                                      " format=flowed; charset=\"KOI8-R\"\r\n\r\n")),
	        "KOI8-R"));
	assert_int_equal(
	    decode_message_charset(S("Subject: a\n\nContent-Type: a/b; charset=c\n")).len, 0);
}

static void test_encode(void **state)
{
	static const char *const words[] = {"Счёт на оплату", "plain", "=?fake?=", "",
	    "длинный текст, который не помещается в одно слово и потому разбит на несколько слов"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		struct buf out = BUF_INIT(10000), back = BUF_INIT(10000);
		struct slice rest;

		assert_int_equal(encode_text(slice_of(words[i]), &out), 0);
		decode_text(buf_slice(&out), SLICE_NONE, &back);
		assert_string_equal(buf_text(&back), words[i]);
		for (rest = buf_slice(&out); rest.len > 0;)
			assert_true(slice_cut(&rest, '\n').len < 70);
		for (size_t j = 0; j < out.len; j++)
			assert_true((unsigned char)out.ptr[j] < 0x80);
		buf_clear(&out);
		buf_clear(&back);
	}
}

/* Encoded text can never begin a new header line. */
static void test_encode_controls(void **state)
{
	struct buf out = BUF_INIT(1000), back = BUF_INIT(1000);

	(void)state;
	encode_text(S("a\r\nBcc: x"), &out);
	decode_text(buf_slice(&out), SLICE_NONE, &back);
	assert_string_equal(buf_text(&back), "a  Bcc: x");
	assert_null(strstr(buf_text(&out), "Bcc"));
	buf_clear(&out);
	buf_clear(&back);
}

static const struct {
	const char *a, *b;
	bool same;
} folds[] = {
    {"ABC", "abc", true},
    {"СЧЁТ", "счёт", true},
    {"Ё", "е\xcc\x88", true}, /* composed and not */
    {"Й", "и\xcc\x86", true},
    {"ΣΊΣΥΦΟΣ", "σίσυφος", true},
    {"STRASSE", "straße", true},
    {"MÜLLER", "müller", true},
    {"е", "ё", false},
    {"a\xff", "A\xff", true},
    {"и", "Й", false},
};

static void test_fold(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(folds); i++) {
		struct buf a = BUF_INIT(1000), b = BUF_INIT(1000);

		fold_text(slice_of(folds[i].a), &a);
		fold_text(slice_of(folds[i].b), &b);
		if (slice_equal(buf_slice(&a), buf_slice(&b)) != folds[i].same)
			fail_msg("%s, %s", folds[i].a, folds[i].b);
		buf_clear(&a);
		buf_clear(&b);
	}
}

/* Sanitizers check the whole haystack at each memmem(), which makes any search quadratic. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define LARGE (1u << 14)
#else
#define LARGE (1u << 19)
#endif

static void test_is_linear(void **state)
{
	static const char *const units[] = {"=?a?q?", "=?a?q?x", "=?utf-8?q?=D0?= ", "=?",
	    "?=", "\"\\(", "=?x-none?b?aa?= ", "\xd0", "; a=\"", "a*0*=u'';"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		size_t len = strlen(units[i]), total = LARGE;
		char *text = xmalloc(total);
		struct buf out = BUF_INIT(1 << 24);
		int64_t start = cpu_ms();

		for (size_t j = 0; j < total; j++)
			text[j] = units[i][j % len];
		decode_text(slice_make(text, total), SLICE_NONE, &out);
		decode_addresses(slice_make(text, total), SLICE_NONE, &out);
		decode_parameter(slice_make(text, total), "a", &out);
		if (cpu_ms() - start > 20000)
			fail_msg("%s takes too long", units[i]);
		buf_clear(&out);
		free(text);
	}
}

static const char *const thread_charsets[] = {"koi8-r", "cp866", "cp1251", "iso-8859-1",
    "iso-8859-2", "iso-8859-5", "iso-8859-15", "macintosh"};

static void *decode_in_thread(void *context)
{
	struct buf out = BUF_INIT(1000);

	(void)context;
	for (size_t i = 0; i < 200; i++) {
		buf_reset(&out);
		charset_to_utf8(
		    slice_of(thread_charsets[i % ARRAY_LEN(thread_charsets)]), S("abc"), &out);
		if (strcmp(buf_text(&out), "abc") != 0)
			abort();
	}
	buf_clear(&out);
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t threads[4];
	iconv_t kept[ARRAY_LEN(thread_charsets)];

	(void)state;
	/* glibc loads and unloads its converters under a lock of its own that TSan does not see. */
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		kept[i] = iconv_open("UTF-8", thread_charsets[i]);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, decode_in_thread, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		iconv_close(kept[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text),
	    cmocka_unit_test(test_addresses),
	    cmocka_unit_test(test_guess),
	    cmocka_unit_test(test_hint),
	    cmocka_unit_test(test_field),
	    cmocka_unit_test(test_parameter),
	    cmocka_unit_test(test_many_charsets),
	    cmocka_unit_test(test_message_charset),
	    cmocka_unit_test(test_encode),
	    cmocka_unit_test(test_encode_controls),
	    cmocka_unit_test(test_fold),
	    cmocka_unit_test(test_is_linear),
	    cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
