/*
 * Names of mailboxes in modified UTF-7 (RFC 3501 section 5.1.3), as IMAP has them on the wire without UTF8=ACCEPT, and Maildir++ on disk.
 */
#ifndef LANPOST_MESSAGE_IMAP_UTF7_H
#define LANPOST_MESSAGE_IMAP_UTF7_H

#include "base/buf.h"

/* Appends the name, which must be valid UTF-8, in modified UTF-7. Characters of `also` (ASCII, may be "") are encoded as if they were not
 * ASCII: "." is "&AC4-". Returns -1 if it is not valid UTF-8 or out is full. */
int imap_utf7_encode(struct slice name, const char *also, struct buf *out);
/* Appends the name as UTF-8. Strict: returns -1 for what no encoder writes (8-bit bytes, control bytes, an encoded printable ASCII character
 * that is not in `also`, unpaired surrogates, bits left over, two shifts side by side), so that each name has one form. */
int imap_utf7_decode(struct slice text, const char *also, struct buf *out);

#endif
