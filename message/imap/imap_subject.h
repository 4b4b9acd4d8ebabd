/*
 * The base subject of a message (RFC 5256 section 2.1): without "Re:", "Fwd:" and the like, for SORT and THREAD.
 */
#ifndef LANPOST_MESSAGE_IMAP_SUBJECT_H
#define LANPOST_MESSAGE_IMAP_SUBJECT_H

#include "base/buf.h"

/* Appends the base subject of a decoded subject, folded for comparison. Returns whether it is one of a reply or a forward. */
bool imap_subject_base(struct slice subject, struct buf *out);

#endif
