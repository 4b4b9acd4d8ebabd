/*
 * Content transfer encodings put on (RFC 2045 sections 6.7 and 6.8), a piece at a time.
 *
 * A bare LF counts as CRLF, as it goes out in SMTP; a bare CR is a byte like others, and comes through. No line is longer than 76 characters, none is a lone dot, none ends in white space, and none that was broken begins with "-": so none
 * can pass for a boundary that was none before.
 */
#ifndef LANPOST_MESSAGE_TRANSFER_ENCODE_H
#define LANPOST_MESSAGE_TRANSFER_ENCODE_H

#include "message/dot.h"

#define TRANSFER_GROUP 57 /* bytes of a line of base64 */

enum transfer_encoding { TRANSFER_QUOTED_PRINTABLE, TRANSFER_BASE64 };

struct transfer_encoder {
	enum transfer_encoding encoding;
	struct dot_writer lines;
	char held;     /* of quoted-printable: a blank or CR whose line may end behind it; NUL: none */
	size_t column; /* of the line being written */
	char group[TRANSFER_GROUP];
	size_t grouped, groups;
};

void transfer_encoder_init(struct transfer_encoder *encoder, enum transfer_encoding encoding);
/* Appends what is ready; at most seven times as many bytes plus a line. Returns -1 past the limit of out. */
int transfer_encode(struct transfer_encoder *encoder, struct slice bytes, struct buf *out);
/* The rest, without a line end of its own: the one before a boundary belongs to the boundary. */
int transfer_encode_end(struct transfer_encoder *encoder, struct buf *out);

#endif
