/*
 * The last hop outside the provider, by the Received lines that providers really write.
 */
#include "message/scan/received.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/alloc.h"

#include <arpa/inet.h>
#include <stdlib.h>

static const struct {
	const char *host, *message, *address, *helo, *name; /* address NULL: not found */
} cases[] = {
    {"pop.gmail.com",
	"Delivered-To: office@gmail.com\r\nReceived: by 2002:a05:6504:15ce:b0:1f:e1a5:9d5d with SMTP id n14csp;\r\n        Mon, 23 Nov 2026 01:02:03 -0800 (PST)\r\n"
	"X-Received: by 2002:a17 with SMTP id x;\r\nReturn-Path: <billing@bank.ru>\r\n"
	"Received: from mail.bank.ru (mail.bank.ru. [203.0.113.9])\r\n        by mx.google.com with ESMTPS id x for <office@gmail.com>;\r\n"
	"Received: from forged (forged [198.51.100.1]) by mail.bank.ru\r\n\r\nbody",
	"203.0.113.9", "mail.bank.ru", "mail.bank.ru"},
    {"imap.yandex.ru",
	"Received: from mxback1.mail.yandex.net (localhost [127.0.0.1])\r\n\tby mxback1.mail.yandex.net with LMTP id a\r\n"
	"Received: from mx.local (mx.local [10.1.2.3])\r\n\tby mxback1.mail.yandex.net (mxback) with ESMTP id b\r\n"
	"Received: from out.bank.ru (out.bank.ru [2001:db8::25])\r\n\tby mxfront2.mail.yandex.net with ESMTPS id c\r\n\r\n",
	"2001:db8::25", "out.bank.ru", "out.bank.ru"},
    {"pop.mail.ru",
	"Received: from [203.0.113.9] (port=1234 helo=bank.example)\r\n\tby mx57.i.mail.ru with esmtp (envelope-from <a@bank.example>)\r\n\tid 1; x\r\n\r\n",
	"203.0.113.9", "bank.example", ""},
    {"outlook.office365.com",
	"Received: from AM0PR01.eurprd01.prod.outlook.com (2603:10a6::1) by DB7.eurprd01.prod.outlook.com\r\n (2603:10a6::2) with HTTPS; x\r\n"
	"Received: from mail.bank.ru (203.0.113.9) by\r\n VE1EUR.mail.protection.outlook.com (10.152.2.1) with Microsoft SMTP Server\r\n\r\n",
	"203.0.113.9", "mail.bank.ru", ""},
    {"pop.example.ru",
	"Received: from unknown (HELO mail.bank.ru) (203.0.113.9)\r\n  by mx.example.ru with SMTP; 23 Nov 2026\r\n\r\n", "203.0.113.9", "mail.bank.ru", ""},
    {"pop.example.ru",
	"Received: from mail.bank.ru ([203.0.113.9]:41234 helo=smtp.bank.ru)\r\n by mx.example.ru with esmtps (Exim 4.96)\r\n\r\n",
	"203.0.113.9", "smtp.bank.ru", ""},
    {"pop.example.ru", "Received: from mail.bank.ru (EHLO x.bank.ru [203.0.113.9]) by MX.Example.RU. with ESMTP\r\n\r\n", "203.0.113.9", "x.bank.ru", ""},
    /* forged lines, and none */
    {"pop.example.ru", "Received: from a (b [198.51.100.1]) by mail.bank.ru; x\r\n\r\n", NULL, "", ""},
    {"pop.example.ru", "Received: from a (b [198.51.100.1]) by notexample.ru; x\r\n\r\n", NULL, "", ""},
    {"pop.example.ru", "Subject: none\r\n\r\nReceived: from a ([203.0.113.9]) by mx.example.ru\r\n", NULL, "", ""},
    {"pop.example.ru", "Received:\r\nReceived: (((((\r\nReceived: from\r\nReceived: by\r\nReceived: ;;;;\r\n\r\n", NULL, "", ""},
    {"pop.example.ru", "Received: from 300.1.1.1 (x [999.1.1.1]) by mx.example.ru\r\n\r\n", NULL, "", ""},
};

static void test_the_hop_outside_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strlist domains = {NULL, 0};
		struct received_hop hop = {.helo = ""};
		char text[INET6_ADDRSTRLEN] = "";
		bool found;

		received_domains(slice_of(cases[i].host), &domains);
		found = received_last_hop(slice_of(cases[i].message), &domains, &hop);
		if (found != (cases[i].address != NULL))
			fail_msg("case %zu", i);
		strlist_clear(&domains);
		if (!found)
			continue;
		inet_ntop(IN6_IS_ADDR_V4MAPPED(&hop.address) ? AF_INET : AF_INET6, IN6_IS_ADDR_V4MAPPED(&hop.address) ? &hop.address.s6_addr[12] : hop.address.s6_addr,
		    text, sizeof(text));
		assert_string_equal(text, cases[i].address);
		if (strcmp(hop.helo, cases[i].helo) != 0 || strcmp(hop.name, cases[i].name) != 0)
			fail_msg("case %zu: %s, %s", i, hop.helo, hop.name);
	}
}

static void test_the_domains_of_a_provider(void **state)
{
	struct strlist domains = {NULL, 0};

	(void)state;
	received_domains(SLICE_LITERAL("pop.mail.example.ru"), &domains);
	received_domains(SLICE_LITERAL("example.ru"), &domains);
	assert_int_equal(domains.count, 2);
	assert_string_equal(domains.items[0], "mail.example.ru");
	assert_string_equal(domains.items[1], "example.ru");
	received_domains(SLICE_LITERAL("imap.gmail.com"), &domains);
	assert_true(strlist_has(&domains, "google.com"));
	strlist_clear(&domains);
}

static void test_the_sender(void **state)
{
	char sender[512];

	(void)state;
	assert_true(received_sender(SLICE_LITERAL("Return-Path: <a@bank.ru>\r\n\r\n"), sender, sizeof(sender)));
	assert_string_equal(sender, "a@bank.ru");
	assert_true(received_sender(SLICE_LITERAL("Return-Path: <>\r\n\r\n"), sender, sizeof(sender)));
	assert_string_equal(sender, "");
	assert_false(received_sender(SLICE_LITERAL("From: <a@bank.ru>\r\n\r\n"), sender, sizeof(sender)));
}

static void test_whether_it_was_fetched(void **state)
{
	static const char *const fetched[] = {"POP3", "POP3S", "IMAP", "IMAPS"};

	(void)state;
	for (size_t i = 0; i < sizeof(fetched) / sizeof(fetched[0]); i++) {
		char *message = xasprintf("X-Envelope-From: <a@b>\r\nReceived: from pop.example.ru by gw with %s id X; x\r\nX-Lanpost-Account: a\r\n\r\n", fetched[i]);

		assert_true(received_is_fetched(slice_of(message)));
		free(message);
	}
	assert_false(received_is_fetched(SLICE_LITERAL("Received: from pc ([10.0.0.1]) by gw with ESMTPSA id X; x\r\n"
						       "Received: from a by b with POP3 id Y; x\r\nX-Lanpost-Account: a\r\n\r\n")));
	assert_false(received_is_fetched(SLICE_LITERAL("Subject: with POP3 id X\r\n\r\nReceived: from a by b with POP3 id X\r\n")));
	assert_false(received_is_fetched(SLICE_NONE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_hop_outside_is_found),
	    cmocka_unit_test(test_the_domains_of_a_provider),
	    cmocka_unit_test(test_the_sender),
	    cmocka_unit_test(test_whether_it_was_fetched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
