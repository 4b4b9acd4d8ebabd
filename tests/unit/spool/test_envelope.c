/* Envelopes as text: a written one is read again, and a damaged one is refused. */
#include "base/alloc.h"
#include "spool/envelope_parts.h"
#include "tests/unit/sample_envelope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_envelope_round_trip(void **context)
{
	struct buf text = BUF_INIT(100000), again = BUF_INIT(100000);
	struct envelope envelope, read;
	struct error error;

	(void)context;
	make_envelope(&envelope);
	envelope_write(&envelope, &text);
	assert_int_equal(envelope_parse(buf_slice(&text), &read, &error), 0);
	envelope_write(&read, &again);
	assert_string_equal(buf_text(&text), buf_text(&again));
	assert_string_equal(read.uidl, envelope.uidl);
	assert_string_equal(read.header, "X-A: one  X-Evil: two\r\n");
	assert_string_equal(read.places[0].why, "rule \"счёт\"");
	assert_string_equal(read.recipients.items[0], "x y@z");
	assert_int_equal(read.places[2].kind, PLACE_OWN);
	assert_string_equal(read.own_header, "Bcc: x y@z\r\n");
	assert_string_equal(read.submitter, "ivan");
	assert_string_equal(read.identity, "0a1b");
	assert_int_equal(read.omission_count, 2);
	assert_string_equal(read.omissions[0].place, "maria");
	assert_string_equal(read.omissions[0].why, "has it\nalready");
	assert_string_equal(read.omissions[1].place, "");
	assert_true(read.is_urgent);
	envelope_clear(&envelope);
	envelope_clear(&read);
	buf_clear(&text);
	buf_clear(&again);
}

static void test_envelope_refuses_damage(void **context)
{
	static const char *const bad[] = {
	    "", "id short\n", "id 00000000000000000000\nwhat x\n",
	    "id 00000000000000000000\nplace mailbox pending %zz  \n",
	    "id 00000000000000000000\nplace mailbox pending ../tls  \n", "id 00000000000000000000\nplace boss pending ..  \n", "id 00000000000000000000\nplace own pending ivan/../x  \n",
	    "id 00000000000000000000\nplace mailbox pending   \n",
	    "id 00000000000000000000\nplace nowhere pending a  \n",
	    "id 00000000000000000000\ntime -1\n", "id 00000000000000000000\nsender %00\n",
	    "id 00000000000000000000\ntime 99999999999999999999\n",
	    "id 00000000000000000000\nomit %zz why\n", "id 00000000000000000000\nomit ivan a\nomit ivan b\n",
	};

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct envelope envelope;
		struct error error;

		if (envelope_parse(slice_of(bad[i]), &envelope, &error) == 0)
			fail_msg("taken: %s", bad[i]);
	}
}

/* "01234" with "+" inserted at 3, in every order with cuts; a cut that is not within the message is left out. */
static const struct {
	uint64_t cuts[2][2], insert_at;
	const char *stored;
} cut_cases[] = {
    {{{1, 1}, {4, 1}}, 3, "H:0a2+3b"}, {{{0, 2}, {2, 0}}, 3, "H:ab2+34"}, {{{3, 1}, {4, 0}}, 3, "H:012+ab4"}, {{{2, 2}, {4, 1}}, 3, "H:01a+b"},
    {{{3, 9}, {1, 1}}, 3, "H:0b2+34"}, {{{2, 2}, {3, 1}}, 99, "H:01a4+"}, {{{5, 0}, {6, 0}}, 3, "H:012+34a"}, {{{0, 5}, {0, 0}}, 0, "H:+a"},
};

static void test_what_is_stored(void **context)
{
	static const struct slice message = SLICE_LITERAL("01234");
	struct slice parts[ENVELOPE_PARTS_MAX];

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(cut_cases); i++) {
		struct buf stored = BUF_INIT(100), whole = BUF_INIT(100);
		struct envelope envelope;
		size_t count;

		envelope_init(&envelope);
		envelope_set(&envelope.header, SLICE_LITERAL("H:"));
		envelope_set(&envelope.insert, SLICE_LITERAL("+"));
		envelope.insert_at = cut_cases[i].insert_at;
		envelope_add_cut(&envelope, cut_cases[i].cuts[0][0], cut_cases[i].cuts[0][1], SLICE_LITERAL("a"));
		envelope_add_cut(&envelope, cut_cases[i].cuts[1][0], cut_cases[i].cuts[1][1], SLICE_LITERAL("b"));
		count = envelope_parts(&envelope, message, false, parts);
		for (size_t j = 0; j < count; j++)
			buf_append_slice(&stored, parts[j]);
		assert_string_equal(buf_text(&stored), cut_cases[i].stored);
		assert_int_equal(envelope_parts_size(&envelope, message.len, false), stored.len);
		count = envelope_parts(&envelope, message, true, parts);
		for (size_t j = 0; j < count; j++)
			buf_append_slice(&whole, parts[j]);
		assert_int_equal(whole.len, 8);
		assert_int_equal(envelope_parts_size(&envelope, message.len, true), 8);
		envelope_clear(&envelope);
		buf_clear(&stored);
		buf_clear(&whole);
	}
	assert_int_equal(envelope_parts(&(struct envelope){.header = (char[]){""}, .insert = (char[]){""}}, SLICE_NONE, false, parts), 0);
}

static void test_boss_is_one_place(void **context)
{
	struct envelope envelope;

	(void)context;
	envelope_init(&envelope);
	envelope_add(&envelope, PLACE_MAILBOX, slice_of("chief"), SLICE_NONE);
	envelope_add(&envelope, PLACE_BOSS, slice_of("Chief"), SLICE_NONE);
	assert_int_equal(envelope.place_count, 1);
	assert_int_equal(envelope.places[0].kind, PLACE_BOSS);
	envelope_add(&envelope, PLACE_MAILBOX, slice_of("chief"), SLICE_NONE);
	assert_int_equal(envelope.place_count, 1);
	assert_int_equal(envelope.places[0].kind, PLACE_BOSS);
	envelope_clear(&envelope);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_envelope_round_trip),
	    cmocka_unit_test(test_envelope_refuses_damage),
	    cmocka_unit_test(test_boss_is_one_place),
	    cmocka_unit_test(test_what_is_stored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
