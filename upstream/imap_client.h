/*
 * The client's side of IMAP4rev1 (RFC 3501) after the login, as far as fetching from one mailbox needs it; without I/O.
 *
 * Commands are put in and come out as bytes to send; bytes received are put in and come out as events, in the order of the
 * commands, however the bytes were cut. Commands may be pipelined: none of them is ambiguous after another (RFC 3501
 * section 5.5), and UIDs, not sequence numbers, name messages. Lines, literals and memory are bounded whatever the
 * server sends; a message is streamed, never held. Dovecot works on several FETCH commands at once and may send their data
 * before the first of their replies, so data is matched by UID.
 *
 *   LINE ------ "* n FETCH (... BODY[] {5000}" ----> LITERAL --- 5000 bytes ---> LINE (the rest of the response)
 *    |  ------- {n} anywhere else -----------------> SKIP ------ n bytes ------> LINE
 *    '--------- the tag of the oldest command: its reply, then the next command's
 */
#ifndef LANPOST_UPSTREAM_IMAP_CLIENT_H
#define LANPOST_UPSTREAM_IMAP_CLIENT_H

#include "base/buf.h"
#include "message/line_reader.h"

#define IMAP_PENDING_MAX 256 /* commands under way at once */
#define IMAP_LINE_MAX 8192
#define IMAP_SET_MAX 1000 /* bytes of a set of UIDs */

enum imap_command {
	IMAP_CAPABILITY,
	IMAP_SELECT,  /* INBOX */
	IMAP_LIST,    /* UIDs, sizes and flags of all messages */
	IMAP_HEADER,  /* of one UID; its bytes as IMAP_DATA */
	IMAP_TOP,     /* the same and the beginning of the body */
	IMAP_MESSAGE, /* whole */
	IMAP_DELETE,  /* marks one UID as deleted */
	IMAP_EXPUNGE, /* removes the UIDs of a set (RFC 4315) */
	IMAP_EXPUNGE_ALL, /* removes whatever is marked */
	IMAP_NOOP,
	IMAP_LOGOUT,
};

enum imap_what {
	IMAP_NEED,	 /* all input was read: nothing until more comes */
	IMAP_REPLY,	 /* the end of a command; of HEADER, TOP and MESSAGE where no data came: ok is false then */
	IMAP_DONE,	 /* the end of a command whose data came */
	IMAP_CAN,	 /* one word of the capabilities, in text */
	IMAP_VALIDITY,	 /* UIDVALIDITY of the mailbox, in number */
	IMAP_EXISTS,	 /* messages in the mailbox, in number */
	IMAP_LISTED,	 /* a message: number, size, is_deleted */
	IMAP_DATA_BEGIN, /* of the message `number`: data follows */
	IMAP_DATA,	 /* line ends made CRLF; a bare CR stays */
	IMAP_DATA_END,	 /* ok is false for data that must not be used */
	IMAP_GARBAGE,	 /* the connection is of no use any more; text says why */
};

struct imap_event {
	enum imap_what what;
	enum imap_command command; /* to which the event belongs */
	uint32_t number;	   /* its UID; see above */
	uint64_t size;
	bool ok, is_deleted;
	struct slice text; /* what follows OK, NO or BAD; the word; the data. Valid until the next call */
};

enum imap_state { IMAP_AT_LINE, IMAP_IN_LITERAL, IMAP_IN_SKIP, IMAP_BROKEN };

struct imap_client {
	enum imap_state state;
	struct {
		enum imap_command command;
		uint32_t uid;
		bool has_data; /* it came */
	} pending[IMAP_PENDING_MAX]; /* a ring */
	size_t first, count;
	uint32_t next_tag;
	struct line_reader lines;
	uint64_t literal_left;
	uint64_t literal_size; /* of the last one that was data */
	bool closed_early; /* a response ended behind its data, without the UID that was asked for */
	bool in_response; /* the next line goes on with a response that had a literal */
	bool in_data;	  /* and brings data for pending[owner] */
	size_t owner;
	bool after_cr;	  /* of the data */
	enum { NO_QUOTED, QUOTED_DATA, QUOTED_END } quoted; /* data holds a body that came without a literal */
	struct buf line;  /* the one being read as words */
	size_t at;	  /* of it: capabilities handed out so far */
	struct buf data;  /* of the last IMAP_DATA */
	struct buf out;	  /* bytes to send: send them, then buf_reset() */
};

void imap_client_init(struct imap_client *client);
void imap_client_clear(struct imap_client *client);
/* Puts a command in. uid: of HEADER, TOP, MESSAGE, DELETE; set: of EXPUNGE; else ignored. False where IMAP_PENDING_MAX are
 * under way. */
bool imap_client_send(struct imap_client *client, enum imap_command command, uint32_t uid,
    struct slice set);
/* The next event of the input; *input is moved past what was read. Call until IMAP_NEED. */
enum imap_what imap_client_next(struct imap_client *client, struct slice *input,
    struct imap_event *event);

#endif
