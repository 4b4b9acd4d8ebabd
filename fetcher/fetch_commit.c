/*
 * Batches on their way to the disk: one is made durable and delivered by a thread, while the next one is read, so that
 * the network does not wait for the disk. At most two batches are in memory. Only that batch of the intake belongs to the
 * thread; its result is handled by the thread of the fetch, between two messages: until then none of its messages counts
 * as known, or is deleted on the server.
 */
#include "base/process/thread_activity.h"
#include "fetcher/fetch_priv.h"

#include <assert.h>

static void commit(struct fetch *fetch)
{
	fetch->commit.result = intake_batch_commit(fetch->commit.batch.intake, &fetch->commit.error);
}

static void *commit_thread(void *context)
{
	struct fetch *fetch = context;

	thread_activity_who("account %s", fetch->job->account->name);
	thread_activity_step("storing %zu messages", fetch->commit.batch.count);
	commit(fetch);
	thread_activity_end();
	return NULL;
}

static void begin(struct fetch *fetch)
{
	assert(!fetch->commit.is_under_way);
	fetch->commit = (struct fetch_commit){.is_under_way = true, .batch = fetch->batch};
	fetch_batch_init(fetch);
}

/* Without a thread the batch is made durable at once. */
static void begin_ahead(struct fetch *fetch)
{
	begin(fetch);
	fetch->commit.has_thread = pthread_create(&fetch->commit.thread, NULL, commit_thread, fetch) == 0;
	if (!fetch->commit.has_thread)
		commit(fetch);
}

/* The batch under way is durable, or failed. */
static int ended(struct fetch *fetch, struct error *error)
{
	struct fetch_commit done = fetch->commit;

	fetch->commit = (struct fetch_commit){.is_under_way = false};
	if (done.result == 0) {
		fetch_batch_durable(fetch, &done.batch);
		fetch_batch_progress(fetch);
	} else {
		*error = done.error;
		fetch_batch_drop(fetch);
	}
	fetch_batch_clear(&done.batch);
	return done.result;
}

static int wait_for_end(struct fetch *fetch, struct error *error)
{
	if (!fetch->commit.is_under_way)
		return 0;
	if (fetch->commit.has_thread)
		pthread_join(fetch->commit.thread, NULL);
	return ended(fetch, error);
}

/* Handles the batch under way if its thread has ended. */
static int look(struct fetch *fetch, struct error *error)
{
	if (!fetch->commit.is_under_way || (fetch->commit.has_thread && pthread_tryjoin_np(fetch->commit.thread, NULL) != 0))
		return 0;
	return ended(fetch, error);
}

int fetch_commit_ahead(struct fetch *fetch, struct error *error)
{
	if (!fetch_batch_is_full(fetch))
		return look(fetch, error);
	if (wait_for_end(fetch, error) != 0)
		return -1;
	begin_ahead(fetch);
	return 0;
}

int fetch_commit_all(struct fetch *fetch, struct error *error)
{
	fetch->transfer.asked_since = 0;
	if (wait_for_end(fetch, error) != 0)
		return -1;
	if (fetch_scan_all(fetch, error) != 0) {
		fetch_batch_drop(fetch);
		return -1;
	}
	if (wait_for_end(fetch, error) != 0)
		return -1;
	if (fetch->batch.count == 0)
		return 0;
	begin(fetch);
	commit(fetch);
	return wait_for_end(fetch, error);
}
