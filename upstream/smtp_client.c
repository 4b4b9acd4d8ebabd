#include "upstream/smtp_client.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define LINE_LIMIT 2048	     /* RFC 5321 4.5.3.1.5 has 512 */
#define REPLY_LINES_MAX 200
#define RCPT_WINDOW 50	     /* limit of unanswered bytes: if both sides wrote into full pipes, they would deadlock */
#define OUT_MAX (2u << 20)
#define CHUNK_MAX (256u << 10)
#define EAGER_MAX (64u << 10) /* a larger message is not sent before its recipients are accepted */

void smtp_client_init(struct smtp_client *client)
{
	*client = (struct smtp_client){
	    .state = SMTP_HELLO,
	    .out = BUF_INIT(OUT_MAX),
	    .chunk = BUF_INIT(2 * CHUNK_MAX),
	    .asked = 1, /* EHLO */
	    .sent = 1,
	};
	line_reader_init(&client->lines, LINE_LIMIT);
}

void smtp_client_clear(struct smtp_client *client)
{
	line_reader_clear(&client->lines);
	buf_clear(&client->out);
	buf_clear(&client->chunk);
}

/* Queues a command, or other input that gets one reply. */
static void put(struct smtp_client *client, const char *text)
{
	buf_append_text(&client->out, text);
	client->asked++;
}

void smtp_client_quit(struct smtp_client *client)
{
	put(client, "QUIT\r\n");
	client->state = SMTP_BROKEN;
}

/* --- pending commands */

static struct smtp_transaction *oldest(const struct smtp_client *client)
{
	return client->count == 0 ? NULL : client->window[client->first];
}

static struct smtp_transaction *newest(const struct smtp_client *client)
{
	return client->count == 0 ? NULL : client->window[(client->first + client->count - 1) % SMTP_WINDOW];
}

static bool uses_chunks(const struct smtp_client *client)
{
	return client->can_chunk && (client->one_by_one || (client->can_pipeline && client->can_status));
}

static bool pipelines(const struct smtp_client *client)
{
	return client->can_pipeline && !client->one_by_one;
}

static void finish(struct smtp_client *client)
{
	oldest(client)->step = SMTP_DONE;
	client->first = (client->first + 1) % SMTP_WINDOW;
	client->count--;
}

size_t smtp_client_room(const struct smtp_client *client)
{
	if (client->state != SMTP_READY)
		return 0;
	if (client->count == 0)
		return uses_chunks(client) && !client->one_by_one ? SMTP_WINDOW : 1;
	if (!pipelines(client) || newest(client)->step != SMTP_FINAL)
		return 0;
	if (uses_chunks(client))
		return client->count > SMTP_WINDOW / 2 ? 0 : SMTP_WINDOW - client->count;
	return client->count == 1;
}

struct smtp_transaction *smtp_client_wants(const struct smtp_client *client)
{
	struct smtp_transaction *transaction = newest(client);

	return client->state == SMTP_READY && transaction != NULL && transaction->step == SMTP_DATA ? transaction : NULL;
}

/* --- commands of the envelope */

static void put_mail(struct smtp_client *client, const struct smtp_transaction *transaction)
{
	buf_printf(&client->out, "MAIL FROM:<%s>", transaction->sender);
	if (client->can_size)
		buf_printf(&client->out, " SIZE=%llu", (unsigned long long)transaction->size);
	if (client->can_8bit && transaction->eight_bit)
		buf_append_text(&client->out, " BODY=8BITMIME");
	if (client->can_utf8 && transaction->utf8)
		buf_append_text(&client->out, " SMTPUTF8");
	if (client->can_notify && transaction->ret != DSN_RET_UNSAID)
		buf_printf(&client->out, " RET=%s", dsn_ret_text(transaction->ret));
	if (client->can_notify && transaction->envid != NULL && transaction->envid[0] != '\0')
		buf_printf(&client->out, " ENVID=%s", transaction->envid);
	buf_append_text(&client->out, "\r\n");
}

