/*
 * The segments of the log that this process writes (wal.h has the file, QUEUE.md the rules).
 */
#ifndef LANPOST_SPOOL_SEGMENT_H
#define LANPOST_SPOOL_SEGMENT_H

#include "base/err.h"
#include "base/str.h"

struct intake;
struct wal;

/* A segment of ours, from its creation until it is retired. */
struct segment {
	struct wal *wal;
	size_t records;	     /* appended */
	size_t pending;	     /* appended, but neither delivered nor refused yet */
	bool has_facts;	     /* has facts that other segments may need */
	bool owed;	     /* a delivery failed */
	bool doubtful;	     /* a sync of the file system failed while it existed: its deliveries are not trusted */
	bool syncing;	     /* a thread is in fdatasync */
	bool broken;	     /* a write or sync failed: no more appends, the part that is not durable is void */
	struct strlist body_files;
	struct segment *next;
};

/* All but segment_free() with the lock of the intake held, except where another thing is said. */

/* Begins a new current segment, which declares the rests of broken ones void. */
int segment_begin(struct intake *intake, struct error *error);
/* Prepares the next segment before it is needed, so that no thread waits for it. Called by the checkpoint thread, without
 * the lock. */
void segment_prepare(struct intake *intake);
/* Retires a segment whose messages are all delivered, durably. A busy segment is withdrawn for reuse. Called without
 * the lock. */
int segment_retire(struct intake *intake, struct segment *segment, struct error *error);
/* Blanks withdrawn segments once a power failure cannot restore the name of a log with records. Called without the
 * lock. */
void segment_blank(struct intake *intake);
/* Removes those that wait for reuse if there is little room: zeros must not take that of mail. Called as above. */
void segment_give_back(struct intake *intake);
/* Waits until the segment is durable up to `size`. The first caller syncs for all that wait: the lock is free meanwhile. */
int segment_commit(struct intake *intake, struct segment *segment, uint64_t size, struct error *error);
/* Closes the segment; the next append begins a new one. */
void segment_close(struct intake *intake, struct segment *segment);
/* A write or sync failed: this file is never trusted again. The durable part stays; the rest was never acknowledged, and
 * a recovery must not find it. */
void segment_break(struct intake *intake, struct segment *segment);
void segment_free(struct segment *segment);

#endif
