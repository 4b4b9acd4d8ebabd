#include "base/alloc.h"
#include "base/buf.h"
#include "base/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_numbers(void **context)
{
	static const struct {
		const char *text;
		uint64_t min, max;
		bool good;
		uint64_t value;
	} cases[] = {
	    {"0", 0, 9, true, 0},
	    {"18446744073709551615", 0, UINT64_MAX, true, UINT64_MAX},
	    {"18446744073709551616", 0, UINT64_MAX, false, 0},
	    {"99999999999999999999", 0, UINT64_MAX, false, 0},
	    {"-1", 0, 9, false, 0},
	    {"+1", 0, 9, false, 0},
	    {" 1", 0, 9, false, 0},
	    {"", 0, 9, false, 0},
	    {"10", 0, 9, false, 0},
	    {"0", 1, 9, false, 0},
	    {"007", 0, 9, true, 7},
	};

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t value = 0;
		bool good = slice_number(slice_of(cases[i].text), cases[i].min, cases[i].max, &value);

		if (good != cases[i].good || (good && value != cases[i].value))
			fail_msg("case %s", cases[i].text);
	}
}

static void test_cut(void **context)
{
	struct slice rest = SLICE_LITERAL("a,b,");

	(void)context;
	assert_true(slice_is(slice_cut(&rest, ','), "a"));
	assert_true(slice_is(slice_cut(&rest, ','), "b"));
	assert_non_null(rest.ptr); /* a separator stood there: one more, empty */
	assert_true(slice_is(slice_cut(&rest, ','), ""));
	assert_null(rest.ptr);
}

static void test_search(void **context)
{
	struct slice text = SLICE_LITERAL("a=?b=?");

	(void)context;
	assert_int_equal(slice_find(text, '='), 1);
	assert_int_equal(slice_find_last(text, '='), 4);
	assert_int_equal(slice_find(text, 'x'), -1);
	assert_int_equal(slice_find_last(text, 'x'), -1);
	assert_int_equal(slice_search(text, SLICE_LITERAL("=?")), 1);
	assert_int_equal(slice_search(text, SLICE_LITERAL("=?c")), -1);
	assert_true(slice_contains(text, "b=?"));
	assert_int_equal(slice_search(text, SLICE_NONE), -1);
	assert_int_equal(slice_find(SLICE_NONE, 'a'), -1); /* no bytes to point at */
	assert_int_equal(slice_find_last(SLICE_NONE, 'a'), -1);
	assert_int_equal(slice_search(SLICE_NONE, text), -1);
	assert_false(slice_contains(SLICE_NONE, "a"));
}

static void test_printable(void **context)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	    {"plain", "plain"},
	    {"Счёт", "Счёт"},
	    {"a\x1b[31mb", "a\\x1b[31mb"},
	    {"a\r\nb", "a\\x0d\\x0ab"},
	    {"\xff\xc0\x80", "\\xff\\xc0\\x80"},	      /* invalid and overlong */
	    {"\xc2\x9b", "\\xc2\\x9b"},		      /* C1: CSI */
	    {"\xe2\x80\xae", "\\xe2\\x80\\xae"},	      /* right-to-left override */
	    {"\xed\xa0\x80", "\\xed\\xa0\\x80"},	      /* a surrogate */
	    {"\x7f", "\\x7f"},
	};

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char out[64];

		assert_string_equal(str_printable(out, sizeof(out), slice_of(cases[i].in)),
		    cases[i].out);
	}
}

static void test_printable_never_cuts_a_character(void **context)
{
	char out[6];

	(void)context;
	assert_string_equal(str_printable(out, sizeof(out), slice_of("abcdё")), "abcd");
	assert_string_equal(str_printable(out, sizeof(out), slice_of("abc\x01")), "abc");
}