static void put_rcpt(struct smtp_client *client, const struct smtp_recipient *recipient)
{
	buf_printf(&client->out, "RCPT TO:<%s>", recipient->address);
	if (client->can_notify && recipient->notify != 0) {
		buf_append_text(&client->out, " NOTIFY=");
		dsn_notify_write(recipient->notify, &client->out);
	}
	if (client->can_notify && recipient->orcpt != NULL && recipient->orcpt[0] != '\0')
		buf_printf(&client->out, " ORCPT=%s", recipient->orcpt);
	buf_append_text(&client->out, "\r\n");
}

static void put_command(struct smtp_client *client, struct smtp_transaction *transaction)
{
	if (transaction->sent == 0)
		put_mail(client, transaction);
	else if (transaction->sent <= transaction->count)
		put_rcpt(client, &transaction->recipients[transaction->sent - 1]);
	else
		buf_append_text(&client->out, "DATA\r\n");
	client->asked++;
	transaction->sent++;
}

/* The number of commands before the message. */
static size_t envelope_commands(const struct smtp_client *client, const struct smtp_transaction *transaction)
{
	return transaction->count + (uses_chunks(client) ? 1 : 2);
}

static void put_commands(struct smtp_client *client, struct smtp_transaction *transaction)
{
	size_t window = pipelines(client) ? RCPT_WINDOW : 1;

	if (client->one_by_one && transaction->resets)
		return;

	while (transaction->sent < envelope_commands(client, transaction) &&
	       transaction->sent - transaction->answered < window)
		put_command(client, transaction);
}

static void begin_message(struct smtp_client *client, struct smtp_transaction *transaction)
{
	transaction->step = SMTP_DATA;
	dot_writer_init(&client->dots, false);
	client->dots.is_plain = uses_chunks(client);
	buf_reset(&client->chunk);
}

bool smtp_client_is_eager(const struct smtp_client *client, const struct smtp_transaction *transaction)
{
	return uses_chunks(client) && !client->one_by_one && transaction->size <= EAGER_MAX && transaction->count + 1 < RCPT_WINDOW;
}

void smtp_client_begin(struct smtp_client *client, struct smtp_transaction *transaction)
{
	assert(client->count < SMTP_WINDOW);
	transaction->step = SMTP_ENVELOPE;
	transaction->sent = transaction->answered = transaction->accepted = transaction->chunks = 0;
	transaction->mail_accepted = transaction->is_whole = transaction->is_refused = false;
	transaction->is_eager = smtp_client_is_eager(client, transaction);
	/* The fate of the previous message is not known yet; RFC 3030 section 2 requires a reset after a refused
	 * chunk. */
	transaction->resets = uses_chunks(client) && client->has_begun;
	if (transaction->resets)
		put(client, "RSET\r\n");
	client->window[(client->first + client->count++) % SMTP_WINDOW] = transaction;
	client->has_begun = true;
	put_commands(client, transaction);
	if (transaction->is_eager)
		begin_message(client, transaction);
}

/* --- replies */

/* All recipients that were not refused individually share this reply. */
static void give_all(const struct smtp_client *client, struct smtp_transaction *transaction)
{
	for (size_t i = 0; i < transaction->count; i++)
		if (transaction->recipients[i].reply.code == 0 ||
		    smtp_reply_ok(&transaction->recipients[i].reply))
			transaction->recipients[i].reply = client->reply;
}

/* The transaction ends before any data; the server discards it. */
static void give_up(struct smtp_client *client, struct smtp_transaction *transaction)
{
	transaction->step = SMTP_RESET;
	put(client, "RSET\r\n");
}

/* There are more replies than commands: it is unknown which reply is the superfluous one. */
static void stutter(struct smtp_client *client)
{
	client->state = SMTP_BROKEN;
	client->stutters = true;
}

enum asked { ASKED_MAIL, ASKED_RCPT, ASKED_OTHER };

/* RFC 3463 section 3.2: whether the status of a reply shows that it belongs to another command. Without pipelining, any
 * status is accepted. */
