/*
 * A message made 7-bit, for a server that does not announce 8BITMIME (RFC 6152 section 3, RFC 2045 section 6).
 *
 * Parts with bytes above 127 are encoded (text/... quoted-printable, others base64), Content-Transfer-Encoding says so, raw
 * 8-bit text in headers becomes encoded words (RFC 2047) or extended parameters (RFC 2231). Bytes above 127 in a quoted-printable part
 * become =XX, and in the text around parts, which nobody is shown, '?'. All else stays byte for byte: boundaries, parts that are 7-bit
 * already, whatever is inside multipart/signed (RFC 1847 section 2.1), and parts of which nobody can tell what they are.
 *
 * Done by two walks over the message where it is, in bounded memory whatever its size. No I/O.
 */
#ifndef LANPOST_MESSAGE_SEVEN_BIT_H
#define LANPOST_MESSAGE_SEVEN_BIT_H

#include "message/header.h"

enum seven_bit {
	SEVEN_BIT_NEEDLESS, /* nothing to do */
	SEVEN_BIT_NEEDED,
	SEVEN_BIT_PARTLY, /* some of it stays: that would break a signature, or be a guess at what the message is */
	SEVEN_BIT_UNSAFE, /* the same, and there is nothing else to do */
};

/* What is to be done; for PARTLY and UNSAFE *why says what is against it, else it is "". */
enum seven_bit seven_bit_look(struct slice message, const char **why);

/* Takes the next bytes of the converted message; -1 ends the conversion. */
typedef int (*seven_bit_fn)(void *context, struct slice bytes);
/* Converts a message that seven_bit_look() found NEEDED or PARTLY, which is the verdict. Returns -1 if fn did. Bytes above 127 are left
 * where no standard has a 7-bit form for them: in addresses, and in fields that are no text. */
int seven_bit_convert(struct slice message, enum seven_bit verdict, seven_bit_fn fn, void *context);

/* Appends one field of a header with its 8-bit text encoded, or as it is where that cannot be done. charset: the message's,
 * which raw text is first taken for. */
void seven_bit_field(const struct header_field *field, struct slice charset, struct buf *out);

#endif
