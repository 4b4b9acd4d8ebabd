#include "gateway/smtp_client.h"

#include <stdio.h>

#define LINE_LIMIT 2048	     /* RFC 5321 4.5.3.1.5 has 512 */
#define REPLY_LINES_MAX 200
#define RCPT_WINDOW 50	     /* unanswered at once: both sides writing into full pipes would wait for ever */
#define OUT_MAX (1u << 20)

void smtp_client_init(struct smtp_client *client)
{
	*client = (struct smtp_client){.state = SMTP_BROKEN, .out = BUF_INIT(OUT_MAX)};
	line_reader_init(&client->lines, LINE_LIMIT);
}

void smtp_client_clear(struct smtp_client *client)
{
	line_reader_clear(&client->lines);
	buf_clear(&client->out);
}

void smtp_reply_set(struct smtp_reply *reply, int code, const char *text)
{
	reply->code = code;
	snprintf(reply->text, sizeof(reply->text), "%s", text);
}

void smtp_client_hello(struct smtp_client *client, const char *hostname)
{
	buf_printf(&client->out, "EHLO %s\r\n", hostname);
	client->state = SMTP_HELLO;
}

void smtp_client_quit(struct smtp_client *client)
{
	buf_append_text(&client->out, "QUIT\r\n");
	client->state = SMTP_BROKEN;
}

/* --- commands of the envelope */

static void put_mail(struct smtp_client *client)
{
	const struct smtp_transaction *transaction = client->transaction;

	buf_printf(&client->out, "MAIL FROM:<%s>", transaction->sender);
	if (client->can_size)
		buf_printf(&client->out, " SIZE=%llu", (unsigned long long)transaction->size);
	if (client->can_8bit && transaction->eight_bit)
		buf_append_text(&client->out, " BODY=8BITMIME");
	if (client->can_utf8 && transaction->utf8)
		buf_append_text(&client->out, " SMTPUTF8");
	buf_append_text(&client->out, "\r\n");
}

static void put_command(struct smtp_client *client)
{
	const struct smtp_transaction *transaction = client->transaction;

	if (client->sent == 0)
		put_mail(client);
	else if (client->sent <= transaction->count)
		buf_printf(&client->out, "RCPT TO:<%s>\r\n",
		    transaction->recipients[client->sent - 1].address);
	else
		buf_append_text(&client->out, "DATA\r\n");
	client->sent++;
}

static void put_commands(struct smtp_client *client)
{
	size_t last = client->transaction->count + 1;
	size_t window = client->can_pipeline ? RCPT_WINDOW : 1;

	while (client->sent <= last && client->sent - client->answered < window)
		put_command(client);
}

/* All who were not refused by name share this reply. */
static void give_all(struct smtp_client *client)
{
	struct smtp_transaction *transaction = client->transaction;

	for (size_t i = 0; i < transaction->count; i++)
		if (transaction->recipients[i].reply.code == 0 ||
		    smtp_reply_ok(&transaction->recipients[i].reply))
			transaction->recipients[i].reply = client->reply;
}

/* The transaction is over before any data; the server forgets what it has of it. */
static void give_up_envelope(struct smtp_client *client)
{
	client->state = SMTP_RESET;
	client->transaction = NULL;
	buf_append_text(&client->out, "RSET\r\n");
}

void smtp_client_begin(struct smtp_client *client, struct smtp_transaction *transaction)
{
	client->transaction = transaction;
	client->sent = client->answered = client->accepted = 0;
	client->mail_accepted = client->final_dot = false;
	client->state = SMTP_ENVELOPE;
	put_commands(client);
}

/* --- replies */

static void on_hello(struct smtp_client *client)
{
	client->state = client->reply.code == 250 ? SMTP_READY : SMTP_BROKEN;
}

static void on_ability(struct smtp_client *client, struct slice line)
{
	struct slice word = slice_cut(&line, ' ');

	if (slice_is_nocase(word, "PIPELINING"))
		client->can_pipeline = true;
	else if (slice_is_nocase(word, "8BITMIME"))
		client->can_8bit = true;
	else if (slice_is_nocase(word, "SMTPUTF8"))
		client->can_utf8 = true;
	else if (slice_is_nocase(word, "SIZE"))
		client->can_size = true;
	if (slice_is_nocase(word, "SIZE") &&
	    !slice_number(slice_trim(line), 0, UINT64_MAX, &client->size_max))
		client->size_max = 0;
}

/* Without pipelining there is no need to go on when nobody can be reached. */
static bool is_hopeless(const struct smtp_client *client)
{
	size_t recipients = client->transaction->count;

	return client->sent == client->answered &&
	       (!client->mail_accepted || (client->answered == recipients + 1 && client->accepted == 0));
}

