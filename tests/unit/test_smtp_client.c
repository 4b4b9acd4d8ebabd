/*
 * The SMTP client's core against scripted servers: each recipient's fate, however the bytes are cut.
 */
#include "gateway/smtp_client.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define RECIPIENTS 3

struct scenario {
	const char *name;
	const char *hello; /* reply to EHLO */
	const char *server; /* what it says to the transaction */
	enum smtp_state end;
	int fates[RECIPIENTS];
	const char *sent; /* all that we sent after EHLO */
};

#define PLAIN "250 x\r\n"
#define PIPE "250-x\r\n250 PIPELINING\r\n"
#define ENVELOPE                                                                                  \
	"MAIL FROM:<s@x>\r\nRCPT TO:<a@y>\r\nRCPT TO:<b@y>\r\nRCPT TO:<c@y>\r\nDATA\r\n"
#define MESSAGE "A: b\r\n\r\n..dot\r\n.\r\n"

static const struct scenario scenarios[] = {
    {"all sent, pipelined", PIPE, "250 m\r\n250 a\r\n250 b\r\n250 c\r\n354 go\r\n250 2.0.0 ok\r\n",
     SMTP_READY, {250, 250, 250}, ENVELOPE MESSAGE},
    {"all sent, one by one", PLAIN, "250 m\r\n250 a\r\n250 b\r\n250 c\r\n354 go\r\n250 ok\r\n",
     SMTP_READY, {250, 250, 250}, ENVELOPE MESSAGE},
    {"one refused, one deferred", PIPE,
     "250 m\r\n550 5.1.1 a\r\n250 b\r\n450 c\r\n354 go\r\n250 ok\r\n", SMTP_READY, {550, 250, 450},
     ENVELOPE MESSAGE},
    {"MAIL refused, one by one", PLAIN, "550 no\r\n250 rset\r\n", SMTP_READY, {550, 550, 550},
     "MAIL FROM:<s@x>\r\nRSET\r\n"},
    {"MAIL refused, pipelined", PIPE, "451 later\r\n503 a\r\n503 b\r\n503 c\r\n503 d\r\n250 rset\r\n",
     SMTP_READY, {451, 451, 451}, ENVELOPE "RSET\r\n"},
    {"MAIL refused, RCPT taken, 354 nevertheless", PIPE,
     "550 no\r\n250 a\r\n250 b\r\n250 c\r\n354 go\r\n", SMTP_BROKEN, {550, 550, 550}, ENVELOPE},
    {"nobody taken, 354 nevertheless: a lone dot", PIPE,
     "250 m\r\n550 a\r\n550 b\r\n450 c\r\n354 go\r\n250 thanks\r\n", SMTP_READY, {550, 550, 450},
     ENVELOPE ".\r\n"},
    {"nobody taken, one by one", PLAIN, "250 m\r\n550 a\r\n551 b\r\n552 c\r\n250 rset\r\n", SMTP_READY,
     {550, 551, 552},
     "MAIL FROM:<s@x>\r\nRCPT TO:<a@y>\r\nRCPT TO:<b@y>\r\nRCPT TO:<c@y>\r\nRSET\r\n"},
    {"DATA refused for good", PIPE, "250 m\r\n250 a\r\n550 b\r\n250 c\r\n554 no\r\n250 rset\r\n",
     SMTP_READY, {554, 550, 554}, ENVELOPE "RSET\r\n"},
    {"refused after the dot", PIPE,
     "250 m\r\n250 a\r\n550 b\r\n250 c\r\n354 go\r\n552-5.3.4 too\r\n552 5.3.4 large\r\n", SMTP_READY,
     {552, 550, 552}, ENVELOPE MESSAGE},
    {"deferred after the dot", PIPE, "250 m\r\n250 a\r\n250 b\r\n250 c\r\n354 go\r\n421 later\r\n",
     SMTP_READY, {421, 421, 421}, ENVELOPE MESSAGE},
    {"DATA answered with 250", PIPE, "250 m\r\n250 a\r\n250 b\r\n250 c\r\n250 what\r\n250 rset\r\n",
     SMTP_READY, {451, 451, 451}, ENVELOPE "RSET\r\n"},
    {"421 in the middle", PIPE, "250 m\r\n250 a\r\n421 bye\r\n", SMTP_BROKEN, {250, 0, 0}, ENVELOPE},
    {"354 to RCPT", PIPE, "250 m\r\n354 a\r\n", SMTP_BROKEN, {0, 0, 0}, ENVELOPE},
    {"not SMTP", PIPE, "+OK\r\n", SMTP_BROKEN, {0, 0, 0}, ENVELOPE},
    {"codes differ within a reply", PIPE, "250-m\r\n550 m\r\n", SMTP_BROKEN, {0, 0, 0}, ENVELOPE},
    {"an answer to nothing", PIPE,
     "250 m\r\n250 a\r\n250 b\r\n250 c\r\n354 go\r\n250 ok\r\n250 more\r\n", SMTP_BROKEN,
     {250, 250, 250}, ENVELOPE MESSAGE},
};

struct dialogue {
	struct smtp_client client;
	struct buf sent;
};

/* Sends as a connection would, and the message where it is wanted. */
static void pump(struct dialogue *dialogue)
{
	struct smtp_client *client = &dialogue->client;

	if (client->state == SMTP_DATA) {
		smtp_client_data(client, SLICE_LITERAL("A: b\n\r"));
		smtp_client_data(client, SLICE_LITERAL("\n.dot\r"));
		smtp_client_data_end(client);
	}
	buf_append_slice(&dialogue->sent, buf_slice(&client->out));
	buf_reset(&client->out);
}

