/* The origin of a message: its text is read back as written by this version and by older ones, in envelopes and in the
 * journal. */
#include "spool/origin.h"

#include "base/alloc.h"
#include "base/phrase.h"
#include "spool/envelope.h"
#include "spool/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define SAID_MAX 200

static const struct {
	const char *text;
	enum origin_kind kind;
	const char *client, *name, *said;
} stored[] = {
    {"smtp 192.168.1.5 ivan", ORIGIN_SMTP, "192.168.1.5", "ivan", "from 192.168.1.5, user ivan"},
    {"smtp fe80::1%eth0", ORIGIN_SMTP, "fe80::1%eth0", NULL, "from fe80::1%eth0"},
    {"account sales", ORIGIN_ACCOUNT, NULL, "sales", "account sales"},
    {"account two words", ORIGIN_ACCOUNT, NULL, "two words", "account two words"},
    {"gateway", ORIGIN_GATEWAY, NULL, NULL, "written by the gateway"},
    {"quarantine 1k", ORIGIN_QUARANTINE, NULL, "1k", "message 1k of the quarantine"},
    {"scanned 1k", ORIGIN_SCANNED, NULL, "1k", "in place of message 1k, which was scanned later"},
    {"scanned", ORIGIN_UNKNOWN, NULL, "scanned", "scanned"},
    {"", ORIGIN_UNKNOWN, NULL, NULL, ""},
    {"smtp", ORIGIN_UNKNOWN, NULL, "smtp", "smtp"},
    {"accounts", ORIGIN_UNKNOWN, NULL, "accounts", "accounts"},
    {"lmtp 10.0.0.1", ORIGIN_UNKNOWN, NULL, "lmtp 10.0.0.1", "lmtp 10.0.0.1"}, /* of a later version */
    {"gateway two", ORIGIN_UNKNOWN, NULL, "gateway two", "gateway two"},
};

static void assert_same(const char *text, const char *expected)
{
	if (expected == NULL)
		assert_null(text);
	else
		assert_string_equal(text, expected);
}

static void test_a_stored_text_is_read_and_written_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(stored); i++) {
		struct origin origin;
		char *text;

		origin_parse(stored[i].text, &origin);
		assert_int_equal(origin.kind, stored[i].kind);
		assert_int_equal(origin_kind(stored[i].text), stored[i].kind);
		assert_same(origin.client, stored[i].client);
		assert_same(origin.name, stored[i].name);
		text = origin_text(&origin);
		assert_string_equal(text, stored[i].text);
		free(text);
		origin_clear(&origin);
	}
}

static void test_an_envelope_keeps_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(stored); i++) {
		struct envelope envelope, again;
		struct buf text = BUF_INIT(ENVELOPE_TEXT_MAX);
		struct error error;

		envelope_init(&envelope);
		origin_parse(stored[i].text, &envelope.origin);
		envelope_write(&envelope, &text);
		assert_int_equal(envelope_parse(buf_slice(&text), &again, &error), 0);
		assert_int_equal(again.origin.kind, stored[i].kind);
		assert_same(again.origin.name, stored[i].name);
		envelope_clear(&envelope);
		envelope_clear(&again);
		buf_clear(&text);
	}
}

static void test_an_envelope_of_an_older_version(void **state)
{
	struct envelope envelope;
	struct error error;

	(void)state;
	assert_int_equal(envelope_parse(slice_of("id 0123456789abcdefghjk\ntime 1700000000\nsize 5\norigin smtp%20192.168.1.5%20ivan\n"),
			     &envelope, &error),
	    0);
	assert_int_equal(envelope.origin.kind, ORIGIN_SMTP);
	assert_string_equal(envelope.origin.client, "192.168.1.5");
	assert_string_equal(envelope.origin.name, "ivan");
	envelope_clear(&envelope);
}

static void test_what_the_journal_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(stored); i++) {
		char phrase[SAID_MAX];

		event_where(phrase, sizeof(phrase), event_code(EVENT_ACCEPTED), "", stored[i].text);
		assert_string_equal(PHRASE_SAID(phrase), stored[i].said);
	}
}

static void test_setting_it_frees_what_was(void **state)
{
	struct origin origin = {0};

	(void)state;
	origin_set_smtp(&origin, "10.0.0.1", "ivan");
	origin_set_smtp(&origin, "10.0.0.2", NULL);
	origin_set_account(&origin, "sales");
	assert_null(origin.client);
	origin_set_scanned(&origin, "1k");
	origin_set_quarantine(&origin, "1k");
	origin_set_gateway(&origin);
	assert_null(origin.name);
	origin_clear(&origin);
	assert_int_equal(origin.kind, ORIGIN_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_stored_text_is_read_and_written_again),
	    cmocka_unit_test(test_an_envelope_keeps_it),
	    cmocka_unit_test(test_an_envelope_of_an_older_version),
	    cmocka_unit_test(test_what_the_journal_says),
	    cmocka_unit_test(test_setting_it_frees_what_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
