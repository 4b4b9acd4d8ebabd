/*
 * Converts a message to 7 bits, for a server that does not announce 8BITMIME (RFC 6152 section 3, RFC 2045 section 6).
 *
 * Parts with bytes above 127 are encoded (text/... quoted-printable, others base64), Content-Transfer-Encoding is changed
 * accordingly, raw 8-bit text in headers becomes encoded words (RFC 2047) or extended parameters (RFC 2231). Bytes above
 * 127 in a quoted-printable part become =XX, and in the text around parts, which is never shown, '?'. Everything else is
 * not changed: boundaries, parts that are already 7-bit, the content of multipart/signed (RFC 1847 section 2.1), and parts
 * of unknown meaning.
 *
 * Two walks over the message, in bounded memory for any size. No I/O.
 */
#ifndef LANPOST_MESSAGE_SEVEN_BIT_H
#define LANPOST_MESSAGE_SEVEN_BIT_H

#include "message/header.h"

enum seven_bit {
	SEVEN_BIT_NEEDLESS, /* nothing to do */
	SEVEN_BIT_NEEDED,
	SEVEN_BIT_PARTLY, /* some parts stay at 8 bits: a change would break a signature, or be a guess */
	SEVEN_BIT_UNSAFE, /* the same, and no other part needs a change */
};

/* Decides what must be done; for PARTLY and UNSAFE *why is the reason against it, else "". */
enum seven_bit seven_bit_look(struct slice message, const char **why);

/* Receives the next bytes of the converted message; -1 ends the conversion. */
typedef int (*seven_bit_fn)(void *context, struct slice bytes);
/* Converts a message that seven_bit_look() found NEEDED or PARTLY, which is the verdict. Returns -1 if fn did. Bytes above
 * 127 are kept where no standard has a 7-bit form: in addresses, and in fields that are not text. */
int seven_bit_convert(struct slice message, enum seven_bit verdict, seven_bit_fn fn, void *context);

/* Appends one field of a header with its 8-bit text encoded, or unchanged if that is not possible. charset: the
 * message's, tried first for raw text. */
void seven_bit_field(const struct header_field *field, struct slice charset, struct buf *out);

#endif