static void feed(struct dialogue *dialogue, const char *text, size_t cut)
{
	struct slice rest = slice_of(text);

	while (rest.len > 0) {
		size_t len = rest.len < cut ? rest.len : cut;

		smtp_client_feed(&dialogue->client, slice_make(rest.ptr, len));
		pump(dialogue);
		rest = slice_from(rest, len);
	}
}

static void run(const struct scenario *scenario, size_t cut)
{
	struct dialogue dialogue = {.sent = BUF_INIT(65536)};
	struct smtp_recipient recipients[RECIPIENTS] = {
	    {.address = "a@y"}, {.address = "b@y"}, {.address = "c@y"}};
	struct smtp_transaction transaction = {
	    .sender = "s@x", .recipients = recipients, .count = RECIPIENTS};

	smtp_client_init(&dialogue.client);
	smtp_client_hello(&dialogue.client, "h");
	buf_reset(&dialogue.client.out);
	feed(&dialogue, scenario->hello, cut);
	assert_int_equal(dialogue.client.state, SMTP_READY);
	smtp_client_begin(&dialogue.client, &transaction);
	pump(&dialogue);
	feed(&dialogue, scenario->server, cut);
	if (dialogue.client.state != scenario->end)
		fail_msg("%s, cut to %zu: state %d", scenario->name, cut, dialogue.client.state);
	for (size_t i = 0; i < RECIPIENTS; i++)
		if (recipients[i].reply.code != scenario->fates[i])
			fail_msg("%s, cut to %zu: %s has %d", scenario->name, cut,
			    recipients[i].address, recipients[i].reply.code);
	if (strcmp(buf_text(&dialogue.sent), scenario->sent) != 0)
		fail_msg("%s, cut to %zu: sent %s", scenario->name, cut, buf_text(&dialogue.sent));
	smtp_client_clear(&dialogue.client);
	buf_clear(&dialogue.sent);
}

/* A real server is never ahead of us by a whole dialogue, so each piece is at most a line. */
static void each_recipient_has_his_fate_however_cut(void **context)
{
	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(scenarios); i++)
		for (size_t cut = 1; cut <= 5; cut++)
			run(&scenarios[i], cut);
}

static void abilities_are_learnt_and_used(void **context)
{
	struct smtp_client client;
	struct smtp_recipient recipient = {.address = "a@y"};
	struct smtp_transaction transaction = {.sender = "", .recipients = &recipient, .count = 1,
	    .size = 77, .eight_bit = true, .utf8 = true};

	(void)context;
	smtp_client_init(&client);
	smtp_client_hello(&client, "gw.office.lan");
	assert_string_equal(buf_text(&client.out), "EHLO gw.office.lan\r\n");
	buf_reset(&client.out);
	smtp_client_feed(&client,
	    SLICE_LITERAL("250-SIZE 5\r\n250-size 1000\r\n250-8bitmime\r\n250 SMTPUTF8\r\n"));
	assert_int_equal(client.size_max, 1000); /* the first line is a greeting, not an ability */
	smtp_client_begin(&client, &transaction);
	assert_string_equal(buf_text(&client.out), "MAIL FROM:<> SIZE=77 BODY=8BITMIME SMTPUTF8\r\n");
	smtp_client_clear(&client);
}

static void many_recipients_go_out_in_a_window(void **context)
{
	struct smtp_client client;
	struct smtp_recipient *recipients = xcalloc(500, sizeof(*recipients));
	struct smtp_transaction transaction = {.sender = "s@x", .recipients = recipients, .count = 500};

	(void)context;
	for (int i = 0; i < 500; i++)
		recipients[i].address = "a@y";
	smtp_client_init(&client);
	smtp_client_hello(&client, "h");
	smtp_client_feed(&client, SLICE_LITERAL("250-x\r\n250 PIPELINING\r\n"));
	smtp_client_begin(&client, &transaction);
	for (int i = 0; i <= 500; i++) {
		assert_true(client.sent - client.answered <= 50);
		smtp_client_feed(&client, SLICE_LITERAL("250 ok\r\n"));
	}
	smtp_client_feed(&client, SLICE_LITERAL("354 go\r\n"));
	assert_int_equal(client.state, SMTP_DATA);
	assert_int_equal(client.accepted, 500);
	smtp_client_clear(&client);
	free(recipients);
}

static void replies_are_bounded_and_printable(void **context)
{
	struct smtp_client client;

	(void)context;
	smtp_client_init(&client);
	smtp_client_hello(&client, "h");
	smtp_client_feed(&client, SLICE_LITERAL("550-5.7.1 \x1b[31mred\r\n550 5.7.1 blue\r\n"));
	assert_string_equal(client.reply.text, "550 5.7.1 \\x1b[31mred 5.7.1 blue");
	smtp_client_hello(&client, "h");
	for (int i = 0; i < 100000 && client.state != SMTP_BROKEN; i++)
		smtp_client_feed(&client, SLICE_LITERAL("250-and so on\r\n"));
	assert_int_equal(client.state, SMTP_BROKEN);
	smtp_client_clear(&client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_recipient_has_his_fate_however_cut),
	    cmocka_unit_test(abilities_are_learnt_and_used),
	    cmocka_unit_test(many_recipients_go_out_in_a_window),
	    cmocka_unit_test(replies_are_bounded_and_printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
