/*
 * What the files of recovery share (recover.c has the order, which is the proof).
 */
#ifndef LANPOST_SPOOL_RECOVER_PRIV_H
#define LANPOST_SPOOL_RECOVER_PRIV_H

#include "spool/log/deliver.h"
#include "spool/log/intake_priv.h"
#include "spool/log/record.h"

/* A segment that nobody alive writes, while we hold its lock. */
struct orphan {
	struct wal_name name;
	int fd; /* holds the lock */
	enum log_trust trust;
	struct strlist body_files;
	bool has_facts;
	struct orphan *next;
};

struct recovery {
	struct intake *intake;
	struct map standing; /* user -> struct mailbox_look *; looked at before the facts were read */
	struct map queued;   /* ids of queue entries that are, looked at likewise */
	struct map facts;    /* a key for each fact that any segment holds */
	size_t served, recovered, failed;
	bool may_retire; /* no backup is being made */
	bool is_blind;	 /* what the segments say is not in the state yet */
	/* Of the message that is being delivered: */
	const struct orphan *orphan;
	const struct delivery *delivery;
	bool queue_stands;
	char *over; /* the file of the mailbox that is written again, NULL: none */
};

typedef int (*record_fn)(struct recovery *recovery, void *context, struct record *record,
    struct slice body, struct error *error);

/* recover_facts.c */

/* Calls fn for each record of a segment. report: set damaged parts aside and say so. Returns -1 if the segment cannot be read. */
int recover_each_record(struct recovery *recovery, const char *file, bool report, record_fn fn, void *context,
    struct error *error);
/* Reads the facts of all segments, those of living processes as well. Without all of them nobody knows what was removed or
 * sent: -1 then, and nothing may be delivered. */
int recover_read_facts(struct recovery *recovery, struct error *error);
bool recover_has_fact(const struct recovery *recovery, enum fact_kind kind, const char *id, const char *name,
    const char *text);
/* Does again what the record's own facts say. A record_fn. */
int recover_apply_facts(struct recovery *recovery, void *context, struct record *record, struct slice body,
    struct error *error);
/* Keeps bytes that cannot be used in queue/corrupt, of which postmaster gets a report. Once for each name. */
int recover_set_aside(struct recovery *recovery, const char *name, struct slice bytes, struct error *error);

/* recover_look.c */

/* Notes where a message is. A record_fn; context is the orphan. */
int recover_look(struct recovery *recovery, void *context, struct record *record, struct slice body, struct error *error);
/* Before the places of a message are asked for: looks through its queue entry. */
void recover_check_queue(struct recovery *recovery);
/* Whether a place is to be served: delivery's `wanted`, context is the recovery. Sets recovery->over. */
bool recover_wants(void *context, const struct envelope *envelope, const struct place *place);
void recover_look_clear(struct recovery *recovery);

#endif
