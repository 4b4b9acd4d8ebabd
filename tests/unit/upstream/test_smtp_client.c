/*
 * The SMTP client's core against scripted servers: each recipient's result, for chunks of any
 * size.
 */
#include "upstream/smtp_client.h"

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
	enum { DONE, BROKEN } end;
	int fates[RECIPIENTS];
	const char *sent; /* all that we sent after EHLO */
};

#define PLAIN "250 x\r\n"
#define PIPE "250-x\r\n250 PIPELINING\r\n"
#define ENVELOPE                                                                                  \
	"MAIL FROM:<s@x>\r\nRCPT TO:<a@y>\r\nRCPT TO:<b@y>\r\nRCPT TO:<c@y>\r\nDATA\r\n"
#define CHUNKS "250-x\r\n250-CHUNKING\r\n250-ENHANCEDSTATUSCODES\r\n250 PIPELINING\r\n"
#define EAGER                                                                                     \
	"MAIL FROM:<s@x>\r\nRCPT TO:<a@y>\r\nRCPT TO:<b@y>\r\nRCPT TO:<c@y>\r\nBDAT 14 LAST\r\n" \
	"A: b\r\n\r\n.dot\r\n"
#define MESSAGE "A: b\r\n\r\n..dot\r\n.\r\n"

static const struct scenario scenarios[] = {
    {"all sent, pipelined", PIPE, "250 m\r\n250 a\r\n250 b\r\n250 c\r\n354 go\r\n250 2.0.0 ok\r\n",
     DONE, {250, 250, 250}, ENVELOPE MESSAGE},
    {"all sent, one by one", PLAIN, "250 m\r\n250 a\r\n250 b\r\n250 c\r\n354 go\r\n250 ok\r\n",
     DONE, {250, 250, 250}, ENVELOPE MESSAGE},
    {"one refused, one deferred", PIPE,
     "250 m\r\n550 5.1.1 a\r\n250 b\r\n450 c\r\n354 go\r\n250 ok\r\n", DONE, {550, 250, 450},
     ENVELOPE MESSAGE},
    {"MAIL refused, one by one", PLAIN, "550 no\r\n250 rset\r\n", DONE, {550, 550, 550},
     "MAIL FROM:<s@x>\r\nRSET\r\n"},
    {"MAIL refused, pipelined", PIPE, "451 later\r\n503 a\r\n503 b\r\n503 c\r\n503 d\r\n250 rset\r\n",
     DONE, {451, 451, 451}, ENVELOPE "RSET\r\n"},
    {"MAIL refused, RCPT taken, 354 nevertheless", PIPE,
     "550 no\r\n250 a\r\n250 b\r\n250 c\r\n354 go\r\n", BROKEN, {550, 550, 550}, ENVELOPE},
    {"nobody taken, 354 nevertheless: a lone dot", PIPE,
     "250 m\r\n550 a\r\n550 b\r\n450 c\r\n354 go\r\n250 thanks\r\n", DONE, {550, 550, 450},
     ENVELOPE ".\r\n"},
    {"nobody taken, one by one", PLAIN, "250 m\r\n550 a\r\n551 b\r\n552 c\r\n250 rset\r\n", DONE,
     {550, 551, 552},
     "MAIL FROM:<s@x>\r\nRCPT TO:<a@y>\r\nRCPT TO:<b@y>\r\nRCPT TO:<c@y>\r\nRSET\r\n"},
    {"DATA refused for good", PIPE, "250 m\r\n250 a\r\n550 b\r\n250 c\r\n554 no\r\n250 rset\r\n",
     DONE, {554, 550, 554}, ENVELOPE "RSET\r\n"},
    {"refused after the dot", PIPE,
     "250 m\r\n250 a\r\n550 b\r\n250 c\r\n354 go\r\n552-5.3.4 too\r\n552 5.3.4 large\r\n", DONE,
     {552, 550, 552}, ENVELOPE MESSAGE},
    {"deferred after the dot", PIPE, "250 m\r\n250 a\r\n250 b\r\n250 c\r\n354 go\r\n421 later\r\n",
     DONE, {421, 421, 421}, ENVELOPE MESSAGE},
    {"DATA answered with 250: a reply said twice", PIPE, "250 m\r\n250 a\r\n250 b\r\n250 c\r\n250 c\r\n354 go\r\n",
     BROKEN, {250, 250, 250}, ENVELOPE},
    {"a refusal said twice", PIPE, "250 m\r\n550 a\r\n550 a\r\n250 b\r\n250 c\r\n354 go\r\n", BROKEN, {550, 550, 250},
     ENVELOPE},
    {"354 said twice", PIPE, "250 m\r\n250 a\r\n250 b\r\n250 c\r\n354 go\r\n354 go\r\n554 no\r\n", BROKEN,
     {554, 554, 554}, ENVELOPE MESSAGE},
    {"one by one: said twice", PLAIN, "250 m\r\n250 a\r\n250 b\r\n250 c\r\n250 c\r\n354 go\r\n", BROKEN, {250, 250, 250},
     ENVELOPE},
    {"421 in the middle", PIPE, "250 m\r\n250 a\r\n421 bye\r\n", BROKEN, {250, 0, 0}, ENVELOPE},
    {"354 to RCPT", PIPE, "250 m\r\n354 a\r\n", BROKEN, {0, 0, 0}, ENVELOPE},
    {"not SMTP", PIPE, "+OK\r\n", BROKEN, {0, 0, 0}, ENVELOPE},
    {"codes differ within a reply", PIPE, "250-m\r\n550 m\r\n", BROKEN, {0, 0, 0}, ENVELOPE},
    {"an answer to nothing", PIPE,
     "250 m\r\n250 a\r\n250 b\r\n250 c\r\n354 go\r\n250 ok\r\n250 more\r\n", BROKEN,
     {250, 250, 250}, ENVELOPE MESSAGE},
    {"chunks: all sent", CHUNKS, "250 m\r\n250 a\r\n250 b\r\n250 c\r\n250 ok\r\n", DONE, {250, 250, 250}, EAGER},
    {"chunks: one refused, one deferred", CHUNKS, "250 m\r\n550 a\r\n250 b\r\n450 c\r\n250 ok\r\n", DONE,
     {550, 250, 450}, EAGER},
    {"chunks: MAIL refused", CHUNKS, "451 m\r\n503 a\r\n503 b\r\n503 c\r\n503 d\r\n", DONE, {451, 451, 451}, EAGER},
    {"chunks: nobody taken", CHUNKS, "250 m\r\n550 a\r\n551 b\r\n552 c\r\n554 d\r\n", DONE, {550, 551, 552}, EAGER},
    {"chunks: the message is refused", CHUNKS, "250 m\r\n250 a\r\n550 b\r\n250 c\r\n554 no\r\n", DONE, {554, 550, 554},
     EAGER},
    {"chunks: 421 as an answer", CHUNKS, "250 m\r\n250 a\r\n250 b\r\n250 c\r\n421 no\r\n", DONE, {421, 421, 421}, EAGER},
    {"chunks: 421 before the answer", CHUNKS, "250 m\r\n421 a\r\n", BROKEN, {0, 0, 0}, EAGER},
    {"chunks: 354 to BDAT", CHUNKS, "250 m\r\n250 a\r\n250 b\r\n250 c\r\n354 go\r\n", BROKEN, {250, 250, 250}, EAGER},
    {"chunks: a recipient's reply said twice", CHUNKS,
     "250 2.1.0 m\r\n250 2.1.5 a\r\n250 2.1.5 b\r\n250 2.1.5 c\r\n250 2.1.5 c\r\n554 no\r\n", BROKEN, {250, 250, 250}, EAGER},
    {"chunks without status codes are not used", "250-x\r\n250-CHUNKING\r\n250 PIPELINING\r\n",
     "250 m\r\n250 a\r\n250 b\r\n250 c\r\n354 go\r\n250 ok\r\n", DONE, {250, 250, 250}, ENVELOPE MESSAGE},
    {"chunks without pipelining are not used", "250-x\r\n250 CHUNKING\r\n",
     "250 m\r\n250 a\r\n250 b\r\n250 c\r\n354 go\r\n250 ok\r\n", DONE, {250, 250, 250}, ENVELOPE MESSAGE},
};

