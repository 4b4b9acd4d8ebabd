/*
 * `attachments = strip`: the message is delivered without its forbidden attachments. A text in their place says what was there, and the number of the
 * whole message in the quarantine.
 */
#ifndef LANPOST_MAIL_FILTER_STRIP_H
#define LANPOST_MAIL_FILTER_STRIP_H

#include "config/conf.h"
#include "message/scan/scan_verdict.h"
#include "spool/envelope.h"

/* Adds the cuts to the envelope, and the quarantine to its places; why: a phrase. Both are one record of the log, so there is no message without the
 * other. Returns false, with nothing changed, if the verdict has no cuts. */
bool filter_strip(const struct conf *conf, const struct scan_verdict *verdict, const char *why, struct envelope *envelope);

#endif
