/*
 * Friends that are learned: whom a user has written to by the LAN server is one for `[senders] friends`.
 */
#ifndef LANPOST_MAIL_FILTER_FRIENDS_H
#define LANPOST_MAIL_FILTER_FRIENDS_H

#include "config/conf.h"
#include "spool/envelope.h"
#include "spool/storage/storage.h"

/* Notes the external recipients of a message that is about to be accepted from a client: as friends of its submitter, and of the mailbox that its
 * sender's address belongs to (which may be a shared one). Not for automatic messages. */
void friends_learn(const struct conf *conf, struct intake *intake, const struct envelope *envelope);
/* When the owner of a mailbox has last written to an address; 0: not within `[senders] friends`. */
int64_t friends_since(const struct conf *conf, struct state *state, const char *mailbox, const char *address);
/* Forgets those who are friends no longer. */
void friends_expire(const struct conf *conf, struct state *state);

#endif
