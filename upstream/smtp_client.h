/*
 * The client's side of SMTP (RFC 5321, 2920, 3030, 3461) after the login, without I/O.
 *
 * Transactions are begun, replies are put in, bytes to send come out. Each recipient gets a fate of their own. How
 * much goes out without waiting depends on what the server offers:
 *
 *   nothing:     a command, its reply, the next command
 *   PIPELINING:  MAIL, all RCPT and DATA together; the next message's together with the dot before it
 *   CHUNKING:    whole small messages by BDAT, up to SMTP_WINDOW of them unanswered
 *
 * What is sent has CRLF line ends only, so that nobody smuggles a message through us.
 *
 *   begin --> ENVELOPE --354, or all answered--> DATA --data_end--> FINAL --reply--> DONE
 *                | nobody was taken                                                   ^
 *                '------------------------------> RESET ------------------------------'
 *
 * Replies belong to the oldest transaction that is not DONE. The client itself is BROKEN after 421, a reply that is not one,
 * or one that nobody asked for. A server that says a reply twice moves all that follow by one, so that a refusal may look like
 * somebody else's. DATA is safe against it, since only 354 lets the message out; without waiting (CHUNKING) only servers are
 * trusted whose replies tell by their status (RFC 2034) what they answer: 2.1.0 a sender, 2.1.5 a recipient.
 */
#ifndef LANPOST_UPSTREAM_SMTP_CLIENT_H
#define LANPOST_UPSTREAM_SMTP_CLIENT_H

#include "message/dot.h"
#include "message/dsn.h"
#include "message/line_reader.h"

#define SMTP_REPLY_TEXT 256
#define SMTP_WINDOW 8 /* transactions under way at once: this many are in doubt if the line breaks */

struct smtp_reply {
	int code;		    /* 0: none came */
	char text[SMTP_REPLY_TEXT]; /* code and text, its lines joined, printable */
};

struct smtp_recipient {
	const char *address; /* borrowed until the transaction's end, as is orcpt */
	unsigned notify;     /* enum dsn_notify, for a server that does DSN */
	const char *orcpt;   /* "" or NULL: none */
	struct smtp_reply reply; /* the one that decided their fate; 250 to 259: sent */
};

enum smtp_step { SMTP_ENVELOPE, SMTP_DATA, SMTP_FINAL, SMTP_RESET, SMTP_DONE };

struct smtp_transaction {
	const char *sender; /* "" for the null sender */
	struct smtp_recipient *recipients;
	size_t count;
	uint64_t size;
	bool eight_bit; /* the message has bytes above 127 */
	bool utf8;	/* an address or a header is not ASCII: needs SMTPUTF8 */
	enum dsn_ret ret;
	const char *envid; /* "" or NULL: none */

	/* The client's: set by smtp_client_begin(). */
	enum smtp_step step;
	/* Commands sent and replies read; 0 is MAIL, 1 to count RCPT, count + 1 DATA. */
	size_t sent, answered, accepted;
	size_t chunks; /* BDAT that are not answered */
	bool resets;   /* a RSET before MAIL is not answered */
	bool is_eager; /* its chunks wait for nothing */
	bool mail_accepted, is_refused; /* refused: a chunk was */
	bool is_whole; /* all of the message is out */
};

enum smtp_state { SMTP_HELLO, SMTP_READY, SMTP_BROKEN };

struct smtp_client {
	enum smtp_state state;
	bool can_pipeline, can_size, can_8bit, can_utf8, can_chunk, can_notify, can_status;
	bool one_by_one; /* set after its EHLO: each command waits for the reply to the one before it, and none is taken for another's */
	bool is_leaving; /* it broke off by a 421 or 530: of what is not DONE, nothing was taken */
	bool refuses_chunks; /* it was BDAT that it did not know */
	bool stutters; /* it has said more replies than it was asked for: no reply that is not settled can be relied on */
	uint64_t asked, answered; /* replies that are due, and those that came */
	uint64_t sent;		  /* of those due, for what had been sent when replies were last put in */
	uint64_t size_max; /* 0: not reported */
	struct line_reader lines;
	struct smtp_reply reply; /* the last one, or the one being read */
	unsigned reply_lines;
	uint64_t replies; /* read so far */
	struct smtp_transaction *window[SMTP_WINDOW]; /* a ring of what is under way */
	size_t first, count;
	bool has_begun; /* there was a transaction */
	struct dot_writer dots;
	struct buf chunk; /* gathers for BDAT */
	struct buf out; /* bytes to send: send them, then buf_reset() */
};

/* The first reply to feed is that to EHLO: the state is READY when it has come. */
void smtp_client_init(struct smtp_client *client);
void smtp_client_clear(struct smtp_client *client);
/* How many transactions may be begun now, one after the other, each when the message before it is out whole. With
 * CHUNKING none until half of the window is free, so that work comes in batches. */
size_t smtp_client_room(const struct smtp_client *client);
/* Whether all of a transaction goes out without waiting. */
bool smtp_client_is_eager(const struct smtp_client *client, const struct smtp_transaction *transaction);
/* Begins a transaction where there is room. *transaction is borrowed until it is DONE or the client is BROKEN; replies
 * must be zero. */
void smtp_client_begin(struct smtp_client *client, struct smtp_transaction *transaction);
/* The transaction whose message is to be sent now, by smtp_client_data() and _data_end(); NULL if none exists. */
struct smtp_transaction *smtp_client_wants(const struct smtp_client *client);
/* Adds message bytes to out. Send out before it grows large. */
void smtp_client_data(struct smtp_client *client, struct slice bytes);
void smtp_client_data_end(struct smtp_client *client);
/* Reads replies, which came after all of out was sent; returns the state after them. */
enum smtp_state smtp_client_feed(struct smtp_client *client, struct slice input);
void smtp_client_quit(struct smtp_client *client);

/* Copies a reply; for a fate that we decide ourselves. */
void smtp_reply_set(struct smtp_reply *reply, int code, const char *text);
/* Whether a refusal is of the connection (too many of them, for one), whatever the message: 432, 421 4.3.2 and 4.7.0. */
bool smtp_reply_is_of_connection(const struct smtp_reply *reply);
static inline bool smtp_reply_ok(const struct smtp_reply *reply)
{
	return reply->code >= 200 && reply->code < 300;
}
static inline bool smtp_reply_is_permanent(const struct smtp_reply *reply)
{
	return reply->code >= 500;
}

#endif
