/*
 * The client's side of IMAP4rev1 (RFC 3501) after the login, as far as fetching from one mailbox needs it; without I/O.
 *
 * Commands become bytes to send; received bytes, in chunks of any size, become events in the order of the commands.
 * Commands may be pipelined: none of them is ambiguous after another (RFC 3501 section 5.5), and messages are
 * identified by UID, not by sequence number. Lines, literals and memory are bounded for any input; a message is
 * streamed, never stored. Dovecot processes several FETCH commands at once and may send their data before the first of
 * their replies, so data is matched by UID.
 *
 *   LINE ------ "* n FETCH (... BODY[] {5000}" ----> LITERAL --- 5000 bytes ---> LINE (the rest of the response)
 *    |  ------- {n} anywhere else -----------------> SKIP ------ n bytes ------> LINE
 *    |                                               (a response that is read as a whole is gathered with its literals)
 *    '--------- the tag of the oldest command: its reply, then the next command's
 */
#ifndef LANPOST_UPSTREAM_IMAP_CLIENT_H
#define LANPOST_UPSTREAM_IMAP_CLIENT_H

#include "base/buf.h"
#include "message/line_reader.h"

#define IMAP_PENDING_MAX 256 /* pending commands */
#define IMAP_LINE_MAX 32768
#define IMAP_SET_MAX 1000 /* bytes of a set of UIDs */

enum imap_command {
	IMAP_CAPABILITY,
	IMAP_SELECT,  /* set: the mailbox, as in the command */
	IMAP_LIST,    /* UIDs, sizes and flags of the messages of a set */
	IMAP_FIND,    /* which of the messages up to a UID there are (RFC 4731) */
	IMAP_COMPRESS, /* RFC 4978: nothing may be sent until it is answered; after its OK both directions are compressed */
	IMAP_HEADER,  /* of one UID; its bytes as IMAP_DATA */
	IMAP_TOP,     /* the same and the beginning of the body */
	IMAP_MESSAGE, /* whole */
	IMAP_REST,    /* a part of it; set: "from.count" */
	IMAP_PARTS,   /* parts of it; set: "BODY.PEEK[HEADER] BODY.PEEK[1]"; each begins with DATA_BEGIN or SECTION, which name it */
	IMAP_STRUCTURE, /* its BODYSTRUCTURE */
	IMAP_DELETE,  /* marks one UID as deleted */
	IMAP_EXPUNGE, /* removes the UIDs of a set (RFC 4315) */
	IMAP_EXPUNGE_ALL, /* removes all marked messages */
	IMAP_NOOP,
	IMAP_EXAMINE, /* as SELECT, and changes nothing; from then on the events EXPUNGED and STATUS come */
	IMAP_NOTIFY,  /* set: which events are reported (RFC 5465) */
	IMAP_IDLE,    /* RFC 2177: until imap_client_end_idle() */
	IMAP_FOLDERS, /* the mailboxes that match; set: a pattern as in the command; "": only the separator */
	IMAP_LOGOUT,
};

enum imap_what {
	IMAP_NEED,	 /* all input was read: more is needed */
	IMAP_REPLY,	 /* the end of a command; for HEADER, TOP and MESSAGE without data: ok is false then */
	IMAP_DONE,	 /* the end of a command whose data came */
	IMAP_CAN,	 /* one word of the capabilities, in text */
	IMAP_VALIDITY,	 /* UIDVALIDITY of the mailbox, in number */
	IMAP_EXISTS,	 /* messages in the mailbox, in number */
	IMAP_UIDNEXT,	 /* the UID that the next message will have, in number */
	IMAP_EXPUNGED,	 /* one message less */
	IMAP_STATUS,	 /* of a mailbox in text, as on the wire: its UIDNEXT in number, 0: not said */
	IMAP_MODSEQ,	 /* HIGHESTMODSEQ of the mailbox (RFC 7162), in size */
	IMAP_FOUND,	 /* the answer to FIND: a set, in text */
	IMAP_FOLDER,	 /* a mailbox in text; size: the byte between its levels, 0: none; ok: it can be selected */
	IMAP_LISTED,	 /* a message: number, size, is_deleted */
	IMAP_DATA_BEGIN, /* data of the message `number` follows, `size` bytes as the server counts them */
	IMAP_SECTION,	 /* of PARTS: the data of another part follows, which text names */
	IMAP_PARTS_OF,	 /* of STRUCTURE: of the message `number`, in text */
	IMAP_DATA,	 /* line ends converted to CRLF; a bare CR is kept */
	IMAP_DATA_END,	 /* the end of the data; ok is false if it must not be used */
	IMAP_GARBAGE,	 /* the connection is unusable; text says why */
};

struct imap_event {
	enum imap_what what;
	enum imap_command command; /* the command of the event */
	uint32_t number;	   /* its UID; see above */
	uint64_t size;
	bool ok, is_deleted;
	struct slice text; /* the text after OK, NO or BAD; the word; the data. Valid until the next call */
	struct slice raw;  /* IMAP_DATA: as the server sent it. Valid as long as the input */
};

enum imap_state { IMAP_AT_LINE, IMAP_IN_LITERAL, IMAP_IN_SKIP, IMAP_BROKEN };

struct imap_client {
	enum imap_state state;
	struct {
		enum imap_command command;
		uint32_t uid;
		bool has_data; /* its data was received */
	} pending[IMAP_PENDING_MAX]; /* a ring */
	size_t first, count;
	uint32_t next_tag;
	bool watches; /* EXAMINE was sent */
	struct line_reader lines;
	uint64_t literal_left;
	uint64_t literal_size; /* of the last event with data */
	bool is_cut; /* the last line was longer than IMAP_LINE_MAX */
	bool closed_early; /* a response ended after its data, without the requested UID */
	bool in_response; /* the next line continues a response with a literal */
	bool in_data;	  /* and has data for pending[owner] */
	size_t owner;
	bool after_cr;	  /* of the data */
	enum { NO_QUOTED, QUOTED_DATA, QUOTED_END } quoted; /* data has a body that was sent without a literal */
	bool gathers;	  /* the response is read as a whole */
	struct buf gathered; /* it, with CRLF between a line and its literal */
	struct buf line;  /* the line that is read word by word */
	size_t at;	  /* capabilities of it handed out so far */
	struct buf data;  /* of the last IMAP_DATA */
	struct buf out;	  /* bytes to send: send them, then buf_reset() */
};

void imap_client_init(struct imap_client *client);
void imap_client_clear(struct imap_client *client);
/* Queues a command. uid: for FIND, HEADER, TOP, MESSAGE, REST, DELETE; set: for SELECT, EXAMINE, NOTIFY, LIST, FOLDERS, EXPUNGE and REST; else ignored. Returns
 * false if IMAP_PENDING_MAX are pending. */
bool imap_client_send(struct imap_client *client, enum imap_command command, uint32_t uid,
    struct slice set);
/* Ends IDLE, which is then answered. */
void imap_client_end_idle(struct imap_client *client);
/* Returns the next event of the input and moves *input past the bytes read. Call until
 * IMAP_NEED. */
enum imap_what imap_client_next(struct imap_client *client, struct slice *input,
    struct imap_event *event);

#endif