static bool is_for_another(const struct smtp_client *client, enum asked asked)
{
	const char *status = strlen(client->reply.text) > 9 ? client->reply.text + 4 : "";

	if (!pipelines(client) || !client->can_status)
		return false;
	if (strncmp(status, "2.1.0 ", 6) == 0)
		return asked != ASKED_MAIL;
	return strncmp(status, "2.1.5 ", 6) == 0 && asked != ASKED_RCPT;
}

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
	else if (slice_is_nocase(word, "DSN"))
		client->can_notify = true;
	else if (slice_is_nocase(word, "CHUNKING"))
		client->can_chunk = true;
	else if (slice_is_nocase(word, "ENHANCEDSTATUSCODES"))
		client->can_status = true;
	else if (slice_is_nocase(word, "SIZE"))
		client->can_size = true;
	if (slice_is_nocase(word, "SIZE") &&
	    !slice_number(slice_trim(line), 0, UINT64_MAX, &client->size_max))
		client->size_max = 0;
}

static void on_data_reply(struct smtp_client *client, struct smtp_transaction *transaction)
{
	bool wanted = transaction->mail_accepted && transaction->accepted > 0;

	if (client->reply.code == 354 && wanted) {
		begin_message(client, transaction);
	} else if (client->reply.code == 354 && transaction->mail_accepted) {
		/* RFC 2920 section 3.1: with no recipient left, a lone dot. */
		put(client, ".\r\n");
		transaction->step = SMTP_FINAL;
	} else if (client->reply.code < 400 && client->reply.code != 354) {
		/* The reply belongs to another command. The 354 is still to come, and any command sent
		 * then would be read as a message. */
		stutter(client);
	} else if (client->reply.code == 354) {
		/* Anything sent now would be read as a message that was refused. */
		client->state = SMTP_BROKEN;
	} else {
		if (wanted)
			give_all(client, transaction);
		give_up(client, transaction);
	}
}

/* The sent part of the envelope is answered; checks whether there is more to send. */
static void go_on(struct smtp_client *client, struct smtp_transaction *transaction)
{
	bool is_over = transaction->answered == transaction->count + 1;

	if (transaction->is_eager)
		return;
	if (transaction->sent == transaction->answered &&
	    (!transaction->mail_accepted || (is_over && transaction->accepted == 0)))
		give_up(client, transaction);
	else if (is_over && uses_chunks(client))
		begin_message(client, transaction);
	else
		put_commands(client, transaction);
}

static void on_envelope(struct smtp_client *client, struct smtp_transaction *transaction)
{
	size_t which = transaction->answered++;

	if (which <= transaction->count &&
	    ((client->reply.code >= 300 && client->reply.code < 400) ||
		is_for_another(client, which == 0 ? ASKED_MAIL : ASKED_RCPT))) {
		stutter(client);
		return;
	}
	if (which == 0) {
		transaction->mail_accepted = smtp_reply_ok(&client->reply);
		if (!transaction->mail_accepted)
			give_all(client, transaction);
	} else if (which <= transaction->count) {
		/* The recipient's own refusal; after a refused MAIL, the reply to MAIL counts. */
		if (transaction->mail_accepted)
			transaction->recipients[which - 1].reply = client->reply;
		transaction->accepted += transaction->mail_accepted && smtp_reply_ok(&client->reply);
	} else {
		on_data_reply(client, transaction);
		return;
	}
	go_on(client, transaction);
}

static void on_message(struct smtp_client *client, struct smtp_transaction *transaction)
{
	if (client->reply.code == 354 && transaction->chunks == 0) {
		/* A repeated reply; but this can only be the reply to DATA again, so the one to the message is still to
		 * come. */
		client->stutters = true;
		client->answered--;
		return;
	}
	if ((client->reply.code >= 300 && client->reply.code < 400) || is_for_another(client, ASKED_OTHER)) {
		stutter(client);
		return;
	}
	if (transaction->chunks > 0 && (client->reply.code == 500 || client->reply.code == 502)) {
		/* The server has offered CHUNKING, but a proxy before it does not know BDAT: the message was not
		 * processed. */
		client->state = SMTP_BROKEN;
		client->is_leaving = client->refuses_chunks = true;
		return;
	}
	if (transaction->chunks > 0)
		transaction->chunks--;
	/* Of several chunks the first refusal counts, else the last reply. */
	if (!transaction->is_refused && (!smtp_reply_ok(&client->reply) || transaction->chunks == 0))
		give_all(client, transaction);
	transaction->is_refused = transaction->is_refused || !smtp_reply_ok(&client->reply);
	if (transaction->step == SMTP_FINAL && transaction->chunks == 0)
		finish(client);
	if (client->stutters)
		client->state = SMTP_BROKEN;
}