struct dialogue {
	struct smtp_client client;
	struct buf sent;
};

/* Sends as a connection would, and the message when it is needed. */
static void pump(struct dialogue *dialogue)
{
	struct smtp_client *client = &dialogue->client;

	if (smtp_client_wants(client) != NULL) {
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
	buf_reset(&dialogue.client.out);
	feed(&dialogue, scenario->hello, cut);
	assert_int_equal(dialogue.client.state, SMTP_READY);
	smtp_client_begin(&dialogue.client, &transaction);
	pump(&dialogue);
	feed(&dialogue, scenario->server, cut);
	if ((dialogue.client.state == SMTP_BROKEN) != (scenario->end == BROKEN) ||
	    (scenario->end == DONE && transaction.step != SMTP_DONE))
		fail_msg("%s, cut to %zu: state %d, step %d", scenario->name, cut, dialogue.client.state, transaction.step);
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
	smtp_client_feed(&client,
	    SLICE_LITERAL("250-SIZE 5\r\n250-size 1000\r\n250-8bitmime\r\n250 SMTPUTF8\r\n"));
	assert_int_equal(client.size_max, 1000); /* the first line is a greeting, not an ability */
	smtp_client_begin(&client, &transaction);
	assert_string_equal(buf_text(&client.out), "MAIL FROM:<> SIZE=77 BODY=8BITMIME SMTPUTF8\r\n");
	smtp_client_clear(&client);
}

/* RFC 3461 parameters are sent only to servers that support it. */
static void wishes_are_passed_on_where_they_are_understood(void **context)
{
	static const struct {
		const char *hello, *sent;
	} cases[] = {
	    {"250-x\r\n250-DSN\r\n250 PIPELINING\r\n",
		"MAIL FROM:<s@x> RET=HDRS ENVID=Q+2B1\r\nRCPT TO:<a@y> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a@z\r\n"
		"RCPT TO:<b@y> NOTIFY=NEVER\r\nRCPT TO:<c@y>\r\nDATA\r\n"},
	    {PIPE, ENVELOPE},
	};
	struct smtp_recipient recipients[RECIPIENTS] = {
	    {.address = "a@y", .notify = DSN_DELAY | DSN_SUCCESS, .orcpt = "rfc822;a@z"},
	    {.address = "b@y", .notify = DSN_NEVER, .orcpt = ""}, {.address = "c@y", .orcpt = ""}};

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct smtp_transaction transaction = {.sender = "s@x",
		    .recipients = recipients,
		    .count = RECIPIENTS,
		    .ret = DSN_RET_HDRS,
		    .envid = "Q+2B1"};
		struct smtp_client client;

		smtp_client_init(&client);
		smtp_client_feed(&client, slice_of(cases[i].hello));
		smtp_client_begin(&client, &transaction);
		assert_string_equal(buf_text(&client.out), cases[i].sent);
		smtp_client_clear(&client);
	}
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
	smtp_client_feed(&client, SLICE_LITERAL("250-x\r\n250 PIPELINING\r\n"));
	smtp_client_begin(&client, &transaction);
	for (int i = 0; i <= 500; i++) {
		assert_true(transaction.sent - transaction.answered <= 50);
		smtp_client_feed(&client, SLICE_LITERAL("250 ok\r\n"));
	}
	smtp_client_feed(&client, SLICE_LITERAL("354 go\r\n"));
	assert_int_equal(transaction.step, SMTP_DATA);
	assert_int_equal(transaction.accepted, 500);
	smtp_client_clear(&client);
	free(recipients);
}

