/*
 * Declarations that the files of the intake share: the struct, and the steps of QUEUE.md that
 * recovery and normal operation have in common.
 */
#ifndef LANPOST_SPOOL_INTAKE_PRIV_H
#define LANPOST_SPOOL_INTAKE_PRIV_H

#include "base/map.h"
#include "spool/log/backlog.h"
#include "spool/log/note.h"
#include "spool/log/segment.h"
#include "spool/log/wal.h"
#include "spool/storage/intake.h"

#include <pthread.h>
#include <stdatomic.h>

#define BLANKS_MAX 2
#define DELIVERIES_SIGN "deliveries.lock" /* in wal/: shows other processes that messages wait for delivery */

/* How far the deliveries of a segment without a living writer are trusted (QUEUE.md, "When the disk lies"). */
enum log_trust {
	LOG_STRANGE,  /* of a dead process: files are compared with the records */
	LOG_DURABLE,  /* delivered or compared by us, and synced since: only failed places are owed */
	LOG_DOUBTFUL, /* a sync failed since: everything is written again */
};
/* Why a place is owed in spite of LOG_DURABLE. */
enum debt {
	DEBT_NONE,
	DEBT_OWED,   /* it was not delivered */
	DEBT_UNSEEN, /* it could not be checked whether it exists */
	DEBT_PAID,
};
/* The outcome on record for one recipient of a queue entry. */
enum settlement { UNSETTLED = 1, SETTLED };

struct intake {
	const struct spool *spool;
	char *hostname;
	int64_t checkpoint_ms;
	size_t reuse_after;
	const char *writer, *session; /* "": of none */
	int writer_lock; /* one process per writer name: see intake_open() */
	struct state *state;
	void (*delivered)(void *context, const struct envelope *envelope, const struct place *place);
	void *context;

	/* read: facts of intake_change() are committed and applied; write: recovery applies some. Taken after the lock of a folder (whose
	 * files recovery does not lock), and before those below. */
	pthread_rwlock_t changing;
	pthread_mutex_t flushing; /* held while notes are written to the state; taken before lock */
	pthread_mutex_t lock; /* guards everything below; never held during a sync or a delivery */
	pthread_cond_t synced;	/* a sync, or the preparation of a segment, has ended */
	pthread_cond_t wake;	/* for the checkpoint thread */
	struct segment *current; /* NULL: the next append begins one */
	struct segment *prepared; /* empty, ready as the next segment; NULL: none */
	bool is_preparing;	  /* it is being created */
	struct segment *closed;
	struct backlog backlog;
	struct strlist voids; /* "<segment> <offset>" that must be in the next segment */
	struct note *notes, **notes_end;
	struct note *logins; /* the last login of each user, waiting for a checkpoint, or until logins_at */
	int64_t logins_at, logins_written; /* clock_now_ms() */
	bool dirty, stopping;
	bool in_trouble; /* the last commit failed, and it is recorded */
	bool owed; /* some segment waits for a retry */
	struct map unsettled; /* queue entries with an outcome on record that could not be changed or removed */
	struct map trust;     /* name of a segment that was released -> enum log_trust */
	struct map debts;     /* id, kind and name of a place -> enum debt */
	struct map change_debts; /* changes of files on record that could not be made: intake_change.c */
	int64_t doubted_until; /* clock_now_ms(): a sync has failed, see intake_settle() */
	_Atomic int64_t roomy_until; /* clock_now_ms() until which free space need not be checked */
	/* Used only by the checkpoint's thread: segments to reuse, and segments that must be blanked for that. */
	struct wal *blank[BLANKS_MAX], *withdrawn[BLANKS_MAX];
	size_t blank_count, withdrawn_count;
	int sync_fd;	      /* the file system, open since before our first write */
	bool is_blind;	      /* the log could not be recovered: see intake_check_known() */
	pthread_t checkpointer;
};

/* Makes everything written so far durable. On failure the deliveries of all our segments are no longer trusted. */
int intake_sync(struct intake *intake, struct error *error);
/* Applies durable facts: unlinks, settles queue entries, drops triggers. Returns -1 if something failed; it must then be
 * repeated from the log. */
int intake_apply_facts(struct intake *intake, const struct fact *facts, size_t count, struct error *error);

/* intake_trust.c: knowledge about segments and places for a retry; these take the lock
 * themselves */
/* Whether files in mailboxes may be damaged without our knowledge, until recovery has compared them or written them again. With the lock
 * held, unlike the following ones. */
bool intake_is_doubtful(struct intake *intake);
enum log_trust intake_trust(struct intake *intake, const char *file);
void intake_set_trust(struct intake *intake, const char *file, enum log_trust trust);
enum debt intake_debt(struct intake *intake, const struct envelope *envelope, const struct place *place);
void intake_owe(struct intake *intake, const struct envelope *envelope, const struct place *place, enum debt debt);
/* Whether the queue entry has the outcome on record for that recipient. */
void intake_set_settled(struct intake *intake, const char *id, const char *recipient, bool settled);
void intake_paid(struct intake *intake, const struct envelope *envelope, const struct place *place);

/* Reports work for the checkpoint. The lock is held. Only the first call wakes its thread, which then collects
 * work: a signal per message would cost more than the message. */
void intake_wake(struct intake *intake);
/* Makes a checkpoint now. On failure everything stays unchanged, to be retried. */
int checkpoint_run(struct intake *intake, struct error *error);
/* Makes checkpoints in the background until intake->stopping. */
void *checkpoint_thread(void *context);

/* logins: with the lock held. The time until they need a separate checkpoint: INT64_MAX if there are none. */
int64_t intake_logins_left_ms(const struct intake *intake);
/* Moves them to the other notes. */
void intake_gather_logins(struct intake *intake);

/* One item of a batch or of the backlog. Its rows, once it is durable: message, "accepted", UIDL. */
void intake_note_item(struct intake *intake, struct backlog_item *item);
/* Delivers it and applies its facts, without the lock. Returns the number of failures. */
size_t intake_deliver_item(struct intake *intake, struct backlog_item *item);
/* After that, with the lock. */
void intake_item_ended(struct intake *intake, struct segment *segment, size_t failed);
/* Frees its content. accepted: the body's file belongs to the log. */
void intake_item_clear(struct backlog_item *item, bool accepted);

/* Sets how the facts of the last item are applied. */
void intake_batch_apply(struct intake_batch *batch, intake_apply_fn apply, void *context);
/* intake_change.c: flags, moves and copies that could not be made. Other facts are ignored. */
void intake_owe_change(struct intake *intake, const struct fact *fact, bool owed);
bool intake_owes_change(struct intake *intake, const struct fact *fact);

/* Reports a delivery: journal, log, and the process's own callback; context is the intake. */
void intake_delivered(void *context, const struct envelope *envelope, const struct place *place,
    const struct error *error);

/* Delivers the owed places of all unlocked segments, and retires them. *recovered counts the delivered messages.
 * Returns -1 if something is still owed. */
int recover_orphans(struct intake *intake, size_t *recovered, struct error *error);
/* Removes leftovers older than a day: body files, queue messages without envelope, files in tmp/. */
void sweep_spool(const struct intake *intake);

#endif
