/*
 * What the files of the intake share: the struct, and the steps of QUEUE.md that recovery and
 * normal running have in common.
 */
#ifndef LANPOST_SPOOL_INTAKE_PRIV_H
#define LANPOST_SPOOL_INTAKE_PRIV_H

#include "base/map.h"
#include "spool/log/intake.h"
#include "spool/log/wal.h"

#include <pthread.h>
#include <stdatomic.h>

#define BLANKS_MAX 2

/* A segment of ours, from its creation until it is retired. */
struct segment {
	struct wal *wal;
	size_t records;	     /* appended */
	size_t pending;	     /* appended, and neither delivered nor refused yet */
	bool has_facts;	     /* some that others may need */
	bool owed;	     /* a delivery failed */
	bool doubtful;	     /* a sync of the file system failed while it was there: what it delivered is not trusted */
	bool syncing;	     /* somebody is in fdatasync */
	bool broken;	     /* a write or sync failed: no more appends, the undurable is void */
	struct strlist body_files;
	struct segment *next;
};

/* How far the files are trusted that a segment without a living writer has delivered (QUEUE.md, "When the disk is"). */
enum log_trust {
	LOG_STRANGE,  /* of a dead process: files are compared with the records */
	LOG_DURABLE,  /* delivered or compared by us, and synced since: only what failed is owed */
	LOG_DOUBTFUL, /* a sync failed since: all of it is written again */
};
/* What is owed to a place in spite of LOG_DURABLE. */
enum debt {
	DEBT_NONE,
	DEBT_OWED,   /* it was not delivered */
	DEBT_UNSEEN, /* nobody could look whether it is there */
	DEBT_PAID,
};
/* Of one recipient of a queue entry, whose outcome is on record. */
enum settlement { UNSETTLED = 1, SETTLED };

/* What goes to the state at the next checkpoint: one piece of memory with its texts. */
#define NOTE_TEXTS 6
struct note {
	enum { NOTE_EVENT, NOTE_MESSAGE, NOTE_SEEN, NOTE_TROUBLE, NOTE_LOGIN } kind;
	int64_t time; /* microseconds for events, seconds else */
	uint64_t size, digest, body; /* of NOTE_SEEN: the size as listed, digests of header and body */
	const char *text[NOTE_TEXTS]; /* by kind: see intake_note.c */
	struct note *next;
};

struct intake {
	const struct spool *spool;
	char *hostname;
	int64_t checkpoint_ms;
	const char *writer, *session; /* "": of none */
	int writer_lock; /* one process a writer name: see intake_open() */
	struct state *state;
	void (*delivered)(void *context, const struct place *place);
	void *context;

	pthread_mutex_t flushing; /* held while notes are on their way to the state; before lock */
	pthread_mutex_t lock; /* guards all below; never held across a sync or a delivery */
	pthread_cond_t synced;	/* a sync has ended */
	pthread_cond_t wake;	/* for the checkpoint thread */
	struct segment *current; /* NULL: the next append begins one */
	struct segment *prepared; /* empty, ready to be the next one; NULL: none */
	struct segment *closed;
	struct strlist voids; /* "<segment> <offset>" that must be in the next segment */
	struct note *notes, **notes_end;
	struct note *logins; /* the last one of each user, which wait for a checkpoint, or until logins_at */
	int64_t logins_at, logins_written; /* clock_now_ms() */
	bool dirty, stopping;
	bool in_trouble; /* the last commit failed, and it is noted */
	bool owed; /* some segment waits for a retry */
	struct map unsettled; /* queue entries whose outcome is on record, and that could not be changed or removed */
	struct map trust;     /* name of a segment that we had to let go -> enum log_trust */
	struct map debts;     /* id, kind and name of a place -> enum debt */
	_Atomic int64_t roomy_until; /* clock_now_ms() until which the disk need not be asked for room */
	/* Of the checkpoint's thread alone: segments to be used again, and those that are still to be blanked for that. */
	struct wal *blank[BLANKS_MAX], *withdrawn[BLANKS_MAX];
	size_t blank_count, withdrawn_count;
	int sync_fd;	      /* the file system, open since before our first write */
	bool is_blind;	      /* the log could not be gone through: see intake_check_known() */
	pthread_t checkpointer;
};

