/*
 * A message made 7-bit, for a server that does not announce 8BITMIME (RFC 6152 section 3, RFC 2045 section 6).
 *
 * Parts with bytes above 127 are encoded (text/... quoted-printable, others base64), Content-Transfer-Encoding says so, raw
 * 8-bit text in headers becomes encoded words (RFC 2047) or extended parameters (RFC 2231). All else stays byte for byte:
 * boundaries, preambles, parts that are 7-bit already, and whatever is inside multipart/signed (RFC 1847 section 2.1).
 *
 * Done by two walks over the message where it lies, in bounded memory whatever its size. No I/O.
 */
#ifndef LANPOST_MAIL_SEVEN_BIT_H
#define LANPOST_MAIL_SEVEN_BIT_H

#include "mail/header.h"

enum seven_bit {
	SEVEN_BIT_NEEDLESS, /* nothing to do */
	SEVEN_BIT_NEEDED,
	SEVEN_BIT_UNSAFE, /* it cannot be done without breaking a signature or guessing what the message is */
};

/* What is to be done; for UNSAFE *why says what stands against it. */
enum seven_bit seven_bit_look(struct slice message, const char **why);

/* Takes the next bytes of the converted message; -1 ends the conversion. */
typedef int (*seven_bit_fn)(void *context, struct slice bytes);
/* Converts a message that seven_bit_look() found NEEDED. Returns -1 if fn did. Bytes above 127 are left where no standard has a
 * 7-bit form for them: in addresses, and in fields that are no text. */
int seven_bit_convert(struct slice message, seven_bit_fn fn, void *context);

/* Appends one field of a header with its 8-bit text encoded, or as it is where that cannot be done. charset: the message's,
 * which raw text is first taken for. */
void seven_bit_field(const struct header_field *field, struct slice charset, struct buf *out);
bool seven_bit_is(struct slice bytes); /* no byte above 127 */

#endif
