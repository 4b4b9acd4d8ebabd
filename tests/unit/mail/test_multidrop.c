/* The recipients of a message in a catch-all mailbox, as providers note them, and forged ones. */
#include "mail/multidrop.h"

#include "base/buf.h"
#include "tests/unit/sample_conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
	const char *name, *envelope_header, *prefix, *message, *expected;
} cases[] = {
    {"not a catch-all", "", "", "Delivered-To: ivan@office.lan\r\n\r\n", ""},
    {"the named field", "Delivered-To", "", "Delivered-To: <ivan@office.lan>\r\n\r\n", "ivan@office.lan"},
    {"the topmost one counts", "Delivered-To", "",
	"Delivered-To: anna@office.lan\r\nDelivered-To: ivan@office.lan\r\n\r\n", "anna@office.lan"},
    {"strangers in the named field count", "Delivered-To", "",
	"Delivered-To: nobody@office.lan\r\nTo: ivan@office.lan\r\n\r\n", "nobody@office.lan"},
    {"the named field is missing", "Delivered-To", "", "To: ivan@office.lan\r\n\r\n", ""},
    {"not in the body", "Delivered-To", "", "To: x@y.z\r\n\r\nDelivered-To: ivan@office.lan\r\n", ""},
    {"names in any case", "delivered-TO", "", "DELIVERED-to: ivan@office.lan\r\n\r\n", "ivan@office.lan"},
    {"a prefix", "Delivered-To", "mbox-user-", "Delivered-To: mbox-user-ivan@office.lan\r\n\r\n", "ivan@office.lan"},
    {"a prefix in other case", "Delivered-To", "mbox-user-", "Delivered-To: Mbox-User-ivan@office.lan\r\n\r\n",
	"ivan@office.lan"},
    {"nothing but the prefix stays", "Delivered-To", "ivan", "Delivered-To: ivan@office.lan\r\n\r\n", "ivan@office.lan"},
    {"two at once, one twice", "X-Envelope-To", "",
	"X-Envelope-To: ivan@office.lan,\r\n anna@office.lan, ivan@office.lan\r\n\r\n", "ivan@office.lan anna@office.lan"},
    {"auto: the provider's own mailbox is passed over", "auto", "",
	"Delivered-To: catchall@provider.net\r\nX-Original-To: ivan@office.lan\r\n\r\n", "ivan@office.lan"},
    {"auto: and so it is in one field twice", "auto", "",
	"Delivered-To: catchall@provider.net\r\nDelivered-To: anna@office.lan\r\n\r\n", "anna@office.lan"},
    {"auto: an external alias is ours", "auto", "", "Envelope-To: ivan@example.ru\r\n\r\n", "ivan@example.ru"},
    {"auto: a group is ours", "auto", "", "X-Envelope-To: sales@office.lan\r\n\r\n", "sales@office.lan"},
    {"auto: the nearer field wins", "auto", "",
	"Delivered-To: anna@office.lan\r\nX-Original-To: ivan@office.lan\r\n\r\n", "ivan@office.lan"},
    {"auto: for of a Received", "auto", "",
	"Received: from a by b with SMTP id 7\r\n\tfor <ivan@office.lan>; Mon, 1 Jan 2024 00:00:00 +0300\r\n\r\n",
	"ivan@office.lan"},
    {"auto: for without brackets", "auto", "",
	"Received: from a by b for ivan@office.lan; Mon, 1 Jan 2024 00:00:00 +0300\r\n\r\n", "ivan@office.lan"},
    {"auto: only as a word of its own", "auto", "", "Received: from a by b waitfor ivan@office.lan; x\r\n\r\n", ""},
    {"auto: a Received far below was written outside", "auto", "",
	"Received: from a\r\nReceived: from b\r\nReceived: from c\r\nReceived: from d for ivan@office.lan; x\r\n\r\n", ""},
    {"auto: To and Cc say nothing", "auto", "", "To: ivan@office.lan\r\nCc: anna@office.lan\r\n\r\n", ""},
    {"rubbish", "auto", "", "Delivered-To: <<<>>>, @, \"\r\nReceived: for \r\nReceived: for\r\n\r\n", ""},
    {"nothing at all", "auto", "", "", ""},
};

static void find(const char *envelope_header, const char *prefix, struct slice message, struct strlist *recipients)
{
	struct conf conf = sample_conf();
	struct conf_account account = {.envelope_header = (char *)(uintptr_t)envelope_header,
	    .envelope_prefix = (char *)(uintptr_t)prefix};

	multidrop_recipients(&conf, &account, message, recipients);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strlist recipients = {0};
		struct buf text = BUF_INIT(8 << 20);

		find(cases[i].envelope_header, cases[i].prefix, slice_of(cases[i].message), &recipients);
		for (size_t j = 0; j < recipients.count; j++)
			buf_printf(&text, "%s%s", j > 0 ? " " : "", recipients.items[j]);
		if (strcmp(buf_text(&text), cases[i].expected) != 0)
			fail_msg("%s: '%s' and not '%s'", cases[i].name, buf_text(&text), cases[i].expected);
		buf_clear(&text);
		strlist_clear(&recipients);
	}
}

/* A hundred thousand names in one field, and as many fields: bounded, not one recipient each. */
static void test_floods(void **state)
{
	struct strlist recipients = {0};
	struct buf message = BUF_INIT(8 << 20);

	(void)state;
	buf_append_text(&message, "X-Envelope-To: ");
	for (int i = 0; i < 100000; i++)
		buf_printf(&message, "ivan+%d@office.lan,\r\n ", i);
	buf_append_text(&message, "x\r\n\r\n");
	find("X-Envelope-To", "", buf_slice(&message), &recipients);
	assert_true(recipients.count > 0 && recipients.count <= 200);
	strlist_clear(&recipients);
	buf_reset(&message);
	for (int i = 0; i < 100000; i++)
		buf_append_text(&message, "Delivered-To: a@elsewhere.org\r\n");
	buf_append_text(&message, "Delivered-To: ivan@office.lan\r\n\r\n");
	find("auto", "", buf_slice(&message), &recipients);
	assert_int_equal(recipients.count, 0);
	strlist_clear(&recipients);
	buf_clear(&message);
}

static void test_no_account(void **state)
{
	struct conf conf = sample_conf();
	struct strlist recipients = {0};

	(void)state;
	multidrop_recipients(&conf, NULL, slice_of("Delivered-To: ivan@office.lan\r\n\r\n"), &recipients);
	assert_int_equal(recipients.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cases),
	    cmocka_unit_test(test_floods),
	    cmocka_unit_test(test_no_account),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
