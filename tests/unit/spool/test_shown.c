/* What the journal shows of a message: decoded, printable, bounded; the envelope is believed before the header. */
#include "base/alloc.h"
#include "base/str.h"
#include "spool/envelope.h"
#include "spool/shown.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MESSAGE                                                                                                                   \
	"From: =?utf-8?B?0JjQstCw0L0=?= <ivan@bank.ru>\r\nTo: anna@office.lan\r\nMessage-ID: <1@bank.ru>\r\n"                      \
	"Subject: =?koi8-r?B?8NLJ18XU?= \x1b[31m\r\n\r\nText.\r\n"

static void clear(char *texts[SHOWN_COUNT])
{
	for (int i = 0; i < SHOWN_COUNT; i++)
		free(texts[i]);
}

static void test_without_an_envelope_the_header_speaks(void **context)
{
	struct strlist none = {NULL, 0};
	struct shown shown = {.account = "sales", .header = "", .sender = "", .recipients = &none};
	char *texts[SHOWN_COUNT];

	(void)context;
	shown_read(&shown, SLICE_LITERAL(MESSAGE), texts);
	assert_string_equal(texts[SHOWN_ID], "<1@bank.ru>");
	assert_non_null(strstr(texts[SHOWN_SENDERS], "ivan@bank.ru"));
	assert_non_null(strstr(texts[SHOWN_RECIPIENTS], "anna@office.lan"));
	assert_non_null(strstr(texts[SHOWN_SUBJECT], "Привет"));
	assert_null(strchr(texts[SHOWN_SUBJECT], 0x1b));
	clear(texts);
}

static void test_the_envelope_is_believed_first(void **context)
{
	char *items[] = {"olga@office.lan", "x@else.org"};
	struct strlist recipients = {items, 2};
	struct shown shown = {.account = "", .header = "Message-ID: <added@gw>\r\n", .sender = "real@office.lan", .recipients = &recipients};
	char *texts[SHOWN_COUNT];

	(void)context;
	shown_read(&shown, SLICE_LITERAL("From: forged@else.org\r\n\r\n"), texts);
	assert_string_equal(texts[SHOWN_SENDERS], "real@office.lan");
	assert_string_equal(texts[SHOWN_RECIPIENTS], "olga@office.lan, x@else.org");
	assert_string_equal(texts[SHOWN_ID], "<added@gw>");
	assert_string_equal(texts[SHOWN_SUBJECT], "");
	clear(texts);
}

static void test_a_long_field_is_cut(void **context)
{
	char *message = xmalloc(100001), *field;

	(void)context;
	memset(message, 'a', 100000);
	memcpy(message, "Subject: ", 9);
	memcpy(message + 99996, "\r\n\r\n", 5);
	field = shown_field(slice_of(message), "Subject");
	assert_true(strlen(field) < 1024 && strlen(field) > 1000);
	free(field);
	free(message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_without_an_envelope_the_header_speaks),
	    cmocka_unit_test(test_the_envelope_is_believed_first),
	    cmocka_unit_test(test_a_long_field_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
