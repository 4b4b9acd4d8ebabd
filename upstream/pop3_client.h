/*
 * The client's side of POP3 (RFC 1939, RFC 2449) after the login, without I/O.
 *
 * Commands become bytes to send; received bytes, in chunks of any size, become events, one at a
 * time, in the order of the commands. Commands may be pipelined. Lines and memory are bounded for
 * any input; a message is streamed, never stored.
 *
 *            command                 +OK, one line
 *   IDLE ---------------> REPLY -----------------------------> IDLE or REPLY (next command)
 *                           |  +OK, CAPA UIDL LIST     final dot
 *                           |------------------> LISTING -----> the same
 *                           |  +OK, TOP RETR           final dot
 *                           '------------------> MESSAGE -----> the same
 */
#ifndef LANPOST_UPSTREAM_POP3_CLIENT_H
#define LANPOST_UPSTREAM_POP3_CLIENT_H

#include "message/dot.h"
#include "message/line_reader.h"

#define POP3_PENDING_MAX 2048 /* pending commands */
#define POP3_LINE_MAX 2048  /* of a reply or a listing; RFC 2449 has 512 */

enum pop3_command { POP3_CAPA, POP3_STAT, POP3_UIDL, POP3_LIST, POP3_TOP, POP3_RETR, POP3_DELE, POP3_NOOP, POP3_QUIT };

enum pop3_what {
	POP3_NEED,    /* all input was read: more is needed */
	POP3_REPLY,   /* +OK or -ERR; lines or data follow a +OK if the command has any */
	POP3_LINE,    /* a line of CAPA, UIDL or LIST */
	POP3_DATA,    /* bytes of a message, line ends converted to CRLF; a bare CR is kept */
	POP3_END,     /* the final dot */
	POP3_GARBAGE, /* an invalid or unexpected reply: the connection is unusable */
};

struct pop3_event {
	enum pop3_what what;
	enum pop3_command command;
	uint32_t number;   /* number of the message, 0 for commands without one */
	bool ok;	   /* POP3_REPLY */
	bool cut;	   /* POP3_LINE: it was longer than POP3_LINE_MAX */
	struct slice text; /* the text after +OK or -ERR; the line; the data. Valid until the next call */
};

enum pop3_state { POP3_AT_REPLY, POP3_IN_LISTING, POP3_IN_MESSAGE, POP3_BROKEN };

struct pop3_client {
	enum pop3_state state;
	struct {
		enum pop3_command command;
		uint32_t number;
	} pending[POP3_PENDING_MAX]; /* a ring */
	size_t first, count;
	struct line_reader lines;
	struct dot_reader dots;
	struct buf data; /* of the last POP3_DATA */
	struct buf out;	 /* bytes to send: send them, then buf_reset() */
};

void pop3_client_init(struct pop3_client *client);
void pop3_client_clear(struct pop3_client *client);
/* Queues a command. lines: for TOP, else ignored. Returns false if POP3_PENDING_MAX are pending. */
bool pop3_client_send(struct pop3_client *client, enum pop3_command command, uint32_t number,
    unsigned lines);
/* Returns the next event of the input and moves *input past the bytes read. Call until
 * POP3_NEED. */
enum pop3_what pop3_client_next(struct pop3_client *client, struct slice *input,
    struct pop3_event *event);

#endif
