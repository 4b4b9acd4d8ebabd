/*
 * The backlog: messages that are acknowledged and not delivered yet. QUEUE.md has the rules and the proof.
 *
 * A few threads deliver; a thread that must wait for a delivery helps. The messages of one mailbox are delivered in the
 * order in which they were given numbers. All functions are called with the lock of the intake held, and return with it;
 * it is free during a delivery.
 */
#ifndef LANPOST_SPOOL_BACKLOG_H
#define LANPOST_SPOOL_BACKLOG_H

#include "base/map.h"
#include "spool/body.h"
#include "spool/envelope.h"
#include "spool/storage/intake.h"

#include <pthread.h>

#define BACKLOG_THREADS 4

struct intake;
struct segment;
struct backlog_turn;

/* A record: first of a batch, then, if it has a message, of the backlog. */
struct backlog_item {
	struct envelope envelope;
	struct body body;
	bool has_message;
	struct buf head; /* of the record */
	size_t fact_count;
	intake_apply_fn apply; /* how its facts are applied; NULL: as recovery does */
	void *context;
	bool has_facts; /* facts that other segments may need: a single attempt is only for the journal */
	/* in the backlog: */
	struct segment *segment; /* which has the record */
	size_t *awaited;	 /* a counter that its delivery decreases; NULL: no thread waits for it */
	uint64_t number;
	size_t bytes;
	bool is_taken; /* a thread delivers it */
	struct backlog_turn *turns; /* one for each of its mailboxes */
	size_t turn_count;
	struct backlog_item *next;
};

struct backlog {
	pthread_cond_t work;	  /* for an idle thread: a message can be delivered */
	pthread_cond_t delivered; /* for threads that wait for a certain delivery */
	pthread_cond_t room;	  /* for one of those that wait for any: the backlog is full */
	struct backlog_item *first, **end; /* by number; those in delivery are among them */
	size_t count, bytes, idle;
	uint64_t last_number;
	struct map lanes; /* by user: struct lane, how far the deliveries to a mailbox have got */
	pthread_t threads[BACKLOG_THREADS];
	size_t thread_count, thread_max;
	bool is_closing;
	int busy_fd; /* says to other processes that there are messages; -1: none (base/process/busy.h) */
};

/* thread_max: at most BACKLOG_THREADS; 0: only threads that wait deliver. Takes ownership of busy_fd. */
void backlog_init(struct backlog *backlog, size_t thread_max, int busy_fd);
/* Takes ownership of an item with a message. Waits while the backlog is full. Returns without the lock. */
void backlog_add(struct intake *intake, struct backlog_item *item);
/* Waits until all messages that were added before are delivered, or have failed; user: only those for this mailbox; NULL:
 * all. */
void backlog_await(struct intake *intake, const char *user);
/* Waits until a counter that was given with items is 0. */
void backlog_await_count(struct intake *intake, const size_t *awaited);
/* Delivers everything, and ends the threads. Returns without the lock. */
void backlog_close(struct intake *intake);
void backlog_clear(struct backlog *backlog);

#endif
