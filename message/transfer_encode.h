/*
 * Content transfer encodings (RFC 2045 sections 6.7 and 6.8), piece by piece.
 *
 * A bare LF counts as CRLF, as it is sent in SMTP; a bare CR is an ordinary byte and is kept. No line is longer than 76
 * characters, is a single dot or ends in white space, and no continuation line begins with "-": so no line becomes a
 * boundary.
 */
#ifndef LANPOST_MESSAGE_TRANSFER_ENCODE_H
#define LANPOST_MESSAGE_TRANSFER_ENCODE_H

#include "message/dot.h"

#define TRANSFER_GROUP 57 /* bytes of a line of base64 */

enum transfer_encoding { TRANSFER_QUOTED_PRINTABLE, TRANSFER_BASE64 };

struct transfer_encoder {
	enum transfer_encoding encoding;
	struct dot_writer lines;
	char held;     /* for quoted-printable: a blank or CR that may end the line; NUL: none */
	size_t column; /* of the line being written */
	char group[TRANSFER_GROUP];
	size_t grouped, groups;
};

void transfer_encoder_init(struct transfer_encoder *encoder, enum transfer_encoding encoding);
/* Appends the encoded bytes; at most seven times as many plus a line. Returns -1 past the limit of out. */
int transfer_encode(struct transfer_encoder *encoder, struct slice bytes, struct buf *out);
/* Appends the rest, without a final line end: the one before a boundary belongs to the boundary. */
int transfer_encode_end(struct transfer_encoder *encoder, struct buf *out);

#endif