/* intake_segment.c: all but segment_free with the lock held */

/* A new current segment; what broken ones leave behind is declared void in it. */
int segment_begin(struct intake *intake, struct error *error);
/* Has the next one ready before it is needed, so that nobody waits for its making. By the checkpoint's thread, without the lock. */
void segment_prepare(struct intake *intake);
/* Retires one whose messages are all delivered, durably. A busy one is withdrawn, to be used again. Without the lock. */
int segment_retire(struct intake *intake, struct segment *segment, struct error *error);
/* Blanks what was withdrawn, when no power cut can bring back the name of a log that holds records. Without the lock. */
void segment_blank(struct intake *intake);
/* Waits until the segment is durable up to `size`. A caller that comes first syncs for all who wait: the lock is free meanwhile. */
int segment_commit(struct intake *intake, struct segment *segment, uint64_t size, struct error *error);
/* No more appends; the next one begins a new segment. */
void segment_close(struct intake *intake, struct segment *segment);
/* A write or sync failed: this file is never trusted again. What was durable stays; the rest was never acknowledged and must
 * not be found by a recovery. */
void segment_break(struct intake *intake, struct segment *segment);
void segment_free(struct segment *segment);

/* Makes all that was written so far durable. On failure no file that any of our segments has delivered is trusted any more. */
int intake_sync(struct intake *intake, struct error *error);

/* intake_trust.c: what a retry must know of segments and places; take the lock themselves */
enum log_trust log_trust(struct intake *intake, const char *file);
void log_set_trust(struct intake *intake, const char *file, enum log_trust trust);
enum debt place_debt(struct intake *intake, const struct envelope *envelope, const struct place *place);
void place_owe(struct intake *intake, const struct envelope *envelope, const struct place *place, enum debt debt);
/* Whether the queue entry says what is on record of that recipient. */
void entry_set_settled(struct intake *intake, const char *id, const char *recipient, bool settled);
void place_paid(struct intake *intake, const struct envelope *envelope, const struct place *place);

/* There is something for the checkpoint. The lock is held. Only the first such word wakes its thread: it lets work
 * gather then, and a signal for each message would cost more than the message. */
void intake_wake(struct intake *intake);
/* One checkpoint now. On failure everything stays as it was, to be tried again. */
int checkpoint_run(struct intake *intake, struct error *error);
/* Runs them in the background until intake->stopping. */
void *checkpoint_thread(void *context);

/* notes: all take copies and may be called by any thread without the lock */
void note_event(struct intake *intake, int64_t time_us, const char *id, const char *session,
    enum event event, const char *place, const char *detail);
/* The rows that follow from an accepted message: message, "accepted", UIDL. */
void note_accepted(struct intake *intake, const struct envelope *envelope, struct slice body);
void note_delivered(struct intake *intake, const struct envelope *envelope,
    const struct place *place, const struct error *error);
void note_facts(struct intake *intake, const struct fact *facts, size_t count);
/* The disk did not take a record: reported when it can be, see INTAKE_TROUBLE. */
void note_trouble(struct intake *intake, const struct error *error);
/* logins: these with the lock held. How long until they want a checkpoint of their own: INT64_MAX if none exist. */
int64_t logins_left_ms(const struct intake *intake);
/* Puts them to the other notes. */
void logins_gather(struct intake *intake);
struct note *note_new(struct note note, const char *const *texts, size_t count); /* NULL counts as "" */
void note_free_all(struct note *notes);

/* Delivery's report: journal, log, and the process's own callback; context is the intake. */
void intake_delivered(void *context, const struct envelope *envelope, const struct place *place,
    const struct error *error);
/* Does what durable facts say: unlinks, settles queue entries, drops triggers. Returns -1 if something could not be done; it is
 * then to be done again from the log. */
int facts_apply(struct intake *intake, const struct fact *facts, size_t count, struct error *error);

/* Delivers what any unlocked segment owes, and retires it. *recovered counts messages that were delivered. Returns -1 if
 * something is still owed. */
int recover_orphans(struct intake *intake, size_t *recovered, struct error *error);
/* Removes leftovers older than a day: body files, queue messages without envelope, files in tmp/. */
void sweep_spool(const struct intake *intake);

#endif
