/* The messages that lanpost writes: byte for byte, and with any names, subjects, values and texts. */
#include "message/compose.h"

#include "base/alloc.h"
#include "message/decode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static const struct msgid id = {"01krs1b0cdm8f2q3v4wx"};
static const struct addr postmaster = {"postmaster", "office.lan"}, ivan = {"ivan", "office.lan"};

static struct compose sample(enum compose_kind kind, const char *text)
{
	return (struct compose){
	    .kind = kind,
	    .from_name = "lanpost",
	    .from = &postmaster,
	    .to = &ivan,
	    .subject = slice_of("Hello"),
	    .date = 1700000000,
	    .id = &id,
	    .host = "gw.office.lan",
	    .parts = {{COMPOSE_TEXT, slice_of(text)}},
	    .part_count = 1,
	};
}

static void assert_message(const struct compose *message, const char *expected)
{
	struct buf out = BUF_INIT(1u << 20);
	struct error error;

	assert_int_equal(compose_message(message, &out, &error), 0);
	assert_string_equal(buf_text(&out), expected);
	buf_clear(&out);
}

/* The decoded value of the field; there is one of that name. */
static void assert_field(const struct compose *message, const char *name, const char *expected)
{
	struct buf out = BUF_INIT(1u << 20), value = BUF_INIT(65536);
	struct error error;
	struct header_walk walk;
	struct header_field field;
	size_t found = 0;

	assert_int_equal(compose_message(message, &out, &error), 0);
	header_walk_init(&walk, buf_slice(&out));
	while (header_walk_next(&walk, &field))
		if (slice_is_nocase(field.name, name) && ++found == 1)
			decode_text(field.body, SLICE_NONE, &value);
	assert_int_equal(found, 1);
	assert_string_equal(buf_text(&value), expected);
	buf_clear(&out);
	buf_clear(&value);
}

#define HEAD(kind)                                                                                                                        \
	"From: lanpost <postmaster@office.lan>\r\nTo: <ivan@office.lan>\r\nSubject: Hello\r\nDate: Tue, 14 Nov 2023 22:13:20 +0000\r\n"   \
	"Message-ID: <01krs1b0cdm8f2q3v4wx@gw.office.lan>\r\n" kind "MIME-Version: 1.0\r\n"
#define PART(type) "Content-Type: " type "\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
#define TEXT_PART PART("text/plain; charset=UTF-8")

#define OF_REPORT "Auto-Submitted: auto-generated\r\nPrecedence: bulk\r\n"

