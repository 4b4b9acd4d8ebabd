/*
 * What the journal of a message says of the scanners' verdict.
 */
#ifndef LANPOST_MAIL_FILTER_NOTE_H
#define LANPOST_MAIL_FILTER_NOTE_H

#include "message/scan/scan_verdict.h"
#include "spool/storage/storage.h"

/* Notes what was found in message id, or why not all have looked who should. mailbox: where it was scanned later; "": it has just come. */
void filter_note(struct intake *intake, const char *id, const char *session, const char *mailbox, const struct scan_verdict *verdict);

#endif
