/*
 * Outgoing mail waiting for the line: `<spool>/queue/{active,deferred,hold,corrupt}/`.
 *
 * An entry is `<id>.msg` (the message with its LAN addresses; rewriting is done while sending) and
 * `<id>.env` (envelope.h as text with a checksum in the last line). The folder of the .env is the state. All changes
 * of the recipients' fate are in the log before they are here; QUEUE.md has the proof.
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
/* Finds the state in which an entry is: 1, or 0 if none exists, or -1 if that is not known now (what cannot be looked at
 * is not gone). */
int queue_find(const struct spool *spool, const struct msgid *id, enum queue_state *state, struct error *error);
/* For recovery, of an entry that stood there a moment ago: that its envelope is good and its message has these bytes on the disk; a
 * message that has not, or each one where `anew` is set, is written again. *is is false if it cannot be used: then all that
 * there is under this id is removed, for the log has it all. One that is gone meanwhile was dealt with, and counts as standing. -1 if
 * it cannot be looked at or written; then nothing is removed. */
int queue_verify(const struct spool *spool, const struct msgid *id, const struct slice *parts, size_t count, bool anew, bool *stands,
    struct error *error);
/* A caller that reads an envelope to write it again holds this lock, and who wants none to move. Returns the descriptor that holds
 * it, or -1. */
int queue_lock(const struct spool *spool, struct error *error);
/* Reads the envelope. One that is damaged is moved to corrupt/ (with its message) and -1 is returned. */
int queue_read(const struct spool *spool, const struct queue_item *item, struct envelope *envelope,
    struct error *error);
/* Path of the message file, wherever it is. New memory. NULL if it is nowhere (error->saved_errno is ENOENT) or cannot be looked
 * at now. */
char *queue_message_path(const struct spool *spool, const struct queue_item *item, struct error *error);

/* Puts an entry into active without sync (delivery from the log). The envelope's queue places are written;
 * the message comes by link from source, or from parts where source is NULL. */
int queue_deliver(const struct spool *spool, const struct envelope *envelope, const char *source,
    const struct slice *parts, size_t count, struct error *error);
/* Rewrites the envelope durably and moves the entry to that state. One that somebody else has moved since it was read
 * stays where it was moved to, one that is gone is left alone. */
int queue_update(const struct spool *spool, struct queue_item *item, const struct envelope *envelope,
    enum queue_state state, struct error *error);
/* Moves an entry that is in one of the states of the bit mask `from`, due at once. Where it is held its time stays with it, and
 * what is let go becomes what it was: a deferred one is deferred to that time, which *next gets (0: the next session). Returns 1, 0
 * if there is no such entry, -1 on error. */
int queue_shift(const struct spool *spool, const struct msgid *id, unsigned from, enum queue_state state, int64_t *next,
    struct error *error);
/* Sets recipients' fates as the log has them; removes the entry when none is pending. No entry: nothing to do. */
int queue_settle(const struct spool *spool, const struct msgid *id, const char *recipient,
    enum place_status status, const char *reply, struct error *error);
int queue_remove(const struct spool *spool, const struct queue_item *item, struct error *error);
/* Keeps bytes that cannot be used, in corrupt/, under a name made from `name`. */
int queue_set_aside(const struct spool *spool, const char *name, struct slice bytes, struct error *error);

#endif
