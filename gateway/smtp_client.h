/*
 * The client's side of SMTP (RFC 5321, 2920) after the login, without I/O.
 *
 * A transaction is begun, replies are put in, bytes to send come out. Each recipient gets a fate of his own. Where the
 * server offers PIPELINING, MAIL, all RCPT and DATA go out together. What is sent has CRLF line ends
 * only, so that nobody smuggles a message through us.
 *
 *   HELLO --250--> READY --begin--> ENVELOPE --354--> DATA --data_end--> FINAL --reply--> READY
 *                    ^                  | nobody was taken                                  ^
 *                    '----- RESET <-----'                                                   |
 *                    '----------------------------------------------------------------------'
 *   any --> BROKEN: 421, a reply that is none, one that nobody asked for
 */
#ifndef LANPOST_GATEWAY_SMTP_CLIENT_H
#define LANPOST_GATEWAY_SMTP_CLIENT_H

#include "mail/dot.h"
#include "mail/line_reader.h"

#define SMTP_REPLY_TEXT 256

struct smtp_reply {
	int code;		    /* 0: none came */
	char text[SMTP_REPLY_TEXT]; /* code and text, its lines joined, printable */
};

struct smtp_recipient {
	const char *address; /* borrowed until the transaction's end */
	struct smtp_reply reply; /* the one that decided his fate; 250 to 259: sent */
};

struct smtp_transaction {
	const char *sender; /* "" for the null sender */
	struct smtp_recipient *recipients;
	size_t count;
	uint64_t size;
	bool eight_bit; /* the message has bytes above 127 */
	bool utf8;	/* an address or a header is not ASCII: needs SMTPUTF8 */
};

enum smtp_state { SMTP_HELLO, SMTP_READY, SMTP_ENVELOPE, SMTP_DATA, SMTP_FINAL, SMTP_RESET, SMTP_BROKEN };

struct smtp_client {
	enum smtp_state state;
	bool can_pipeline, can_size, can_8bit, can_utf8;
	uint64_t size_max; /* 0: not told */
	struct line_reader lines;
	struct smtp_reply reply; /* the last one, or the one being read */
	unsigned reply_lines;
	struct smtp_transaction *transaction;
	/* Progress in ENVELOPE: commands sent and replies read; 0 is MAIL, 1 to count RCPT, count + 1 DATA. */
	size_t sent, answered, accepted;
	bool mail_accepted;
	bool final_dot; /* the message is out whole; cleared by the next begin */
	struct dot_writer dots;
	struct buf out; /* bytes to send: send them, then buf_reset() */
};

void smtp_client_init(struct smtp_client *client);
void smtp_client_clear(struct smtp_client *client);
/* Asks for the server's abilities; the state is READY when the reply has come. */
void smtp_client_hello(struct smtp_client *client, const char *hostname);
/* Begins a transaction in READY. *transaction is borrowed until READY or BROKEN; replies must be zero. */
void smtp_client_begin(struct smtp_client *client, struct smtp_transaction *transaction);
/* Reads replies; returns the state after them. In DATA the caller sends the message by smtp_client_data(). */
enum smtp_state smtp_client_feed(struct smtp_client *client, struct slice input);
/* Adds message bytes, dot-stuffed, to out. Send out before it grows large. */
void smtp_client_data(struct smtp_client *client, struct slice bytes);
void smtp_client_data_end(struct smtp_client *client);
void smtp_client_quit(struct smtp_client *client);

/* Copies a reply; for a fate that we decide ourselves. */
void smtp_reply_set(struct smtp_reply *reply, int code, const char *text);
static inline bool smtp_reply_ok(const struct smtp_reply *reply)
{
	return reply->code >= 200 && reply->code < 300;
}
static inline bool smtp_reply_is_permanent(const struct smtp_reply *reply)
{
	return reply->code >= 500;
}

#endif
