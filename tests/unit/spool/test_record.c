/* Heads of records of the intake log, as text. */
#include "base/alloc.h"
#include "spool/log/record.h"
#include "tests/unit/sample_envelope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_record_round_trip(void **context)
{
	const struct fact facts[] = {
	    {.kind = FACT_SENT, .id = "00000000000000000000", .name = "a@b", .text = "250 ok\n"},
	    {.kind = FACT_REMOVE, .name = "ivan", .text = "1.2.3"},
	};
	const uint32_t checksum = 0x0badcafe;
	struct buf head = BUF_INIT(100000);
	struct envelope envelope;
	struct record record;
	struct error error;

	(void)context;
	make_envelope(&envelope);
	record_write(facts, 2, &envelope, &checksum, &head);
	assert_int_equal(record_parse(buf_slice(&head), &record, &error), 0);
	assert_int_equal(record.fact_count, 2);
	assert_string_equal(record.facts[0].text, "250 ok\n");
	assert_string_equal(record.facts[1].name, "ivan");
	assert_true(record.has_message && record.body_in_file && record.has_checksum);
	assert_int_equal(record.checksum, checksum);
	assert_string_equal(record.envelope.id.text, envelope.id.text);
	record_clear(&record);
	assert_int_equal(record_parse(SLICE_LITERAL("fact nonsense  \n"), &record, &error), -1);
	envelope_clear(&envelope);
	buf_clear(&head);
}

/* A process that writes to the log may be compromised. */
static void test_no_fact_leads_elsewhere(void **context)
{
	static const char *const bad[] = {"fact sent ../../tls/key.pem a@b ok\n", "fact failed  a@b no\n", "fact remove  ../../tls 1.2.3\n", "fact remove   1.2.3\n"};
	struct record record;
	struct error error;

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(record_parse(slice_of(bad[i]), &record, &error), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_record_round_trip),
	    cmocka_unit_test(test_no_fact_leads_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