static void replies_are_bounded_and_printable(void **context)
{
	struct smtp_client client;

	(void)context;
	smtp_client_init(&client);
	smtp_client_feed(&client, SLICE_LITERAL("550-5.7.1 \x1b[31mred\r\n550 5.7.1 blue\r\n"));
	assert_string_equal(client.reply.text, "550 5.7.1 \\x1b[31mred 5.7.1 blue");
	for (int i = 0; i < 100000 && client.state != SMTP_BROKEN; i++)
		smtp_client_feed(&client, SLICE_LITERAL("250-and so on\r\n"));
	assert_int_equal(client.state, SMTP_BROKEN);
	smtp_client_clear(&client);
}

#define LETTERS 12

struct letters {
	struct smtp_client client;
	struct smtp_recipient recipients[LETTERS];
	struct smtp_transaction transactions[LETTERS];
};

static void open_letters(struct letters *letters, const char *hello)
{
	*letters = (struct letters){0};
	for (int i = 0; i < LETTERS; i++) {
		letters->recipients[i].address = "a@y";
		letters->transactions[i] =
		    (struct smtp_transaction){.sender = "s@x", .recipients = &letters->recipients[i], .count = 1};
	}
	smtp_client_init(&letters->client);
	smtp_client_feed(&letters->client, slice_of(hello));
	buf_reset(&letters->client.out);
}

