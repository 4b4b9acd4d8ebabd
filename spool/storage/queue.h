/*
 * Outgoing mail that waits for a session. An entry is a message (with its LAN addresses; rewriting is done while sending) and its
 * envelope, in one of the states. The result of a recipient goes to the intake as a fact, and the intake settles the entry.
 */
#ifndef LANPOST_SPOOL_QUEUE_H
#define LANPOST_SPOOL_QUEUE_H

#include "spool/envelope.h"
#include "spool/queue_state.h"
#include "spool/spool.h"

#define QUEUE_ALL ((1u << QUEUE_STATES) - 1) /* a bit for each */

struct queue_item {
	enum queue_state state;
	struct msgid id;
};
struct queue_items {
	struct queue_item *items; /* oldest first */
	size_t count;
};

/* All entries of the states in the bit mask (1 << QUEUE_ACTIVE ...). */
int queue_list(const struct spool *spool, unsigned states, struct queue_items *items, struct error *error);
void queue_items_clear(struct queue_items *items);
/* Finds the state of an entry. Returns 1, 0 if there is no such entry, -1 if it cannot be determined now. */
int queue_find(const struct spool *spool, const struct msgid *id, enum queue_state *state, struct error *error);
/* Maps the bytes of the message of an entry: end it with fsx_unmap(). -1 if it is nowhere (error->saved_errno is ENOENT) or cannot be
 * looked at now. */
int queue_message(const struct spool *spool, const struct queue_item *item, struct slice *bytes, struct error *error);
/* How many entries wait to be sent, counted up to `most` (0: all of them), and since when the oldest of those has waited. */
int64_t queue_waiting(const struct spool *spool, int64_t most, int64_t *oldest);
/* A caller that reads an envelope to rewrite it, or needs all entries to stay in place, must hold this lock. Returns the
 * descriptor that holds it, or -1. */
int queue_lock(const struct spool *spool, struct error *error);
/* Who sends a message, or withdraws it, holds this lock of it: it is read, sent and settled, or withdrawn, but not both. waits: for the one who
 * has it, some seconds. Returns a descriptor that holds it, or -1 (ERROR_TEMPORARY: another has it; error->saved_errno ENOENT: it is gone). */
int queue_claim(const struct spool *spool, const struct queue_item *item, bool waits, struct error *error);
/* Reads the envelope. One that is damaged is moved to corrupt/ (with its message) and -1 is returned. */
int queue_read(const struct spool *spool, const struct queue_item *item, struct envelope *envelope,
    struct error *error);

/* Rewrites the envelope durably and moves the entry to that state. An entry that was moved since it was read stays
 * there; one that is gone is ignored. */
int queue_update(const struct spool *spool, struct queue_item *item, const struct envelope *envelope,
    enum queue_state state, struct error *error);
/* Moves an entry that is in one of the states of the bit mask `from`, due at once. A held entry keeps its time; a released
 * one gets its old state: a deferred one is deferred to that time, which is stored in *next (0: the next session). Returns
 * 1, 0 if there is no such entry, -1 on error. */
int queue_shift(const struct spool *spool, const struct msgid *id, unsigned from, enum queue_state state, int64_t *next,
    struct error *error);
int queue_remove(const struct spool *spool, const struct queue_item *item, struct error *error);

#endif
