/* Replies to a stub: without and with a text of their own. */
#include "message/stub_reply.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static void test_the_id_in_the_subject(void **context)
{
	static const struct {
		const char *subject, *id;
	} cases[] = {
	    {"Re: Photos [fetch 1k0xn1qc2q97h2cb5b7y]", "1k0xn1qc2q97h2cb5b7y"},
	    {"fetch 1k0xn1qc2q97h2cb5b7y", "1k0xn1qc2q97h2cb5b7y"},
	    {"FETCH  1k0xn1qc2q97h2cb5b7y", "1k0xn1qc2q97h2cb5b7y"},
	    {"fetch sales", NULL},
	    {"Re: Photos", NULL},
	    {"", NULL},
	};

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice id;
		bool found = stub_reply_id(slice_of(cases[i].subject), &id);

		if (found != (cases[i].id != NULL) || (found && !slice_is(id, cases[i].id)))
			fail_msg("%s", cases[i].subject);
	}
}

static void test_requests_by_imap(void **context)
{
	struct slice user, id;
	uint64_t size;

	(void)context;
	assert_true(stub_reply_by_imap(SLICE_LITERAL("$Fetch 1k0xn1qc2q97h2cb5b7y ivan"), &user) && slice_is(user, "ivan"));
	assert_true(stub_reply_id(SLICE_LITERAL("$Fetch 1k0xn1qc2q97h2cb5b7y ivan"), &id) && slice_is(id, "1k0xn1qc2q97h2cb5b7y"));
	assert_false(stub_reply_by_imap(SLICE_LITERAL("Re: $Fetch 1k0xn1qc2q97h2cb5b7y ivan"), &user));
	assert_false(stub_reply_by_imap(SLICE_LITERAL("$Fetch 1k0xn1qc2q97h2cb5b7y"), &user));
	assert_true(stub_reply_is_stub(SLICE_LITERAL("Subject: x\r\nX-Lanpost-Stub: account=a; size=5;\r\n id=abc\r\n\r\n"), "abc", &size));
	assert_int_equal(size, 5);
	assert_true(stub_reply_is_stub(SLICE_LITERAL("X-Lanpost-Stub: id=abc; size=99999999999999999999\r\n\r\n"), "abc", &size));
	assert_int_equal(size, 0);
	assert_false(stub_reply_is_stub(SLICE_LITERAL("X-Lanpost-Stub: account=a; size=5; id=abc\r\n\r\n"), "abd", &size));
	assert_false(stub_reply_is_stub(SLICE_LITERAL("Subject: x\r\n\r\nX-Lanpost-Stub: id=abc\r\n"), "abc", &size));
}

#define PLAIN "Subject: Re: x\r\n\r\n"
#define QUOTE "> It waits on the provider's server.\r\n>\r\n> fetch 1k0x\r\n"

static void test_text_of_its_own(void **context)
{
	static const struct {
		const char *name, *message;
		bool has_text;
	} cases[] = {
	    {"nothing at all", PLAIN, false},
	    {"blank lines", PLAIN "\r\n \r\n", false},
	    {"the quote alone", PLAIN QUOTE, false},
	    {"an introduction", PLAIN "Ivan wrote:\r\n" QUOTE, false},
	    {"an introduction of two lines", PLAIN "On Monday, 23 November 2026\r\nBank <a@b.ru> wrote:\r\n\r\n" QUOTE, false},
	    {"in Russian", PLAIN "23.11.2026 10:00, Банк пишет:\r\n" QUOTE, false},
	    {"a signature", PLAIN "Ivan wrote:\r\n" QUOTE "\r\n-- \r\nIvan Petrov\r\nOffice\r\n", false},
	    {"a signature above", PLAIN "\r\n-- \r\nIvan Petrov\r\n\r\n" QUOTE, false},
	    {"Outlook", PLAIN "\r\n-----Original Message-----\r\nFrom: bank\r\ntext\r\n", false},
	    {"Outlook, today", PLAIN "\r\n________________________________\r\nFrom: bank\r\ntext\r\n", false},
	    {"an answer above", PLAIN "Thank you!\r\n\r\nIvan wrote:\r\n" QUOTE, true},
	    {"an answer below", PLAIN "Ivan wrote:\r\n" QUOTE "Thank you, we have paid.\r\n", true},
	    {"an answer between", PLAIN QUOTE "yes\r\n" QUOTE, true},
	    {"an answer without a quote", PLAIN "Thank you\r\n", true},
	    {"an attachment",
	        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" QUOTE
	        "--b\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\nx\r\n--b--\r\n",
	        true},
	    {"HTML beside text",
	        "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nIvan wrote:\r\n" QUOTE
	        "--b\r\nContent-Type: text/html\r\n\r\n<p>Ivan wrote:<blockquote>It waits</blockquote>\r\n--b--\r\n",
	        false},
	};

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (stub_reply_has_text(slice_of(cases[i].message)) != cases[i].has_text)
			fail_msg("%s", cases[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_id_in_the_subject),
	    cmocka_unit_test(test_requests_by_imap),
	    cmocka_unit_test(test_text_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
