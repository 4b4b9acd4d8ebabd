/*
 * Line ends of a message from an IMAP server: a bare LF becomes CRLF.
 */
#ifndef LANPOST_UPSTREAM_LINE_ENDS_H
#define LANPOST_UPSTREAM_LINE_ENDS_H

#include "base/buf.h"

/* Appends the bytes. *after_cr: whether the bytes before ended with a CR; false at the beginning of a message. */
void line_ends_mend(bool *after_cr, struct slice bytes, struct buf *out);

#endif