static void put_letter(struct letters *letters, int number)
{
	smtp_client_begin(&letters->client, &letters->transactions[number]);
	if (smtp_client_wants(&letters->client) == NULL)
		return;
	smtp_client_data(&letters->client, SLICE_LITERAL("x\n"));
	smtp_client_data_end(&letters->client);
}

static void the_next_envelope_goes_with_the_dot(void **context)
{
	struct letters letters;

	(void)context;
	open_letters(&letters, PIPE);
	assert_int_equal(smtp_client_room(&letters.client), 1);
	put_letter(&letters, 0);
	assert_int_equal(smtp_client_room(&letters.client), 0); /* RFC 2920 section 3.1: DATA ends a group */
	smtp_client_feed(&letters.client, SLICE_LITERAL("250 m\r\n250 a\r\n354 go\r\n"));
	assert_ptr_equal(smtp_client_wants(&letters.client), &letters.transactions[0]);
	buf_reset(&letters.client.out);
	smtp_client_data(&letters.client, SLICE_LITERAL("x\n"));
	smtp_client_data_end(&letters.client);
	assert_int_equal(smtp_client_room(&letters.client), 1);
	put_letter(&letters, 1);
	assert_int_equal(smtp_client_room(&letters.client), 0);
	assert_string_equal(buf_text(&letters.client.out), "x\r\n.\r\nMAIL FROM:<s@x>\r\nRCPT TO:<a@y>\r\nDATA\r\n");
	smtp_client_feed(&letters.client, SLICE_LITERAL("450 later\r\n250 m\r\n250 a\r\n354 go\r\n"));
	assert_int_equal(letters.transactions[0].step, SMTP_DONE);
	assert_int_equal(letters.recipients[0].reply.code, 450);
	assert_ptr_equal(smtp_client_wants(&letters.client), &letters.transactions[1]);
	assert_int_equal(letters.recipients[1].reply.code, 250); /* of RCPT */
	smtp_client_clear(&letters.client);
}

