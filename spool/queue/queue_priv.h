/*
 * The queue as the rest of the engine sees it: what the log delivers, settles and repairs. An entry is `<id>.msg` and `<id>.env`
 * (envelope.h as text with a checksum in the last line) below `<spool>/queue/`; the folder of the .env is the state. All changes of
 * the recipients' fate are in the log before they are here; QUEUE.md has the proof.
 */
#ifndef LANPOST_SPOOL_QUEUE_PRIV_H
#define LANPOST_SPOOL_QUEUE_PRIV_H

#include "spool/storage/queue.h"

int queue_make(const struct spool *spool, struct error *error); /* the folders */
/* What the message of an entry must be. */
struct queue_proof {
	const struct slice *parts; /* its bytes, one part after the other; borrowed */
	size_t count;
	bool anew;     /* the files are not trusted: written again in any case */
	bool is_valid; /* the answer; false: the entry was unusable and all its files are removed, since the log has everything */
};
/* For recovery, for an entry that existed a moment ago: checks that its envelope is valid and its message has these bytes on
 * the disk; a message that does not is written again. An entry that is gone meanwhile was handled, and counts as valid.
 * Returns -1 if it cannot be read or written; then nothing is removed. */
int queue_verify(const struct spool *spool, const struct msgid *id, struct queue_proof *proof, struct error *error);
/* Path of the message file, in any state. New memory. NULL if it does not exist (error->saved_errno is ENOENT) or cannot
 * be found now. */
char *queue_message_path(const struct spool *spool, const struct queue_item *item, struct error *error);
/* Whether the error says that a file does not exist. */
bool queue_is_missing(const struct error *error);
/* Writes the envelope, and moves the entry to that state if it is another one. The lock of the queue is held. */
int queue_rewrite(const struct spool *spool, struct queue_item *item, const struct envelope *envelope, enum queue_state state,
    struct error *error);
/* Creates an entry in active without sync (delivery from the log). The envelope has only the queue
 * places; the message is a link to source, or written from parts if source is NULL. */
int queue_deliver(const struct spool *spool, const struct envelope *envelope, const char *source,
    const struct slice *parts, size_t count, struct error *error);
/* The outcome for a recipient. */
struct queue_outcome {
	const char *recipient;
	enum place_status status;
	const char *reply;
};
/* Sets the outcomes from the log, in one write of the envelope; removes the entry when no recipient is pending. Does nothing without an
 * entry. */
int queue_settle(const struct spool *spool, const struct msgid *id, const struct queue_outcome *outcomes, size_t count,
    struct error *error);
/* Stores unusable bytes in corrupt/, under a name made from `name`. */
int queue_set_aside(const struct spool *spool, const char *name, struct slice bytes, struct error *error);

#endif
