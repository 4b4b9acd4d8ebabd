/*
 * The header lines of a verdict: X-Virus-Status, X-Attachment-Status, X-Spam-Score, X-Spam-Flag, and the whole verdict for the replay of rules. They are put on
 * top of the message, so that a signature (DKIM) of its own fields stays valid; foreign fields of the same names are removed.
 */
#ifndef LANPOST_MAIL_FILTER_HEADER_H
#define LANPOST_MAIL_FILTER_HEADER_H

#include "message/scan/scan_verdict.h"
#include "spool/envelope.h"

#define FILTER_ATTACHMENT_FIELD "X-Attachment-Status"

/* Whether only our scanners may write a field of this name; verdict: NULL for any. */
bool filter_header_is_ours(struct slice name, const struct scan_verdict *verdict);
/* Adds the lines to the envelope. is_spam: for X-Spam-Flag. */
void filter_header_add(const struct scan_verdict *verdict, bool is_spam, struct envelope *envelope);
/* The parts of the message without foreign fields, in new memory; the number of parts, 0: there are none, and the message stays as it is. The
 * places of an insertion and of cuts are moved with their bytes. */
size_t filter_header_clean(struct slice message, const struct scan_verdict *verdict, struct envelope *envelope, struct slice **parts);

#endif
