/* Who gets no automatic reply (RFC 3834), and whom it is sent to otherwise. */
#include "sorter/auto_reply.h"

#include "base/phrase.h"
#include "tests/unit/sample_conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TO "To: ivan@example.ru\r\n"
#define FROM "From: Anna <anna@customer.example>\r\n"

static const struct {
	const char *header;
	const char *to; /* NULL: no reply */
	const char *why;
} cases[] = {
    {FROM TO, "anna@customer.example", NULL},
    {"Return-Path: <envelope@customer.example>\r\n" FROM TO, "envelope@customer.example", NULL},
    {"From: anna@customer.example, other@customer.example\r\n" TO, "anna@customer.example", NULL},
    {FROM "Cc: a@b.example, petrov@office.lan\r\n", "anna@customer.example", NULL},
    {FROM "To: sales@office.lan\r\n", "anna@customer.example", NULL},
    {FROM "Delivered-To: ivan@example.ru\r\n", "anna@customer.example", NULL},
    {FROM TO "Auto-Submitted: no\r\n", "anna@customer.example", NULL},
    {FROM TO "Precedence: first-class\r\n", "anna@customer.example", NULL},
    {"From: \"noreply\" <anna@customer.example>\r\n" TO, "anna@customer.example", NULL},
    /* lists, programs, spam */
    {FROM TO "List-Id: <x.example>\r\n", NULL, "mailing list"},
    {FROM TO "List-Unsubscribe: <mailto:x@y>\r\n", NULL, "mailing list"},
    {FROM TO "Auto-Submitted: auto-replied\r\n", NULL, "a program"},
    {FROM TO "AUTO-SUBMITTED:auto-generated\r\n", NULL, "a program"},
    {FROM TO "Precedence: bulk\r\n", NULL, "a program"},
    {FROM TO "Precedence: Junk\r\n", NULL, "a program"},
    {FROM TO "X-Auto-Response-Suppress: All\r\n", NULL, "a program"},
    {"From: MAILER-DAEMON@customer.example\r\n" TO, NULL, "a program"},
    {"From: no-reply@customer.example\r\n" TO, NULL, "a program"},
    {"From: list-request@customer.example\r\n" TO, NULL, "a program"},
    {"From: x-BOUNCES@customer.example\r\n" TO, NULL, "a program"},
    {"From: bounce-42@customer.example\r\n" TO, NULL, "a program"},
    {FROM TO "X-Spam-Flag: YES\r\n", NULL, "spam"},
    /* nobody to reply to */
    {TO, NULL, "without a sender"},
    {"Return-Path: <>\r\n" FROM TO, NULL, "without a sender"},
    {"From: anna\r\n" TO, NULL, "without a sender"},
    {"From: @@\r\n" TO, NULL, "without a sender"},
    /* our own, and what was not written to us */
    {"From: ivan@example.ru\r\n" TO, NULL, "our own"},
    {"From: anna@office.lan\r\n" TO, NULL, "our own"},
    {FROM "To: somebody@else.example\r\n", NULL, "one of our addresses"},
    {FROM, NULL, "one of our addresses"},
    {FROM "Subject: ivan@example.ru\r\n", NULL, "one of our addresses"},
};

static const char *ask(const char *header, const struct strlist *recipients, bool is_named, struct addr *to)
{
	struct conf conf = sample_conf();
	struct message_view view;
	const char *why;

	message_view_init(&view, &(struct message_view_source){.message = slice_of(header), .account = ""});
	why = auto_reply_refusal(&conf, &view, recipients, is_named, to);
	message_view_clear(&view);
	return why;
}

static void test_who_gets_a_reply(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *header = xasprintf("%s\r\nbody\r\n", cases[i].header), text[ADDR_TEXT_MAX];
		struct addr to = {.local = ""};
		const char *why = ask(header, NULL, false, &to);

		if ((why == NULL) != (cases[i].to != NULL))
			fail_msg("%s: %s", cases[i].header, why == NULL ? "gets a reply" : why);
		if (why != NULL && strstr(why, cases[i].why) == NULL)
			fail_msg("%s: %s", cases[i].header, why);
		if (why == NULL)
			assert_string_equal(addr_text(text, sizeof(text), &to), cases[i].to);
		free(header);
	}
}

/* Blind copies: the provider has noted the recipient, or the rule itself tests the address. */
static void test_who_else_knows_that_it_is_for_us(void **state)
{
	static char *ours[] = {"x@else.example", "ivan@example.ru"}, *others[] = {"x@else.example"};
	struct addr to;

	(void)state;
	assert_non_null(ask(FROM "\r\n", &(struct strlist){others, 1}, false, &to));
	assert_null(ask(FROM "\r\n", &(struct strlist){ours, 2}, false, &to));
	assert_null(ask(FROM "\r\n", NULL, true, &to));
	assert_non_null(ask(FROM "Precedence: bulk\r\n\r\n", NULL, true, &to));
}

/* A login without a domain is the local part of the account's address. */
static void test_the_account_is_ours(void **state)
{
	static const struct {
		const char *login, *address;
		bool is_ours;
	} logins[] = {
	    {"branch@provider.example", "branch@provider.example", true},
	    {"branch@provider.example", "Branch@PROVIDER.example", true},
	    {"branch@provider.example", "branch@else.example", false},
	    {"branch", "branch@provider.example", true},
	    {"branch", "other@provider.example", false},
	    {"", "x@provider.example", false},
	};
	struct conf conf = sample_conf();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(logins); i++) {
		const struct conf_account account = {.name = "a", .remote.user = (char *)(uintptr_t)logins[i].login};
		struct addr addr;

		assert_true(addr_parse(slice_of(logins[i].address), &addr));
		if (auto_reply_is_ours(&conf, &account, &addr) != logins[i].is_ours)
			fail_msg("login %s, address %s", logins[i].login, logins[i].address);
		assert_false(auto_reply_is_ours(&conf, NULL, &addr));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_who_gets_a_reply),
	    cmocka_unit_test(test_who_else_knows_that_it_is_for_us),
	    cmocka_unit_test(test_the_account_is_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
