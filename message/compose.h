/*
 * The messages that lanpost writes itself, out of typed fields: bounces, reports, automatic replies, stubs, test messages.
 *
 * The caller gives the content and never writes a header or a boundary: whatever a name, a subject or a value contains, it
 * stays within its field, and a text within its part. Lines end in CRLF and have at most 998 bytes (RFC 5322 section
 * 2.1.1), except those of a message that is passed on unchanged. Text is UTF-8 in 8 bits; a server that accepts 7 bits
 * only gets it through seven_bit.h. No I/O.
 */
#ifndef LANPOST_MESSAGE_COMPOSE_H
#define LANPOST_MESSAGE_COMPOSE_H

#include "base/err.h"
#include "message/addr.h"
#include "message/msgid.h"

#define COMPOSE_PARTS_MAX 3

/* What programs need to know of it, so that none answers a message that no person has written (RFC 3834). */
enum compose_kind {
	COMPOSE_PERSONAL,   /* as a mail program writes it; a stub, whose author is a person, as well */
	COMPOSE_REPORT,	    /* not requested */
	COMPOSE_ANSWER,	    /* requested */
	COMPOSE_AUTO_REPLY, /* of a rule */
	COMPOSE_BOUNCE,	    /* a delivery status notification (RFC 3464): its parts are a text, COMPOSE_STATUS, and the original */
};

enum compose_type {
	COMPOSE_TEXT,	 /* UTF-8 with \n line ends, as the next one */
	COMPOSE_HTML,
	COMPOSE_STATUS,	 /* message/delivery-status: fields by compose_field() */
	COMPOSE_MESSAGE, /* a message with CRLF line ends, unchanged */
	COMPOSE_HEADER,	 /* the header of one */
};

struct compose_part {
	enum compose_type type;
	struct slice content;
};

/* All is borrowed; what is NULL or empty gives no field. */
struct compose {
	enum compose_kind kind;
	struct slice original; /* the message that this one represents (a stub): author, recipients, date and id are its, and its subject; may be empty */
	const char *mark;      /* of a stub: printable ASCII that follows the subject of the original */
	const char *from_name; /* UTF-8 */
	const struct addr *from, *to, *reply_to;
	struct slice subject; /* UTF-8 */
	int64_t date;	      /* seconds since 1970 */
	const struct msgid *id;
	const char *host;     /* the right side of the Message-ID */
	struct slice answers; /* the Message-ID of the message that this one answers; one that is not valid gives no field */
	const char *extra_name, *extra_value; /* one field more */
	struct compose_part parts[COMPOSE_PARTS_MAX]; /* several parts need an id: it is the boundary as well */
	size_t part_count;
};

/* Appends the message. Fails if it is larger than out may be. */
int compose_message(const struct compose *message, struct buf *out, struct error *error);
/* Appends one field; a control character in the value becomes a blank. */
void compose_field(struct buf *out, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
