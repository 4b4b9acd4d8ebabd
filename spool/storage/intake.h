/*
 * The intake: accepts messages into the spool and removes them. QUEUE.md has the proof.
 *
 * Each process opens one intake; its threads share it. A message is accepted when intake_accept() returns 0 (or
 * intake_commit() after its intake_append()): then it is durable, and will be in all its places. Threads deliver it right after
 * that; a reader waits for them (intake_await()). A background thread makes deliveries durable and retires the log.
 */
#ifndef LANPOST_SPOOL_INTAKE_H
#define LANPOST_SPOOL_INTAKE_H

#include "spool/event.h"
#include "spool/body.h"
#include "spool/envelope.h"
#include "spool/fact.h"
#include "spool/storage/state.h"

struct intake;

struct intake_options {
	const struct spool *spool; /* borrowed; must outlive the intake */
	const char *hostname; /* for file names; copied */
	const char *writer;   /* "lan", "session", ...: in the segments' names; a literal */
	struct state *state;  /* borrowed; must outlive the intake */
	size_t reuse_after; /* this many records make a segment worth reusing; 0: the number of a busy second */
	bool delivers_late; /* no threads deliver, only callers that wait: so that a test knows when */
	int64_t checkpoint_ms; /* delay before a checkpoint, to collect work; 0: one second */
	/* Called after a delivery, by the delivering thread; may be NULL. */
	void (*delivered)(void *context, const struct envelope *envelope, const struct place *place);
	void *context;
};

/* Waits until a dying process of the same writer name is gone, recovers the segments of dead processes, then begins a
 * segment and starts the checkpoint thread. *recovered (may be NULL): messages that were delivered again to some place. */
int intake_open(struct intake **intake, const struct intake_options *options, size_t *recovered,
    struct error *error);
/* Makes a last checkpoint, then frees the intake. */
int intake_close(struct intake *intake, struct error *error);

/* Accepts one message, to be delivered right after. With facts, it is delivered and they are applied when this returns. The body must be finished. The intake takes ownership of *envelope and
 * *body (they are empty afterwards in any case; on failure the body's file is removed). Both may be NULL if there
 * are only facts. */
int intake_accept(struct intake *intake, struct envelope *envelope, struct body *body,
    const struct fact *facts, size_t fact_count, struct error *error);

/* The same for a message that the gateway has written. The text is borrowed. */
int intake_accept_text(struct intake *intake, struct envelope *envelope, struct slice text,
    const struct fact *facts, size_t fact_count, struct error *error);

/* The same in two steps, for batches: append many messages, then commit once. A batch takes ownership of
 * *envelope and *body (they are empty afterwards) and keeps them in memory until the commit, so the caller
 * commits every few megabytes. A batch belongs to one thread. */
struct intake_batch;
struct intake_batch *intake_batch_new(struct intake *intake);
void intake_batch_append(struct intake_batch *batch, struct envelope *envelope, struct body *body,
    const struct fact *facts, size_t fact_count);
/* On failure no message of the batch is accepted. The batch is empty afterwards in any case. */
int intake_batch_commit(struct intake_batch *batch, struct error *error);
void intake_batch_free(struct intake_batch *batch);

/* Waits until all messages that were accepted before this call are in the mailbox of that user; NULL: in all their places, such as the
 * queue, the daemon's triggers and the replies due. A place whose delivery fails is not waited for. mailbox_list(), folder_names(), folder_open(),
 * folder_refresh() and queue_list() call it for a spool with an open intake. Not for what a delivery itself calls. */
void intake_await(struct intake *intake, const char *user);
/* Waits until no process has messages to deliver, at most half a second: for a command or session that wants to see what was acknowledged
 * to clients of other processes before it began. */
void intake_await_others(const struct spool *spool);

/* For fetching and sending: returns -1 if the log of earlier processes could not be recovered when the intake was opened,
 * so that it is not known what they have fetched and sent. Recovery is retried in the background. */
int intake_check_known(struct intake *intake, struct error *error);

/* The intake applies facts as soon as they are durable: files are unlinked, queue entries settled or
 * removed, triggers dropped. */

/* Whether a queue entry looks unsent because the disk prevented its change: the outcome is in the log, so it must not
 * be sent now. */
bool intake_is_unsettled(struct intake *intake, const struct msgid *id);

/* Removes messages from a mailbox: durable in the log, then unlinked (POP3 QUIT, purge). */
int intake_remove(struct intake *intake, const char *mailbox, const char *const *uniques, size_t count,
    struct error *error);

/* Changes messages that are in mailboxes (FACT_REMOVE, FACT_FLAGS, FACT_MOVE, FACT_COPY): durable in the log when this returns 0. In between,
 * this thread calls apply with the facts in their order, perhaps in pieces, to change the files, which the caller knows how to find; if it
 * returns -1, recovery does it later. The facts are all in one record if they are not more than some thousands. */
typedef int (*intake_apply_fn)(void *context, const struct fact *facts, size_t count, struct error *error);
int intake_change(struct intake *intake, const struct fact *facts, size_t count, intake_apply_fn apply, void *context,
    struct error *error);
/* Before FACT_MOVE and FACT_COPY: makes all files in mailboxes durable, so that no recovery must write them again. -1 if that cannot be
 * relied on now. */
int intake_settle(struct intake *intake, struct error *error);
/* Whether changes of intake_change() wait for recovery, because the disk has refused them: a file may be where it was. */
bool intake_has_changes_left(struct intake *intake);
/* The host in the names of files. */
const char *intake_hostname(const struct intake *intake);

/* Sets the session that the journal records for everything sent, refused and removed through this intake; the string must
 * outlive the intake. Called before other threads use it. */
void intake_set_session(struct intake *intake, const char *session);

/* Adds an event to the journal at the next checkpoint. detail is a phrase or a plain text. All strings are copied; NULL
 * counts as "". */
void intake_journal(struct intake *intake, const char *id, const char *session, enum event event,
    const char *place, const char *detail);
/* Writes the data for the next checkpoint (the journal, the seen UIDLs) to the state now, in one transaction; on failure
 * it stays for the next one. */
int intake_write_notes(struct intake *intake, struct error *error);
/* Records, at the next checkpoint or within a minute, that a user has logged in now (spool/storage/last_login.h). */
void intake_login(struct intake *intake, const char *user, const char *protocol, const char *address);

/* Records, at the next checkpoint, that an address has been written to from this mailbox (spool/storage/state_friends.h). */
void intake_befriend(struct intake *intake, const char *mailbox, const char *address);

/* True if the spool has room for this many more bytes (with a reserve): checked before a message is
 * accepted. */
bool intake_has_room(struct intake *intake, uint64_t bytes);

#endif