static void chunks_go_out_by_the_window_each_with_its_own_fate(void **context)
{
	static const char first[] = "MAIL FROM:<s@x>\r\nRCPT TO:<a@y>\r\nBDAT 3 LAST\r\nx\r\nRSET\r\nMAIL";
	struct letters letters;

	(void)context;
	open_letters(&letters, CHUNKS);
	assert_int_equal(smtp_client_room(&letters.client), SMTP_WINDOW);
	for (int i = 0; i < SMTP_WINDOW; i++)
		put_letter(&letters, i);
	assert_int_equal(smtp_client_room(&letters.client), 0);
	assert_memory_equal(buf_text(&letters.client.out), first, sizeof(first) - 1);
	smtp_client_feed(&letters.client, SLICE_LITERAL("250 m\r\n250 a\r\n250 d\r\n"));
	assert_int_equal(letters.transactions[0].step, SMTP_DONE);
	smtp_client_feed(&letters.client, SLICE_LITERAL("250 r\r\n250 m\r\n550 a\r\n503 d\r\n"));
	smtp_client_feed(&letters.client, SLICE_LITERAL("250 r\r\n452 m\r\n503 a\r\n503 d\r\n"));
	assert_int_equal(smtp_client_room(&letters.client), 0); /* work comes in batches */
	smtp_client_feed(&letters.client, SLICE_LITERAL("250 r\r\n250 m\r\n250 a\r\n552 d\r\n"));
	assert_int_equal(smtp_client_room(&letters.client), 4);
	assert_int_equal(letters.recipients[0].reply.code, 250);
	assert_int_equal(letters.recipients[1].reply.code, 550);
	assert_int_equal(letters.recipients[2].reply.code, 452);
	assert_int_equal(letters.recipients[3].reply.code, 552);
	assert_int_not_equal(letters.transactions[4].step, SMTP_DONE);
	smtp_client_feed(&letters.client, SLICE_LITERAL("250 r\r\n421 bye\r\n"));
	assert_int_equal(letters.client.state, SMTP_BROKEN);
	assert_true(letters.client.is_leaving);
	smtp_client_clear(&letters.client);
}

static struct slice large(void)
{
	static char bytes[300000];

	memset(bytes, 'x', sizeof(bytes));
	return slice_make(bytes, sizeof(bytes));
}

/* Larger messages wait until a recipient is accepted, and are sent in several chunks, of which any may be
 * refused. */
static void large_messages_are_asked_for_first(void **context)
{
	struct letters letters;

	(void)context;
	for (int refuse = 0; refuse < 2; refuse++) {
		open_letters(&letters, CHUNKS);
		letters.transactions[0].size = large().len;
		put_letter(&letters, 0);
		assert_null(smtp_client_wants(&letters.client));
		assert_int_equal(smtp_client_room(&letters.client), 0);
		smtp_client_feed(&letters.client, SLICE_LITERAL("250 m\r\n250 a\r\n"));
		assert_non_null(smtp_client_wants(&letters.client));
		smtp_client_data(&letters.client, large());
		smtp_client_data_end(&letters.client);
		assert_int_equal(letters.transactions[0].chunks, 2);
		smtp_client_feed(&letters.client, refuse ? SLICE_LITERAL("552 too much\r\n") : SLICE_LITERAL("250 more\r\n"));
		assert_int_equal(letters.transactions[0].step, SMTP_FINAL);
		smtp_client_feed(&letters.client, refuse ? SLICE_LITERAL("503 what\r\n") : SLICE_LITERAL("250 thanks\r\n"));
		assert_int_equal(letters.transactions[0].step, SMTP_DONE);
		assert_int_equal(letters.recipients[0].reply.code, refuse ? 552 : 250);
		smtp_client_clear(&letters.client);
	}
}

static void large_messages_that_nobody_wants_are_not_sent(void **context)
{
	struct letters letters;

	(void)context;
	open_letters(&letters, CHUNKS);
	letters.transactions[0].size = large().len;
	put_letter(&letters, 0);
	smtp_client_feed(&letters.client, SLICE_LITERAL("250 m\r\n550 a\r\n"));
	smtp_client_feed(&letters.client, SLICE_LITERAL("250 rset\r\n"));
	assert_int_equal(letters.transactions[0].step, SMTP_DONE);
	assert_int_equal(letters.recipients[0].reply.code, 550);
	assert_false(letters.transactions[0].is_whole);
	smtp_client_clear(&letters.client);
}