static void test_each_kind_says_what_it_is(void **state)
{
	static const struct {
		enum compose_kind kind;
		const char *expected;
	} cases[] = {
	    {COMPOSE_REPORT, HEAD(OF_REPORT) TEXT_PART "one\r\n"},
	    {COMPOSE_ANSWER, HEAD("Auto-Submitted: auto-replied\r\nPrecedence: bulk\r\n") TEXT_PART "one\r\n"},
	    {COMPOSE_AUTO_REPLY, HEAD("Auto-Submitted: auto-replied\r\nX-Auto-Response-Suppress: All\r\n") TEXT_PART "one\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct compose message = sample(cases[i].kind, "one");

		assert_message(&message, cases[i].expected);
	}
}

static void test_a_message_as_a_mail_program_writes_it(void **state)
{
	struct compose message = {.from = &ivan, .to = &postmaster, .subject = slice_of("Счёт"), .date = 1700000000,
	    .parts = {{COMPOSE_TEXT, slice_of("one")}}, .part_count = 1};

	(void)state;
	assert_message(&message,
	    "From: ivan@office.lan\r\nTo: postmaster@office.lan\r\nSubject: =?UTF-8?B?0KHRh9GR0YI=?=\r\n"
	    "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\nMIME-Version: 1.0\r\n" TEXT_PART "one\r\n");
}

static void test_a_page_beside_the_text(void **state)
{
	struct compose message = sample(COMPOSE_REPORT, "one\n\ntwo\n");

	(void)state;
	message.parts[1] = (struct compose_part){COMPOSE_HTML, slice_of("<p>one</p>\n")};
	message.part_count = 2;
	assert_message(&message,
	    HEAD(OF_REPORT) "Content-Type: multipart/alternative; boundary=\"01krs1b0cdm8f2q3v4wx\"\r\n"
		     "\r\n--01krs1b0cdm8f2q3v4wx\r\n" TEXT_PART "one\r\n\r\ntwo\r\n"
		     "\r\n--01krs1b0cdm8f2q3v4wx\r\n" PART("text/html; charset=UTF-8") "<p>one</p>\r\n"
		     "\r\n--01krs1b0cdm8f2q3v4wx--\r\n");
}

static void test_a_bounce(void **state)
{
	struct compose message = sample(COMPOSE_BOUNCE, "one");

	(void)state;
	message.parts[1] = (struct compose_part){COMPOSE_STATUS, slice_of("Reporting-MTA: dns; gw\r\n")};
	message.parts[2] = (struct compose_part){COMPOSE_HEADER, slice_of("From: a\r\nTo: cut he")};
	message.part_count = 3;
#define REPORT_TOP                                                                                                                        \
	HEAD("Auto-Submitted: auto-replied\r\n")                                                                                          \
	"Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"01krs1b0cdm8f2q3v4wx\"\r\n"                        \
	"\r\n--01krs1b0cdm8f2q3v4wx\r\n" TEXT_PART "one\r\n"                                                                              \
	"\r\n--01krs1b0cdm8f2q3v4wx\r\n"
	assert_message(&message,
	    REPORT_TOP "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; gw\r\n"
		       "\r\n--01krs1b0cdm8f2q3v4wx\r\n" PART("text/rfc822-headers") "From: a\r\nTo: cut he\r\n"
		       "\r\n--01krs1b0cdm8f2q3v4wx--\r\n");
	message.parts[1].content = slice_of("Diagnostic-Code: smtp; позже\r\n");
	message.parts[2] = (struct compose_part){COMPOSE_MESSAGE, slice_of("From: a\r\n\r\nbody\r\n")};
	assert_message(&message,
	    REPORT_TOP PART("message/global-delivery-status") "Diagnostic-Code: smtp; позже\r\n"
		       "\r\n--01krs1b0cdm8f2q3v4wx\r\n" PART("message/rfc822") "From: a\r\n\r\nbody\r\n"
		       "\r\n--01krs1b0cdm8f2q3v4wx--\r\n");
}

static void test_a_message_that_represents_another(void **state)
{
	struct compose message = {
	    .original = slice_of("Received: x\r\nFrom: =?utf-8?q?A?= <a@b.c>\r\nTo: x@y,\r\n\tz@y\r\nSubject: Hello\r\n there\r\n"
				 "X-Lanpost-Stub: evil\r\nReply-To: evil@x.y\r\nContent-Type: image/png\r\n\r\nFrom: no field\r\n"),
	    .mark = "[fetch 1]",
	    .reply_to = &ivan,
	    .extra_name = "X-Lanpost-Stub",
	    .extra_value = "id=1",
	    .parts = {{COMPOSE_TEXT, slice_of("one")}},
	    .part_count = 1,
	};
#define OURS "Reply-To: ivan@office.lan\r\nX-Lanpost-Stub: id=1\r\nMIME-Version: 1.0\r\n" TEXT_PART "one\r\n"

	(void)state;
	assert_message(&message, "From: =?utf-8?q?A?= <a@b.c>\r\nTo: x@y,\r\n\tz@y\r\nSubject: Hello\r\n there\r\n [fetch 1]\r\n" OURS);
	message.original = SLICE_NONE; /* nobody could read it */
	assert_message(&message, "Subject: \r\n [fetch 1]\r\n" OURS);
	message.original = slice_of("From: cut");
	assert_message(&message, "From: cut\r\nSubject: \r\n [fetch 1]\r\n" OURS);
}

/* --- hostile values */

static void test_a_value_stays_in_its_field(void **state)
{
	struct compose message = sample(COMPOSE_REPORT, "x");
	const struct addr bad = {"a>\r\nBcc: x@y\r\n", "office.lan"};

	(void)state;
	message.subject = slice_of("Hi\r\nBcc: evil@x.y\r\n\r\nbody");
	assert_field(&message, "Subject", "Hi  Bcc: evil@x.y    body");
	message.subject = slice_of("");
	message.from_name = "Ivan\r\nBcc: x";
	message.extra_name = "X-A";
	message.extra_value = "1\r\nBcc: x\n\nbody";
	assert_field(&message, "X-A", "1  Bcc: x  body");
	assert_field(&message, "From", "Ivan  Bcc: x <postmaster@office.lan>");
	message.to = &bad; /* no parser returns such an address */
	assert_field(&message, "Precedence", "bulk");
	assert_field(&message, "To", "<\"a>  Bcc: x@y  \"@office.lan>");
}

static void test_names(void **state)
{
	static const struct {
		const char *name, *expected;
	} cases[] = {
	    {"Ivan", "From: Ivan <postmaster@office.lan>"},
	    {"Ivan Petrov", "From: \"Ivan Petrov\" <postmaster@office.lan>"},
	    {"A \"B\" \\ C", "From: \"A \\\"B\\\" \\\\ C\" <postmaster@office.lan>"},
	    {"Петров", "From: =?UTF-8?B?0J/QtdGC0YDQvtCy?= <postmaster@office.lan>"},
	    {"=?UTF-8?B?eA==?=", "From: \"=?UTF-8?B?eA==?=\" <postmaster@office.lan>"}, /* nothing to decode */
	    {"", "From: <postmaster@office.lan>"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct compose message = sample(COMPOSE_REPORT, "x");
		struct buf out = BUF_INIT(65536);
		struct error error;
		struct slice rest;

		message.from_name = cases[i].name;
		compose_message(&message, &out, &error);
		rest = buf_slice(&out);
		assert_true(slice_is(slice_trim(slice_cut(&rest, '\n')), cases[i].expected));
		buf_clear(&out);
	}
}

static void test_only_a_message_id_makes_a_thread(void **state)
{
	struct compose message = sample(COMPOSE_PERSONAL, "x");
	struct buf out = BUF_INIT(65536);
	struct error error;

	(void)state;
	message.answers = slice_of("<a@b>\r\nBcc: x");
	compose_message(&message, &out, &error);
	assert_null(strstr(buf_text(&out), "References"));
	message.answers = slice_of("<a@b>");
	assert_field(&message, "In-Reply-To", "<a@b>");
	assert_field(&message, "References", "<a@b>");
	buf_clear(&out);
}

static void test_lines_are_not_too_long(void **state)
{
	struct compose message = sample(COMPOSE_REPORT, "");
	struct buf out = BUF_INIT(65536);
	struct error error;
	char subject[3001], text[4001];
	struct slice rest;

	(void)state;
	memset(subject, 's', 3000);
	subject[3000] = text[4000] = '\0';
	for (size_t i = 0; i < 4000; i += 2)
		memcpy(text + i, "ы", 2);
	message.subject = slice_of(subject);
	message.extra_name = "X-A";
	message.extra_value = text;
	message.parts[0].content = slice_of(text);
	compose_message(&message, &out, &error);
	for (rest = buf_slice(&out); rest.len > 0;) {
		struct slice line = slice_cut(&rest, '\n');

		assert_in_range(line.len, 1, 999);
		assert_true(utf8_is_valid(line)); /* cut between characters */
	}
	assert_field(&message, "Subject", subject);
	buf_clear(&out);
}

static void test_a_text_has_no_control_characters(void **state)
{
	struct compose message = sample(COMPOSE_REPORT, "a\tb\x01\x7f" "c\r\nd\re\xff\n");

	(void)state;
	assert_message(&message, HEAD(OF_REPORT) TEXT_PART "a\tb  c\r\nd e\xef\xbf\xbd\r\n");
}

static void test_too_large(void **state)
{
	struct compose message = sample(COMPOSE_PERSONAL, "text");
	struct buf out = BUF_INIT(100);
	struct error error;

	(void)state;
	assert_int_equal(compose_message(&message, &out, &error), -1);
	buf_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_kind_says_what_it_is),
	    cmocka_unit_test(test_a_message_as_a_mail_program_writes_it),
	    cmocka_unit_test(test_a_page_beside_the_text),
	    cmocka_unit_test(test_a_bounce),
	    cmocka_unit_test(test_a_message_that_represents_another),
	    cmocka_unit_test(test_a_value_stays_in_its_field),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_only_a_message_id_makes_a_thread),
	    cmocka_unit_test(test_lines_are_not_too_long),
	    cmocka_unit_test(test_a_text_has_no_control_characters),
	    cmocka_unit_test(test_too_large),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
