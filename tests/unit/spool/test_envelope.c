/* Envelopes as text: a written one is read again, and a damaged one is refused. */
#include "base/alloc.h"
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
	};

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct envelope envelope;
		struct error error;

		if (envelope_parse(slice_of(bad[i]), &envelope, &error) == 0)
			fail_msg("taken: %s", bad[i]);
	}
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