/* A server that has sent replies twice: never two unanswered commands, with or without chunks. */
static void one_by_one_nothing_goes_before_its_turn(void **context)
{
	static const char *const steps[][2] = {
	    {"MAIL FROM:<s@x>\r\n", "250 2.1.0 m\r\n"},
	    {"RCPT TO:<a@y>\r\n", "250 2.1.5 a\r\n"},
	    {"BDAT 3 LAST\r\nx\r\n", "554 5.7.1 no\r\n"},
	    {"RSET\r\n", "250 2.0.0 r\r\n"},
	    {"MAIL FROM:<s@x>\r\n", "250 2.1.0 m\r\n"},
	    {"RCPT TO:<a@y>\r\n", "250 2.1.5 a\r\n"},
	    {"BDAT 3 LAST\r\nx\r\n", "250 2.0.0 kept\r\n"},
	};
	struct letters letters;
	int begun = 0;

	(void)context;
	open_letters(&letters, CHUNKS);
	letters.client.one_by_one = true;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		if (smtp_client_room(&letters.client) > 0)
			put_letter(&letters, begun++);
		assert_string_equal(buf_text(&letters.client.out), steps[i][0]);
		buf_reset(&letters.client.out);
		smtp_client_feed(&letters.client, slice_of(steps[i][1]));
		if (smtp_client_wants(&letters.client) != NULL) {
			smtp_client_data(&letters.client, SLICE_LITERAL("x\n"));
			smtp_client_data_end(&letters.client);
		}
	}
	assert_int_equal(letters.recipients[0].reply.code, 554);
	assert_int_equal(letters.recipients[1].reply.code, 250);
	assert_int_equal(letters.transactions[1].step, SMTP_DONE);
	smtp_client_feed(&letters.client, SLICE_LITERAL("250 2.0.0 kept\r\n"));
	assert_int_equal(letters.client.state, SMTP_BROKEN);
	assert_true(letters.client.stutters);
	smtp_client_clear(&letters.client);
}

/* A refusal of the connection does not count against the message. */
static void refusals_of_the_connection_are_known(void **context)
{
	static const struct {
		const char *text;
		bool is;
	} cases[] = {
	    {"432 4.3.2 Concurrent connections limit exceeded", true},
	    {"421 4.3.2 Too many open connections", true},
	    {"421 4.7.0 too many", true},
	    {"421 too many connections from your address", true},
	    {"450 4.7.1 too many concurrent connections", true},
	    {"421 4.4.2 timeout", false},
	    {"451 4.7.0 later", false},
	    {"452 4.5.3 too many recipients", false},
	    {"550 5.7.1 too many connections", false},
	    {"421", false},
	};

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct smtp_reply reply;

		smtp_reply_set(&reply, atoi(cases[i].text), cases[i].text);
		if (smtp_reply_is_of_connection(&reply) != cases[i].is)
			fail_msg("%s", cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_recipient_has_his_fate_however_cut),
	    cmocka_unit_test(abilities_are_learnt_and_used),
	    cmocka_unit_test(wishes_are_passed_on_where_they_are_understood),
	    cmocka_unit_test(many_recipients_go_out_in_a_window),
	    cmocka_unit_test(replies_are_bounded_and_printable),
	    cmocka_unit_test(the_next_envelope_goes_with_the_dot),
	    cmocka_unit_test(chunks_go_out_by_the_window_each_with_its_own_fate),
	    cmocka_unit_test(large_messages_are_asked_for_first),
	    cmocka_unit_test(large_messages_that_nobody_wants_are_not_sent),
	    cmocka_unit_test(one_by_one_nothing_goes_before_its_turn),
	    cmocka_unit_test(refusals_of_the_connection_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
