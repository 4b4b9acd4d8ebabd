#include "base/alloc.h"
#include "sorter/literals.h"
#include "sorter/match.h"
#include "sorter/rule_index.h"
#include "tests/unit/cpu_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static unsigned seed = 7;

static unsigned chance(unsigned below)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 16) % below;
}

static void random_text(char *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (char)('a' + chance(3));
	out[len] = '\0';
}

struct found {
	size_t count;
};

static void count_found(void *context, size_t number)
{
	struct found *found = context;

	(void)number;
	found->count++;
}

/* Compared with memmem(), with texts that overlap as much as possible. */
static void test_as_memmem(void **state)
{
	(void)state;
	for (int round = 0; round < 200; round++) {
		struct literals *literals = literals_new();
		char texts[40][9], haystack[200];
		unsigned char marks[41] = {0};
		struct found found = {0};
		size_t expected = 0;

		for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
			random_text(texts[i], 1 + chance(8));
			literals_add(literals, slice_of(texts[i]));
		}
		literals_compile(literals);
		random_text(haystack, chance(60));
		literals_scan(literals, slice_of(haystack), marks, count_found, &found);
		for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
			size_t number = literals_add(literals, slice_of(texts[i]));

			if ((strstr(haystack, texts[i]) != NULL) != marks[number])
				fail_msg("%s in %s: %d", texts[i], haystack, marks[number]);
		}
		for (size_t i = 0; i < literals_count(literals); i++)
			expected += marks[i];
		assert_int_equal(found.count, expected);
		literals_free(literals);
	}
}

/* Rules of the maximum size: the table stays bounded, and nothing is missed. */
static void test_huge_rule_book(void **state)
{
	struct literals *literals = literals_new();
	unsigned char *marks;
	char text[101];

	(void)state;
	for (int i = 0; i < 10000; i++) {
		snprintf(text, sizeof(text), "%d-%095d", i * 7919 % 10007, i);
		literals_add(literals, slice_of(text));
	}
	literals_compile(literals);
	marks = xcalloc(literals_count(literals), 1);
	literals_scan(literals, slice_of(text), marks, NULL, NULL);
	assert_int_equal(marks[literals_count(literals) - 1], 1);
	free(marks);
	literals_free(literals);
}

/* aaaa...: each position ends in all of the texts. */
static void test_texts_within_texts(void **state)
{
	struct literals *literals = literals_new();
	size_t len = 4u << 20;
	char *haystack = xmalloc(len);
	unsigned char marks[64] = {0};
	int64_t start = cpu_ms();

	(void)state;
	memset(haystack, 'a', len);
	for (size_t i = 1; i <= 60; i++)
		literals_add(literals, slice_make(haystack, i));
	literals_compile(literals);
	literals_scan(literals, slice_make(haystack, len), marks, NULL, NULL);
	for (size_t i = 0; i < 60; i++)
		assert_int_equal(marks[i], 1);
	assert_true(cpu_ms() - start < 20000);
	free(haystack);
	literals_free(literals);
}

static void test_no_texts(void **state)
{
	struct literals *literals = literals_new();
	unsigned char marks[1] = {0};

	(void)state;
	literals_compile(literals);
	literals_scan(literals, slice_of("abc"), marks, NULL, NULL);
	assert_int_equal(marks[0], 0);
	literals_free(literals);
}

/* --- the index of rules */

static const char *const conditions[] = {
    "always",
    "subject contains \"счёт\"",
    "subject contains \"nothing\"",
    "subject is \"\"",
    "x-none is \"\"",
    "from ends \"@bank.ru\"",
    "from is \"x@bank.ru\"",
    "to matches \"*@office.*\"",
    "to matches \"*\"",
    "subject regex \"счёт\"",
    "recipient contains \"ivan\"",
    "anyheader contains \"weird\"",
    "anyheader contains \"absent\"",
    "not subject contains \"счёт\"",
    "not subject contains \"absent\"",
    "subject contains \"absent\" or size < 1M",
    "subject contains \"absent\" or from contains \"bank\"",
    "subject contains \"absent\" and size < 1M",
    "size < 1M and subject begins \"сч\"",
    "(subject contains \"a\" or subject contains \"ё\") and to contains \"office\"",
    "body contains \"words\"",
    "body contains \"absent\"",
    "body contains \"words\" and subject contains \"absent\"",
    "has attachment or subject contains \"счёт\"",
};

static const char message[] = "From: Bank <x@bank.ru>\nTo: ivan@office.lan\nSubject: Счёт 5\n"
                              "X-Odd: very WEIRD\n\nsome words\n";

/* A matching rule is always a candidate; one that needs an absent text never is. */
static void test_index(void **state)
{
	static const size_t not_to_be[] = {2, 12, 16 + 1, 22};
	struct condition *parsed[ARRAY_LEN(conditions)];
	struct rule_index *index;
	struct message_view view;
	uint64_t *candidates;
	size_t next = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(conditions); i++) {
		struct error error = ERROR_INIT;

		parsed[i] = rule_parse(slice_of(conditions[i]), false, &error);
		assert_non_null(parsed[i]);
	}
	index = rule_index_new(parsed, ARRAY_LEN(conditions));
	message_view_init(&view, &(struct message_view_source){.message = slice_of(message),
	                     .account = "",
	                     .body_literals = rule_index_body(index)});
	candidates = rule_index_candidates(index, &view);
	for (size_t i = 0; i < ARRAY_LEN(conditions); i++) {
		struct hit hit = {0};
		bool is_candidate = rule_index_next(candidates, i, i + 1) == i;

		if (match_condition(parsed[i], &view, &hit) && !is_candidate)
			fail_msg("missed: %s", conditions[i]);
		for (size_t j = 0; j < ARRAY_LEN(not_to_be); j++)
			if (not_to_be[j] == i && is_candidate)
				fail_msg("in vain: %s", conditions[i]);
		match_clear_hit(&hit);
	}
	assert_int_equal(rule_index_next(candidates, 0, 1), 0);
	next = rule_index_next(candidates, ARRAY_LEN(conditions), ARRAY_LEN(conditions));
	assert_int_equal(next, ARRAY_LEN(conditions));
	free(candidates);
	message_view_clear(&view);
	rule_index_free(index);
	for (size_t i = 0; i < ARRAY_LEN(conditions); i++)
		rule_condition_free(parsed[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_as_memmem),
	    cmocka_unit_test(test_huge_rule_book),
	    cmocka_unit_test(test_texts_within_texts),
	    cmocka_unit_test(test_no_texts),
	    cmocka_unit_test(test_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
