/*
 * Removal of old messages from a mailbox: `lanpost mailbox purge` and `expire` of a user.
 */
#ifndef LANPOST_MAIL_EXPIRE_H
#define LANPOST_MAIL_EXPIRE_H

#include "mail/intake.h"

struct expired {
	size_t messages;
	uint64_t bytes;
};

/* Removes what arrived before that time, whoever has put it there: durable in the log, then unlinked. */
int expire_mailbox(struct intake *intake, const char *spool, const char *user, int64_t before,
    struct expired *expired, struct error *error);

#endif
