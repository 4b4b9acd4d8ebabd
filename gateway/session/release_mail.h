/*
 * Releases messages from the quarantine for a user who has asked for it by mail (mail/filter/release_request.h).
 */
#ifndef LANPOST_GATEWAY_RELEASE_MAIL_H
#define LANPOST_GATEWAY_RELEASE_MAIL_H

#include "base/buf.h"
#include "gateway/report/report.h"

/* Releases those that are for the user, if `user_release` allows it; appends what became of each number, in the thread's language. A request that
 * is repeated finds nothing any more. */
void release_mail(const struct reporter *reporter, struct slice user, struct slice numbers, struct buf *out);

#endif