static void on_reset(struct smtp_client *client, struct smtp_transaction *transaction)
{
	transaction->resets = false;
	/* A reply at this point cannot be a refusal of this command: it belongs to another one. */
	if (!smtp_reply_ok(&client->reply) || is_for_another(client, ASKED_OTHER))
		stutter(client);
	else
		put_commands(client, transaction);
}

/* 421 may come at any time: the server is about to disconnect (RFC 5321 3.8). 530: it requires TLS or a login first
 * (RFC 3207, RFC 4954), for any message. After the message either is a reply to it. */
static bool is_farewell(const struct smtp_client *client, const struct smtp_transaction *transaction)
{
	return (client->reply.code == 421 || client->reply.code == 530) &&
	       (transaction == NULL || transaction->resets || transaction->answered < transaction->sent ||
		   transaction->step != SMTP_FINAL);
}

static void on_reply(struct smtp_client *client)
{
	struct smtp_transaction *transaction = oldest(client);

	client->replies++;
	client->answered++;
	if (is_farewell(client, transaction)) {
		client->state = SMTP_BROKEN;
		client->is_leaving = true;
	} else if (client->state == SMTP_HELLO) {
		on_hello(client);
	} else if (transaction == NULL || client->answered > client->sent) {
		stutter(client); /* an unexpected reply, or one to a command that was not sent yet */
	} else if (transaction->resets) {
		on_reset(client, transaction);
	} else if (transaction->answered < transaction->sent) {
		on_envelope(client, transaction);
	} else if (transaction->step == SMTP_RESET && client->reply.code >= 300 && client->reply.code < 400) {
		stutter(client);
	} else if (transaction->step == SMTP_RESET) {
		finish(client);
	} else if (transaction->step == SMTP_FINAL || transaction->chunks > 0) {
		on_message(client, transaction);
	} else {
		client->state = SMTP_BROKEN; /* the server is closing the connection */
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

	client->sent = client->asked;
	while (input.len > 0 && client->state != SMTP_BROKEN) {
		enum line_result result = line_read(&client->lines, &input, &line);

		if (result == LINE_ENDLESS)
			client->state = SMTP_BROKEN;
		else if (result != LINE_MORE)
			on_line(client, line);
	}
	return client->state;
}

/* --- the message */

static void put_chunk(struct smtp_client *client, const char *last)
{
	buf_printf(&client->out, "BDAT %zu%s\r\n", client->chunk.len, last);
	buf_append_slice(&client->out, buf_slice(&client->chunk));
	buf_reset(&client->chunk);
	newest(client)->chunks++;
	client->asked++;
}

void smtp_client_data(struct smtp_client *client, struct slice bytes)
{
	if (!uses_chunks(client)) {
		dot_write(&client->dots, bytes, &client->out);
		return;
	}
	while (bytes.len > 0) {
		size_t len = bytes.len < CHUNK_MAX / 4 ? bytes.len : CHUNK_MAX / 4;

		dot_write(&client->dots, slice_make(bytes.ptr, len), &client->chunk);
		bytes = slice_from(bytes, len);
		if (client->chunk.len >= CHUNK_MAX)
			put_chunk(client, "");
	}
}

void smtp_client_data_end(struct smtp_client *client)
{
	struct smtp_transaction *transaction = newest(client);

	if (uses_chunks(client)) {
		dot_write_end(&client->dots, &client->chunk);
		put_chunk(client, " LAST");
	} else {
		dot_write_end(&client->dots, &client->out);
		client->asked++;
	}
	transaction->is_whole = true;
	transaction->step = SMTP_FINAL;
}
