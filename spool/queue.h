/*
 * Outgoing mail that waits for a session: `<spool>/queue/{active,deferred,hold,corrupt}/`.
 *
 * An entry is `<id>.msg` (the message with its LAN addresses; rewriting is done while sending) and `<id>.env`
 * (envelope.h as text with a checksum in the last line). The folder of the .env is the state. Every change of a
 * recipient's state is in the log before it is here; QUEUE.md has the proof.
 */
#ifndef LANPOST_SPOOL_QUEUE_H
#define LANPOST_SPOOL_QUEUE_H

#include "spool/envelope.h"
#include "spool/layout.h"
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

int queue_make(const struct spool *spool, struct error *error); /* the folders */
/* All entries of the states in the bit mask (1 << QUEUE_ACTIVE ...). */
int queue_list(const struct spool *spool, unsigned states, struct queue_items *items, struct error *error);
void queue_items_clear(struct queue_items *items);
/* Finds the state of an entry. Returns 1, 0 if there is no such entry, -1 if it cannot be determined now. */
int queue_find(const struct spool *spool, const struct msgid *id, enum queue_state *state, struct error *error);
/* For recovery, for an entry that existed a moment ago: checks that its envelope is valid and its message has these bytes
 * on the disk; a message that does not, or any message if `anew` is set, is written again. *is is false if the entry is
 * unusable: then all its files are removed, since the log has everything. An entry that is gone meanwhile was handled, and
 * counts as valid. Returns -1 if it cannot be read or written; then nothing is removed. */
int queue_verify(const struct spool *spool, const struct msgid *id, const struct slice *parts, size_t count, bool anew, bool *stands,
    struct error *error);
/* A caller that reads an envelope to rewrite it, or needs all entries to stay in place, must hold this lock. Returns the
 * descriptor that holds it, or -1. */
int queue_lock(const struct spool *spool, struct error *error);
/* Reads the envelope. One that is damaged is moved to corrupt/ (with its message) and -1 is returned. */
int queue_read(const struct spool *spool, const struct queue_item *item, struct envelope *envelope,
    struct error *error);
/* Path of the message file, in any state. New memory. NULL if it does not exist (error->saved_errno is ENOENT) or cannot
 * be found now. */
char *queue_message_path(const struct spool *spool, const struct queue_item *item, struct error *error);

/* Creates an entry in active without sync (delivery from the log). The envelope has only the queue
 * places; the message is a link to source, or written from parts if source is NULL. */
int queue_deliver(const struct spool *spool, const struct envelope *envelope, const char *source,
    const struct slice *parts, size_t count, struct error *error);
/* Rewrites the envelope durably and moves the entry to that state. An entry that was moved since it was read stays
 * there; one that is gone is ignored. */
int queue_update(const struct spool *spool, struct queue_item *item, const struct envelope *envelope,
    enum queue_state state, struct error *error);
/* Moves an entry that is in one of the states of the bit mask `from`, due at once. A held entry keeps its time; a released
 * one gets its old state: a deferred one is deferred to that time, which is stored in *next (0: the next session). Returns
 * 1, 0 if there is no such entry, -1 on error. */
int queue_shift(const struct spool *spool, const struct msgid *id, unsigned from, enum queue_state state, int64_t *next,
    struct error *error);
/* What became of a recipient. */
struct queue_outcome {
	const char *recipient;
	enum place_status status;
	const char *reply;
};
/* Sets the outcomes from the log, in one write of the envelope; removes the entry when no recipient is pending. Does nothing without an
 * entry. */
int queue_settle(const struct spool *spool, const struct msgid *id, const struct queue_outcome *outcomes, size_t count,
    struct error *error);
int queue_remove(const struct spool *spool, const struct queue_item *item, struct error *error);
/* Stores unusable bytes in corrupt/, under a name made from `name`. */
int queue_set_aside(const struct spool *spool, const char *name, struct slice bytes, struct error *error);

#endif
