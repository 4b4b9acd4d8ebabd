/*
 * Composes the messages of lanpost itself from typed fields: bounces, reports, automatic replies, stubs, test messages.
 *
 * The caller supplies the content and never writes a header or a boundary: the content of a name, subject or value
 * cannot leave its field, and a text cannot leave its part. Lines end in CRLF and have at most 998 bytes (RFC 5322
 * section 2.1.1), except in a message that is forwarded unchanged. Text is UTF-8 in 8 bits; seven_bit.h converts it for
 * servers that accept only 7 bits. No I/O.
 */
#ifndef LANPOST_MESSAGE_COMPOSE_H
#define LANPOST_MESSAGE_COMPOSE_H

#include "base/err.h"
#include "message/addr.h"
#include "message/msgid.h"

#define COMPOSE_PARTS_MAX 3

/* Tells other programs what the message is, so that none answers an automatic message (RFC 3834). */
enum compose_kind {
	COMPOSE_PERSONAL,   /* a message as from a mail program; also a stub, since its author is a person */
	COMPOSE_REPORT,	    /* not requested */
	COMPOSE_ANSWER,	    /* requested */
	COMPOSE_AUTO_REPLY, /* of a rule */
	COMPOSE_BOUNCE,	    /* a delivery status notification (RFC 3464): its parts are a text, COMPOSE_STATUS, and the original */
};

enum compose_type {
	COMPOSE_TEXT,	 /* UTF-8 with \n line ends, as in the next field */
	COMPOSE_HTML,
	COMPOSE_STATUS,	 /* message/delivery-status: fields by compose_field() */
	COMPOSE_MESSAGE, /* a message with CRLF line ends, unchanged */
	COMPOSE_HEADER,	 /* the header of one */
};

struct compose_part {
	enum compose_type type;
	struct slice content;
};

/* All memory is borrowed; NULL or empty values add no field. */
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
	struct slice answers; /* the Message-ID of the answered message; an invalid one adds no field */
	const char *extra_name, *extra_value; /* one more field */
	struct compose_part parts[COMPOSE_PARTS_MAX]; /* several parts need an id: it is also the boundary */
	size_t part_count;
};

/* Appends the message. Fails if it exceeds the limit of out. */
int compose_message(const struct compose *message, struct buf *out, struct error *error);
/* Appends one field; a control character in the value becomes a blank. */
void compose_field(struct buf *out, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