static void test_quote(void **context)
{
	char out[32];

	(void)context;
	assert_string_equal(str_quote(out, sizeof(out), slice_of("a\"b\\c")), "\"a\\\"b\\\\c\"");
	assert_string_equal(str_quote(out, 6, slice_of("abcdefgh")), "\"abc\"");
}

static void test_nearest(void **context)
{
	static const char *const names[] = {"deliver_to", "keep_on_server", "password", NULL};

	(void)context;
	assert_string_equal(str_nearest("delivr_to", names), "deliver_to");
	assert_string_equal(str_nearest("Pasword", names), "password");
	assert_null(str_nearest("colour", names));
}

static void test_buffer_limit(void **context)
{
	struct buf buf = BUF_INIT(10);

	(void)context;
	assert_int_equal(buf_append(&buf, "12345678", 8), 0);
	assert_int_equal(buf_append(&buf, "9ab", 3), -1);
	assert_true(buf.overflow);
	assert_int_equal(buf.len, 8);
	assert_int_equal(buf_append(&buf, "9a", 2), 0);
	assert_int_equal(buf_append(&buf, "", 0), 0);
	assert_null(buf_reserve(&buf, SIZE_MAX));
	buf_consume(&buf, 8);
	assert_string_equal(buf_text(&buf), "9a");
	buf_clear(&buf);
}

/* Keys are added and removed; those that share a chain with a removed one must still be found. */
static void test_map_remove(void **context)
{
	struct map map = MAP_INIT;
	bool in[200] = {false};
	unsigned random = 1;
	char text[32];

	(void)context;
	assert_null(map_remove(&map, SLICE_LITERAL("x")));
	for (int step = 0; step < 20000; step++) {
		size_t i;

		random = random * 1103515245 + 12345;
		i = random / 65536 % ARRAY_LEN(in);
		snprintf(text, sizeof(text), "key-%zu", i);
		assert_int_equal(map_get(&map, slice_of(text)) != NULL, in[i]);
		if (in[i])
			assert_ptr_equal(map_remove(&map, slice_of(text)), &in[i]);
		else
			assert_null(map_put(&map, slice_of(text), &in[i]));
		in[i] = !in[i];
	}
	for (size_t i = 0; i < ARRAY_LEN(in); i++) {
		snprintf(text, sizeof(text), "key-%zu", i);
		assert_ptr_equal(map_remove(&map, slice_of(text)), in[i] ? &in[i] : NULL);
	}
	assert_int_equal(map.count, 0);
	map_clear(&map);
}

static void test_map(void **context)
{
	struct map map = MAP_INIT;
	struct slice key;
	void *value;
	size_t at = 0, seen = 0;
	char text[32];

	(void)context;
	assert_null(map_get(&map, SLICE_LITERAL("x")));
	for (uintptr_t i = 1; i <= 1000; i++) {
		snprintf(text, sizeof(text), "key-%d", (int)i);
		assert_null(map_put(&map, slice_of(text), (void *)i));
	}
	assert_ptr_equal(map_put(&map, SLICE_LITERAL("key-7"), (void *)8), (void *)7);
	for (uintptr_t i = 1; i <= 1000; i++) {
		snprintf(text, sizeof(text), "key-%d", (int)i);
		assert_ptr_equal(map_get(&map, slice_of(text)), (void *)(i == 7 ? 8 : i));
	}
	assert_null(map_get(&map, SLICE_LITERAL("key-1001")));
	while (map_next(&map, &at, &key, &value))
		seen++;
	assert_int_equal(seen, 1000);
	map_clear(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_numbers),
	    cmocka_unit_test(test_cut),
	    cmocka_unit_test(test_search),
	    cmocka_unit_test(test_printable),
	    cmocka_unit_test(test_printable_never_cuts_a_character),
	    cmocka_unit_test(test_quote),
	    cmocka_unit_test(test_nearest),
	    cmocka_unit_test(test_buffer_limit),
	    cmocka_unit_test(test_map),
	    cmocka_unit_test(test_map_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
