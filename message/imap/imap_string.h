/*
 * Strings in the replies of IMAP (RFC 9051 section 4.3): quoted where that is possible, else literals.
 */
#ifndef LANPOST_MESSAGE_IMAP_STRING_H
#define LANPOST_MESSAGE_IMAP_STRING_H

#include "base/buf.h"

/* How long a quoted string may be: longer ones, and those with 8-bit or control bytes, are sent as literals. */
#define IMAP_QUOTED_MAX 1000

/* Appends "text", or {len} and the text. A NUL, which no literal may contain, becomes a question mark. */
void imap_append_string(struct buf *out, struct slice text);
/* "text" in quotes although it may contain UTF-8 (RFC 6855, RFC 9051): for clients that understand it. Control bytes become question marks. */
void imap_append_utf8(struct buf *out, struct slice text);
/* The announcement of a literal of this length: "{12}" and CRLF. */
void imap_append_literal_length(struct buf *out, uint64_t len);

#endif
