/*
 * The intake: how a message enters the spool, and how one leaves it. The proof is in QUEUE.md.
 *
 * Each process opens one intake; its threads share it. A message is accepted when intake_accept() returns 0
 * (or when intake_commit() has covered its intake_append()): then it is durable, survives anything, and is delivered
 * to its places. A background thread makes deliveries durable and retires the log.
 */
#ifndef LANPOST_SPOOL_INTAKE_H
#define LANPOST_SPOOL_INTAKE_H

#include "spool/event.h"
#include "spool/body.h"
#include "spool/envelope.h"
#include "spool/log/record.h"
#include "spool/state/state.h"

struct intake;

struct intake_options {
	const struct spool *spool; /* borrowed; must outlive the intake */
	const char *hostname; /* for file names; copied */
	const char *writer;   /* "lan", "session", ...: in the segments' names; a literal */
	struct state *state;  /* borrowed; must outlive the intake */
	int64_t checkpoint_ms; /* work gathers for this long before a checkpoint; 0: a second */
	/* Called after something was delivered, from the delivering thread; may be NULL. */
	void (*delivered)(void *context, const struct place *place);
	void *context;
};

/* Waits for a dying process of the same writer name to be gone, recovers what dead processes left, then begins a segment and the checkpoint thread. *recovered (may be NULL): messages that
 * were delivered again in some place. */
int intake_open(struct intake **intake, const struct intake_options *options, size_t *recovered,
    struct error *error);
/* Last checkpoint, then free. */
int intake_close(struct intake *intake, struct error *error);

/* Accepts one message and delivers it. The body must be finished. The intake takes *envelope and *body over (they are
 * reset to empty in either case; on failure a body's file is removed). Both may be NULL when there are only facts. */
int intake_accept(struct intake *intake, struct envelope *envelope, struct body *body,
    const struct fact *facts, size_t fact_count, struct error *error);

/* The same for a message that we have written ourselves. The text is borrowed. */
int intake_accept_text(struct intake *intake, struct envelope *envelope, struct slice text,
    const struct fact *facts, size_t fact_count, struct error *error);

/* The same in two steps, for batches: gather many, then commit once for all of them. A batch takes
 * *envelope and *body over (they are reset to empty); it holds them in memory until the commit, so commit every few
 * megabytes. A batch belongs to one thread. */
struct intake_batch;
struct intake_batch *intake_batch_new(struct intake *intake);
void intake_batch_append(struct intake_batch *batch, struct envelope *envelope, struct body *body,
    const struct fact *facts, size_t fact_count);
size_t intake_batch_count(const struct intake_batch *batch);
/* On failure nothing of the batch is accepted. The batch is empty afterwards in either case. */
int intake_batch_commit(struct intake_batch *batch, struct error *error);
void intake_batch_free(struct intake_batch *batch);

/* For who fetches or sends: -1 if the log of the processes before could not be gone through when the intake was opened, so that it is
 * not known what they have fetched and sent. It is tried again in the background. */
int intake_check_known(struct intake *intake, struct error *error);

/* Facts are acted upon by the intake itself as soon as they are durable: files unlinked, queue entries settled
 * or removed, triggers dropped. */

/* Whether a queue entry is there as if it had never been sent, since the disk did not let us change it: the outcome is in
 * the log, so it must not be sent now. */
bool intake_is_unsettled(struct intake *intake, const struct msgid *id);

/* Takes messages out of a mailbox: durable in the log, then unlinked (POP3 QUIT, purge). */
int intake_remove(struct intake *intake, const char *user, const char *const *uniques, size_t count,
    struct error *error);

/* From now on the journal says of what is sent, refused and removed through this intake that it was in that session: a literal, or
 * what outlives the intake. Before other threads use it. */
void intake_set_session(struct intake *intake, const char *session);

/* Adds to the journal at the next checkpoint. detail is a phrase or a plain text. All strings are copied; NULL counts as "". */
void intake_journal(struct intake *intake, const char *id, const char *session, enum event event,
    const char *place, const char *detail);
/* Writes what waits for the next checkpoint (the journal, the UIDLs seen) to the state now, in one transaction; on failure it waits on. */
int intake_write_notes(struct intake *intake, struct error *error);
/* Remembers, at the next checkpoint or within a minute, that a user has logged in now (spool/state/last_login.h). */
void intake_login(struct intake *intake, const char *user, const char *protocol, const char *address);
/* A value of the state: why mail could not be accepted when the disk failed; the one that reports to postmaster empties it. */
#define INTAKE_TROUBLE "log-trouble"

/* True if the spool has room for this many more bytes (with a reserve): ask before taking a message in. */
bool intake_has_room(struct intake *intake, uint64_t bytes);

#endif