static void on_data_reply(struct smtp_client *client)
{
	bool wanted = client->mail_accepted && client->accepted > 0;

	if (client->reply.code == 354 && wanted) {
		client->state = SMTP_DATA;
		dot_writer_init(&client->dots, false);
	} else if (client->reply.code == 354 && client->mail_accepted) {
		/* RFC 2920 section 3.1: with no recipient left, a lone dot. */
		buf_append_text(&client->out, ".\r\n");
		client->state = SMTP_FINAL;
	} else if (client->reply.code == 354) {
		/* Whatever we sent now would be a message that was refused. */
		client->state = SMTP_BROKEN;
	} else {
		if (client->reply.code < 400)
			smtp_reply_set(&client->reply, 451, "451 the server answered DATA out of order");
		if (wanted)
			give_all(client);
		give_up_envelope(client);
	}
}

static void on_envelope(struct smtp_client *client)
{
	struct smtp_transaction *transaction = client->transaction;
	size_t which = client->answered++;

	if (client->reply.code >= 300 && client->reply.code < 400 && which <= transaction->count) {
		client->state = SMTP_BROKEN;
		return;
	}
	if (which == 0) {
		client->mail_accepted = smtp_reply_ok(&client->reply);
		if (!client->mail_accepted)
			give_all(client);
	} else if (which <= transaction->count) {
		/* His own refusal; after a refused MAIL the reply to that one stands. */
		if (client->mail_accepted)
			transaction->recipients[which - 1].reply = client->reply;
		client->accepted += client->mail_accepted && smtp_reply_ok(&client->reply);
	} else {
		on_data_reply(client);
		return;
	}
	if (is_hopeless(client))
		give_up_envelope(client);
	else
		put_commands(client);
}

static void on_final(struct smtp_client *client)
{
	if (client->reply.code >= 300 && client->reply.code < 400)
		smtp_reply_set(&client->reply, 451, "451 the server answered out of order");
	give_all(client);
	client->transaction = NULL;
	client->state = SMTP_READY;
}

static void on_reply(struct smtp_client *client)
{
	/* 421 may come at any time: the server is about to hang up (RFC 5321 3.8). After the dot it is an answer all the
	 * same. */
	if (client->reply.code == 421 && client->state != SMTP_FINAL) {
		client->state = SMTP_BROKEN;
		return;
	}
	switch (client->state) {
	case SMTP_HELLO:
		on_hello(client);
		break;
	case SMTP_ENVELOPE:
		on_envelope(client);
		break;
	case SMTP_FINAL:
		on_final(client);
		break;
	case SMTP_RESET:
		client->state = SMTP_READY;
		break;
	case SMTP_READY: /* nobody asked */
	case SMTP_DATA:	 /* it gave up on us */
	case SMTP_BROKEN:
		client->state = SMTP_BROKEN;
		break;
	}
}

static void add_text(struct smtp_client *client, struct slice line)
{
	struct smtp_reply *reply = &client->reply;
	size_t used = client->reply_lines == 0 ? 0 : strlen(reply->text);
	char text[SMTP_REPLY_TEXT];

	/* "550-5.1.1 no such" and "550 5.1.1 user" are shown as one line. */
	str_printable(text, sizeof(text), line);
	if (client->reply_lines > 0 && used + 1 < sizeof(reply->text))
		reply->text[used++] = ' ';
	snprintf(reply->text + used, sizeof(reply->text) - used, "%s",
	    client->reply_lines == 0 || strlen(text) < 4 ? text : text + 4);
	if (client->reply_lines == 0 && strlen(reply->text) > 3)
		reply->text[3] = ' ';
}

static void on_line(struct smtp_client *client, struct slice line)
{
	uint64_t code;

	if (line.len < 3 || !slice_number(slice_make(line.ptr, 3), 200, 599, &code) ||
	    (line.len > 3 && line.ptr[3] != ' ' && line.ptr[3] != '-') ||
	    (client->reply_lines > 0 && (int)code != client->reply.code) ||
	    client->reply_lines >= REPLY_LINES_MAX) {
		client->state = SMTP_BROKEN;
		return;
	}
	client->reply.code = (int)code;
	add_text(client, line);
	if (client->state == SMTP_HELLO && client->reply_lines > 0 && line.len > 4)
		on_ability(client, slice_from(line, 4));
	client->reply_lines++;
	if (line.len > 3 && line.ptr[3] == '-')
		return;
	client->reply_lines = 0;
	on_reply(client);
}

enum smtp_state smtp_client_feed(struct smtp_client *client, struct slice input)
{
	struct slice line;

	while (input.len > 0 && client->state != SMTP_BROKEN)
		if (line_read(&client->lines, &input, &line) != LINE_MORE)
			on_line(client, line);
	return client->state;
}

/* --- the message */

void smtp_client_data(struct smtp_client *client, struct slice bytes)
{
	dot_write(&client->dots, bytes, &client->out);
}

void smtp_client_data_end(struct smtp_client *client)
{
	dot_write_end(&client->dots, &client->out);
	client->final_dot = true;
	client->state = SMTP_FINAL;
}
