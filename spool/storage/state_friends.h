/*
 * Friends: whom users have written to, by mailbox of the writer, with the last time. They are noted with the journal, at a checkpoint.
 */
#ifndef LANPOST_SPOOL_STATE_FRIENDS_H
#define LANPOST_SPOOL_STATE_FRIENDS_H

#include "spool/storage/state.h"

#define STATE_FRIENDS_MAX 5000 /* of one mailbox: those written to last */

/* Addresses compare without regard to case. The latest time counts. */
int state_friend_put(struct state *state, const char *mailbox, const char *address, int64_t time, struct error *error);
/* *time: when the address was last written to; 0: never, as far as is known. */
int state_friend_time(struct state *state, const char *mailbox, const char *address, int64_t *time, struct error *error);
/* 1: it was forgotten, 0: it was not known, -1: error. */
int state_friend_forget(struct state *state, const char *mailbox, const char *address, struct error *error);
/* Forgets those written to before this time, and of each mailbox all but the last STATE_FRIENDS_MAX. */
int state_friends_prune(struct state *state, int64_t before, struct error *error);

/* Calls back for each friend of the mailbox ("": of all mailboxes), by mailbox, the last one first. */
typedef void (*state_friend_fn)(void *context, const char *mailbox, const char *address, int64_t time);
int state_friends(struct state *state, const char *mailbox, state_friend_fn fn, void *context, struct error *error);

#endif
