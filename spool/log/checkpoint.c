/*
 * Transition 3 of QUEUE.md: makes deliveries durable, then retires the log.
 *
 * A separate thread, one second after the work, so that no client and no fetch waits for it.
 */
#include "base/clock.h"
#include "base/cond.h"
#include "base/file/fsx.h"
#include "base/log.h"
#include "spool/log/intake_priv.h"
#include "spool/layout_priv.h"
#include "spool/log/wal_hold.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#define OWED_RETRY_MS 10000
#define FAILED_SYNC_WAIT_MS 2000 /* after a failure of the disk, wait before everything is written again */

/* With the lock held: closes the current segment; the next append goes to a new one. */
static void rotate(struct intake *intake)
{
	struct segment *filled = intake->current;

	assert(cond_is_locked(&intake->lock));
	if (filled == NULL || filled->records == 0)
		return;
	segment_close(intake, filled);
	if (intake->voids.count == 0) {
		intake->current = intake->prepared;
		intake->prepared = NULL;
	}
}

/* Removes from the list the closed segments in which no delivery is in progress. */
static struct segment *take_settled(struct intake *intake)
{
	struct segment **at = &intake->closed, *settled = NULL;

	while (*at != NULL) {
		struct segment *segment = *at;

		if (segment->pending > 0 || segment->syncing) {
			at = &segment->next;
			continue;
		}
		*at = segment->next;
		segment->next = settled;
		settled = segment;
	}
	return settled;
}

static void put_back(struct intake *intake, struct segment *settled)
{
	if (settled == NULL)
		return;
	pthread_mutex_lock(&intake->lock);
	while (settled != NULL) {
		struct segment *next = settled->next;

		settled->next = intake->closed;
		intake->closed = settled;
		settled = next;
	}
	intake->dirty = true;
	pthread_mutex_unlock(&intake->lock);
}

/* Retires finished segments, and leaves owed or doubtful ones to recovery: without our lock they are orphans. Body files
 * that are no longer needed are added to *bodies. */
static int let_go(struct intake *intake, struct segment *settled, struct strlist *bodies, struct error *error)
{
	int result = 0;

	pthread_mutex_lock(&intake->lock);
	for (const struct segment *segment = settled; segment != NULL; segment = segment->next)
		intake->owed = intake->owed || segment->owed || segment->doubtful;
	pthread_mutex_unlock(&intake->lock);
	while (settled != NULL) {
		struct segment *segment = settled;

		settled = segment->next;
		if (segment->owed || segment->doubtful) {
			intake_set_trust(intake, segment->wal->name.file, segment->doubtful ? LOG_DOUBTFUL : LOG_DURABLE);
		} else if (segment_retire(intake, segment, error) != 0) {
			result = -1;
		} else {
			for (size_t i = 0; i < segment->body_files.count; i++)
				strlist_add(bodies, segment->body_files.items[i]);
		}
		segment_free(segment);
	}
	return result;
}

/* A .log must be durably gone before the facts about it, and before a body that it names. */
static int clean_up(struct intake *intake, const struct strlist *bodies, struct error *error)
{
	char *folder = layout_wal(intake->spool, "");
	int result = fsx_sync_dir(folder, error);

	for (size_t i = 0; i < bodies->count && result == 0; i++)
		result = fsx_unlink(bodies->items[i], error);
	if (result == 0)
		segment_blank(intake);
	free(folder);
	return result == 0 ? wal_sweep_facts(intake->spool, error) : -1;
}

static int retire_settled(struct intake *intake, struct segment *settled, struct error *error)
{
	struct strlist bodies = {0};
	struct error clean_error;
	int result = let_go(intake, settled, &bodies, error);

	if (clean_up(intake, &bodies, &clean_error) != 0 && result == 0) {
		*error = clean_error;
		result = -1;
	}
	strlist_clear(&bodies);
	return result;
}

static void doubt_all(struct segment *segments)
{
	for (; segments != NULL; segments = segments->next)
		segments->doubtful = true;
}

int checkpoint_run(struct intake *intake, struct error *error)
{
	struct segment *settled;
	struct strlist none = {0};
	bool some;
	int result = 0, retiring;

	segment_give_back(intake);
	segment_prepare(intake);
	pthread_mutex_lock(&intake->lock);
	rotate(intake);
	settled = take_settled(intake);
	intake->dirty = intake->closed != NULL;
	pthread_mutex_unlock(&intake->lock);

	some = settled != NULL;
	if (some && intake_sync(intake, error) != 0) {
		/* The next sync may succeed without these bytes: they are written again from the log. */
		doubt_all(settled);
		let_go(intake, settled, &none, error);
		return -1;
	}
	result = intake_write_notes(intake, error);
	if (result == 0)
		result = some ? wal_retire_begin(intake->spool, &retiring, error) : 1;
	if (result != 0) {
		put_back(intake, settled); /* a failure, a running backup, or nothing to do */
		return result < 0 ? -1 : 0;
	}
	result = retire_settled(intake, settled, error);
	close(retiring);
	return result;
}

/* Waits for work. Logins are not urgent: they need no disk access each. */
static void wait_for_work(struct intake *intake)
{
	while (!intake->stopping && !intake->dirty && !intake->owed && intake_logins_left_ms(intake) > 0)
		if (intake->logins == NULL)
			pthread_cond_wait(&intake->wake, &intake->lock);
		else
			cond_wait_until(&intake->wake, &intake->lock, clock_now_ms() + intake_logins_left_ms(intake));
}

void *checkpoint_thread(void *context)
{
	struct intake *intake = context;
	int64_t retry_at = 0;
	bool complained = false;

	pthread_mutex_lock(&intake->lock);
	while (!intake->stopping) {
		struct error error;
		int64_t begin = clock_now_ms();
		bool owed;

		wait_for_work(intake);
		/* Lets work accumulate; a signal for more work does not shorten the wait. */
		while (!intake->stopping && clock_now_ms() < begin + intake->checkpoint_ms)
			cond_wait_until(&intake->wake, &intake->lock, begin + intake->checkpoint_ms);
		if (intake->stopping)
			break;
		pthread_mutex_unlock(&intake->lock);

		if (checkpoint_run(intake, &error) != 0) {
			if (!complained)
				log_warnx("event=checkpoint-failed reason=%s (mail stays in the log)",
				    LOG_ERROR(&error));
			complained = true;
			if (retry_at < clock_now_ms() + FAILED_SYNC_WAIT_MS)
				retry_at = clock_now_ms() + FAILED_SYNC_WAIT_MS;
		} else {
			complained = false;
		}
		pthread_mutex_lock(&intake->lock);
		owed = intake->owed && clock_now_ms() >= retry_at;
		pthread_mutex_unlock(&intake->lock);
		if (owed) {
			size_t recovered = 0;

			owed = recover_orphans(intake, &recovered, &error) != 0;
			retry_at = clock_now_ms() + OWED_RETRY_MS;
			pthread_mutex_lock(&intake->lock);
			intake->owed = owed;
			pthread_mutex_unlock(&intake->lock);
		}
		pthread_mutex_lock(&intake->lock);
	}
	pthread_mutex_unlock(&intake->lock);
	return NULL;
}
