/*
 * The values of FETCH ENVELOPE, BODY and BODYSTRUCTURE for a message (RFC 9051 section 7.5.2).
 *
 * Texts are those of the message, not decoded. Output is bounded, so that no message keeps a client from the others in its mailbox: when
 * the buffer has more than IMAP_STRUCTURE_MAX, the rest of the fields and lists is left out, and parts are described in the shortest form.
 */
#ifndef LANPOST_MESSAGE_IMAP_ENVELOPE_H
#define LANPOST_MESSAGE_IMAP_ENVELOPE_H

#include "message/imap/imap_part.h"

#define IMAP_STRUCTURE_MAX (4u << 20)

/* Appends the parenthesized list of ENVELOPE for this header. */
void imap_envelope(struct slice header, struct buf *out);
/* Appends the parenthesized list of BODYSTRUCTURE, or of BODY (without extension data). */
void imap_structure(const struct imap_tree *tree, bool extended, struct buf *out);

#endif
