/*
 * The client's side of SMTP (RFC 5321, 2920, 3030, 3461) after the login, without I/O.
 *
 * The caller begins transactions and passes in replies; the client returns bytes to send. Each recipient has its own
 * result. How much is sent without waiting depends on what the server offers:
 *
 *   nothing:     a command, its reply, the next command
 *   PIPELINING:  MAIL, all RCPT and DATA together; the next message's together with the dot before it
 *   CHUNKING:    whole small messages by BDAT, up to SMTP_WINDOW of them unanswered
 *
 * Only CRLF line ends are sent, so that no message can be smuggled.
 *
 *   begin --> ENVELOPE --354, or all answered--> DATA --data_end--> FINAL --reply--> DONE
 *                | none accepted                                                      ^
 *                '------------------------------> RESET ------------------------------'
 *
 * Replies belong to the oldest transaction that is not DONE. The client itself is BROKEN after 421, an invalid reply, or
 * an unexpected one. A server that sends a reply twice shifts all following replies by one, so that a refusal may be
 * assigned to the wrong recipient. DATA is safe against this, since only 354 releases the message; without waiting
 * (CHUNKING) only servers are trusted whose replies have a status (RFC 2034) that shows what they answer: 2.1.0 a sender,
 * 2.1.5 a recipient.
 */
#ifndef LANPOST_UPSTREAM_SMTP_CLIENT_H
#define LANPOST_UPSTREAM_SMTP_CLIENT_H

#include "message/dot.h"
#include "message/dsn.h"
#include "message/line_reader.h"
#include "upstream/smtp_reply.h"

#define SMTP_WINDOW 8 /* simultaneous transactions: this many are in doubt if the connection breaks */

struct smtp_recipient {
	const char *address; /* borrowed until the transaction's end, as is orcpt */
	unsigned notify;     /* enum dsn_notify, for a server that supports DSN */
	const char *orcpt;   /* "" or NULL: none */
	struct smtp_reply reply; /* the reply that decided the result; 250 to 259: sent */
};

enum smtp_step { SMTP_ENVELOPE, SMTP_DATA, SMTP_FINAL, SMTP_RESET, SMTP_DONE };

struct smtp_transaction {
	const char *sender; /* "" for the null sender */
	struct smtp_recipient *recipients;
	size_t count;
	uint64_t size;
	bool eight_bit; /* the message has bytes above 127 */
	bool utf8;	/* an address or a header is non-ASCII: needs SMTPUTF8 */
	enum dsn_ret ret;
	const char *envid; /* "" or NULL: none */

	/* The client's: set by smtp_client_begin(). */
	enum smtp_step step;
	/* Commands sent and replies read; 0 is MAIL, 1 to count RCPT, count + 1 DATA. */
	size_t sent, answered, accepted;
	size_t chunks; /* BDAT commands without a reply yet */
	bool resets;   /* a RSET before MAIL has no reply yet */
	bool is_eager; /* its chunks are sent without waiting */
	bool mail_accepted, is_refused; /* a chunk was refused */
	bool is_whole; /* the whole message was sent */
};

enum smtp_state { SMTP_HELLO, SMTP_READY, SMTP_BROKEN };

struct smtp_client {
	enum smtp_state state;
	bool can_pipeline, can_size, can_8bit, can_utf8, can_chunk, can_notify, can_status;
	bool one_by_one; /* may be set after EHLO: each command waits for the reply to the one before, so replies cannot be
	 * mixed up */
	bool is_leaving; /* it ended with 421 or 530: no transaction that is not DONE was accepted */
	bool refuses_chunks; /* the unknown command was BDAT */
	bool stutters; /* it has sent too many replies: no reply that is not settled is reliable */
	uint64_t asked, answered; /* expected and received replies */
	uint64_t sent;		  /* expected replies for the commands sent before the last input */
	uint64_t size_max; /* 0: not announced */
	struct line_reader lines;
	struct smtp_reply reply; /* the last reply, or the one being read */
	unsigned reply_lines;
	uint64_t replies; /* read so far */
	struct smtp_transaction *window[SMTP_WINDOW]; /* a ring of pending commands */
	size_t first, count;
	bool has_begun; /* there was a transaction */
	struct dot_writer dots;
	struct buf chunk; /* collects data for BDAT */
	struct buf out; /* bytes to send: send them, then buf_reset() */
};

/* The first reply to pass in is that to EHLO: then the state is READY. */
void smtp_client_init(struct smtp_client *client);
void smtp_client_clear(struct smtp_client *client);
/* The number of transactions that may be begun now, one after the other, each when the previous message was
 * sent. With CHUNKING none until half of the window is free, so that work is done in batches. */
size_t smtp_client_room(const struct smtp_client *client);
/* Whether the whole transaction is sent without waiting. */
bool smtp_client_is_eager(const struct smtp_client *client, const struct smtp_transaction *transaction);
/* Begins a transaction if there is room. *transaction is borrowed until it is DONE or the client is BROKEN; replies
 * must be zero. */
void smtp_client_begin(struct smtp_client *client, struct smtp_transaction *transaction);
/* The transaction whose message must be sent now, by smtp_client_data() and _data_end(); NULL if there is
 * none. */
struct smtp_transaction *smtp_client_wants(const struct smtp_client *client);
/* Appends message bytes to out. The caller sends out before it grows large. */
void smtp_client_data(struct smtp_client *client, struct slice bytes);
void smtp_client_data_end(struct smtp_client *client);
/* Processes replies, received after all of out was sent; returns the new state. */
enum smtp_state smtp_client_feed(struct smtp_client *client, struct slice input);
void smtp_client_quit(struct smtp_client *client);

#endif
