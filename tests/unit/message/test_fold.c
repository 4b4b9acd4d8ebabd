#include "base/alloc.h"
#include "message/fold.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unicase.h>
#include <uninorm.h>

#include <cmocka.h>

static const struct {
	const char *name, *input, *expected;
} cases[] = {
    {"nothing", "", ""},
    {"ASCII", "Hello, WORLD 12@[`{", "hello, world 12@[`{"},
    {"Russian", "АБВГДЕЁЖЗИЙ абвгдеёжзий РСТУФХЦЧШЩЪЫЬЭЮЯ рстуя",
        "абвгдеёжзий абвгдеёжзий рстуфхцчшщъыьэюя рстуя"},
    {"other Cyrillic", "ЀЂЃЄЇЈЎЏ ѐђѓ Ѣѣ Ґґ Қ", "ѐђѓєїјўџ ѐђѓ ѣѣ ґґ қ"},
    {"sharp s", "Straße STRASSE", "strasse strasse"},
    {"sigma", "ΣΊΣΥΦΟΣ", "σίσυφοσ"},
    {"composed", "И\xcc\x86Е\xcc\x88o\xcc\x88", "йёö"},
    {"mark on ASCII", "E\xcc\x81x", "éx"},
    {"broken bytes stay", "A\xff\xd0Я\x80", "a\xff\xd0я\x80"},
    {"cut at the end", "Я\xd0", "я\xd0"},
    {"Turkish, Georgian, fullwidth", "İ Ა Ａ", "i̇ ა ａ"},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = BUF_INIT(1000);

		assert_int_equal(fold_text(slice_of(cases[i].input), &out), 0);
		if (strcmp(buf_text(&out), cases[i].expected) != 0)
			fail_msg("%s: %s", cases[i].name, buf_text(&out));
		buf_clear(&out);
	}
}

/* The fast path must give the result of the library. */
static void test_as_the_library(void **state)
{
	static const char *const pieces[] = {"a", "Z", " ", "Я", "ё", "Џ", "ѝ", "\xcc\x86",
	    "\xcc\x88", "\xcc\x81", "ß", "Σ", "é", "가", "ᆨ", "Ѡ", "҃"};
	unsigned seed = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct buf text = BUF_INIT(1000), out = BUF_INIT(4000);
		size_t len = 0;
		uint8_t *whole;

		for (int j = 0; j < 6; j++) {
			seed = seed * 1103515245u + 12345u;
			buf_append_text(&text, pieces[(seed >> 16) % ARRAY_LEN(pieces)]);
		}
		whole =
		    u8_casefold((const uint8_t *)text.ptr, text.len, NULL, UNINORM_NFC, NULL, &len);
		fold_text(buf_slice(&text), &out);
		if (!slice_equal(buf_slice(&out), slice_make((const char *)whole, len)))
			fail_msg("%s: %s", buf_text(&text), buf_text(&out));
		free(whole);
		buf_clear(&text);
		buf_clear(&out);
	}
}

static void test_yo(void **state)
{
	char text[] = "Ёлка, ещё: \xd0";

	(void)state;
	fold_yo(text, sizeof(text) - 1);
	assert_string_equal(text, "Елка, еще: \xd0");
}

static void test_same_length(void **state)
{
	(void)state;
	assert_int_equal(fold_same_length(slice_of("abc")), 3);
	assert_int_equal(fold_same_length(slice_of("Яя")), 4);
	assert_int_equal(fold_same_length(slice_of("abcß")), 2);
	assert_int_equal(fold_same_length(slice_of("ß")), 0);
	assert_int_equal(fold_same_length(SLICE_NONE), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cases),
	    cmocka_unit_test(test_as_the_library),
	    cmocka_unit_test(test_yo),
	    cmocka_unit_test(test_same_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
