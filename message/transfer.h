/*
 * Decodes content transfer encodings (RFC 2045 sections 6.7 and 6.8), tolerating errors that
 * occur in mail.
 */
#ifndef LANPOST_MESSAGE_TRANSFER_H
#define LANPOST_MESSAGE_TRANSFER_H

#include "base/buf.h"

/* Skips characters that are not base64; padding is not required. Returns -1 when out is full; it
 * then has the beginning of the data. */
int transfer_base64(struct slice text, struct buf *out);
/* An invalid escape stays unchanged. Returns as above. */
int transfer_quoted_printable(struct slice text, struct buf *out);

/* The byte that the mark and two hex digits at text[at] represent, -1 if they are not there. */
int transfer_hex_byte(struct slice text, size_t at, char mark);

#endif
