/*
 * The values of FETCH ENVELOPE, BODY and BODYSTRUCTURE for a message (RFC 9051 section 7.5.2).
 *
 * Texts are those of the message, not decoded; all output is bounded by the buffer's limit (its overflow flag is set then).
 */
#ifndef LANPOST_MESSAGE_IMAP_ENVELOPE_H
#define LANPOST_MESSAGE_IMAP_ENVELOPE_H

#include "message/imap/imap_part.h"

/* Appends the parenthesized list of ENVELOPE for this header. */
void imap_envelope(struct slice header, struct buf *out);
/* Appends the parenthesized list of BODYSTRUCTURE, or of BODY (without extension data). */
void imap_structure(const struct imap_tree *tree, bool extended, struct buf *out);

#endif
