/*
 * First copies: which places have a message, and through which account it came, by the identity that its copies in other mailboxes upstream share (`duplicates = drop`).
 *
 * The rows are made from the record of the message, with its journal: QUEUE.md, "The same message".
 */
#ifndef LANPOST_SPOOL_STATE_FIRST_COPY_H
#define LANPOST_SPOOL_STATE_FIRST_COPY_H

#include "spool/storage/state.h"

#define STATE_FIRST_COPIES_MAX 100000 /* those that came last */

struct first_copy {
	const char *id, *account, *mailbox; /* as in the envelope */
	int64_t time;
};

/* identity: envelope.identity. place: envelope_place_text(). If the place has the message already, the older row stays. */
int state_first_copy_add(struct state *state, const char *identity, const char *place, const struct first_copy *copy, struct error *error);
/* Calls back with the row, if there is one; its texts are borrowed. Returns 1, 0 if there is none, -1 on error. */
typedef void (*state_first_copy_fn)(void *context, const struct first_copy *copy);
int state_first_copy_find(struct state *state, const char *identity, const char *place, state_first_copy_fn fn, void *context, struct error *error);
/* Forgets the rows before this time, and all but the last STATE_FIRST_COPIES_MAX. */
int state_first_copies_prune(struct state *state, int64_t before, struct error *error);

#endif
