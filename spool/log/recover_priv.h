/*
 * Declarations that the files of recovery share (recover.c has the order, which is the proof).
 */
#ifndef LANPOST_SPOOL_RECOVER_PRIV_H
#define LANPOST_SPOOL_RECOVER_PRIV_H

#include "spool/log/deliver.h"
#include "spool/log/intake_priv.h"
#include "spool/log/record.h"

/* A segment without a living writer, while we hold its lock. */
struct orphan {
	struct wal_name name;
	int fd; /* holds the lock */
	enum log_trust trust;
	bool is_ours; /* its facts were applied when they were committed */
	struct strlist body_files;
	bool has_facts;
	struct orphan *next;
};

struct recovery {
	struct intake *intake;
	struct map standing; /* user -> struct mailbox_look *; read before the facts */
	struct map queued;   /* ids of existing queue entries, also read before the facts */
	struct map facts;    /* a key for each fact that any segment holds */
	struct map flags;    /* key of FACT_FLAGS -> the last flags of that file */
	size_t served, recovered, failed;
	bool may_retire; /* no backup is being made */
	bool is_blind;	 /* the content of the segments is not in the state yet */
	/* For the current message: */
	const struct orphan *orphan;
	const struct delivery *delivery;
	bool queue_stands;
	char *over; /* the file of the mailbox to be written again, NULL: none */
};

typedef int (*record_fn)(struct recovery *recovery, void *context, struct record *record,
    struct slice body, struct error *error);

/* recover_facts.c */

/* Calls fn for each record of a segment. report: move damaged parts aside and report them. Returns -1 if the segment
 * cannot be read. */
int recover_each_record(struct recovery *recovery, const char *file, bool report, record_fn fn, void *context,
    struct error *error);
/* Reads the facts of all segments, including those of living processes. Returns -1 if any is missing: then it is
 * unknown what was removed or sent, and nothing may be delivered. */
int recover_read_facts(struct recovery *recovery, struct error *error);
void recover_facts_clear(struct recovery *recovery);
bool recover_has_fact(const struct recovery *recovery, enum fact_kind kind, const char *id, const char *name,
    const char *text);
/* Applies the record's own facts again. A record_fn. */
int recover_apply_facts(struct recovery *recovery, void *context, struct record *record, struct slice body,
    struct error *error);
/* Stores unusable bytes in queue/corrupt, with a report to postmaster. Once per name. */
int recover_set_aside(struct recovery *recovery, const char *name, struct slice bytes, struct error *error);

/* recover_look.c */

/* Records where a message is. A record_fn; context is the orphan. */
int recover_look(struct recovery *recovery, void *context, struct record *record, struct slice body, struct error *error);
/* Called before the places of a message: checks its queue entry. */
void recover_check_queue(struct recovery *recovery);
/* Whether to deliver to a place: delivery's `wanted`, context is the recovery. Sets recovery->over. */
bool recover_wants(void *context, const struct envelope *envelope, const struct place *place);
void recover_look_clear(struct recovery *recovery);

#endif
