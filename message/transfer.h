/*
 * Content transfer encodings undone (RFC 2045 sections 6.7 and 6.8), forgiving what is met in mail.
 */
#ifndef LANPOST_MESSAGE_TRANSFER_H
#define LANPOST_MESSAGE_TRANSFER_H

#include "base/buf.h"

/* Passes over what is no base64 and does without padding. Returns -1 when out is full; what found
 * room is in it. */
int transfer_base64(struct slice text, struct buf *out);
/* A broken escape stays unchanged. The same return. */
int transfer_quoted_printable(struct slice text, struct buf *out);

/* The byte that the mark and two hex digits at text[at] represent, -1 if they are not. */
int transfer_hex_byte(struct slice text, size_t at, char mark);

#endif
