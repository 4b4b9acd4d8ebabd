/*
 * Incomplete messages, from session to session. Each attempt transfers the whole message, so the pauses between attempts
 * grow: a broken message is retried after a day, and after a week of failures once a week. A dropped connection proves
 * little, so such a message gets some more sessions. The admin can request an attempt at once (fetch_job.tries_again).
 */
#include "base/alloc.h"
#include "base/log.h"
#include "fetcher/fetch_priv.h"

#include <stdlib.h>

#define DAY 86400
#define WEEK (7 * DAY)
#define BROKEN_TRIES 2 /* both in one session */
#define LINE_TRIES 6
#define DAILY_TRIES 14 /* this many more, two per session, before it is retried once a week */

#define IS_BROKEN 1u /* the lowest bit of the count in fetch->tries.troubles */
#define NO_KEY '\x1b'

/* A message without a key is identified by its size: its number changes on the next connection. */
static char *trouble_key(const struct plan_item *item)
{
	return item->key != NULL ? xstrdup(item->key) : xasprintf("%csize %llu", NO_KEY, (unsigned long long)item->size);
}

static uintptr_t trouble(const struct fetch *fetch, const struct plan_item *item)
{
	char *key = trouble_key(item);
	uintptr_t value = (uintptr_t)map_get(&fetch->tries.troubles, slice_of(key));

	free(key);
	return value;
}

static void set_trouble(struct fetch *fetch, const struct plan_item *item, uintptr_t value)
{
	char *key = trouble_key(item);

	map_put(&fetch->tries.troubles, slice_of(key), (void *)value);
	free(key);
}

size_t fetch_tries_count(const struct fetch *fetch, const struct plan_item *item)
{
	return trouble(fetch, item) >> 1;
}

void fetch_tries_add(struct fetch *fetch, const struct plan_item *item, bool is_broken)
{
	set_trouble(fetch, item, (trouble(fetch, item) + 2) | (is_broken ? IS_BROKEN : 0));
}

uint64_t fetch_tries_short(const struct fetch *fetch, const struct plan_item *item)
{
	return (uint64_t)(uintptr_t)map_get(&fetch->tries.shorts, slice_of(item->key));
}

void fetch_tries_set_short(struct fetch *fetch, const struct plan_item *item, uint64_t digest)
{
	map_put(&fetch->tries.shorts, slice_of(item->key), (void *)(uintptr_t)digest);
}

void fetch_tries_clear(struct fetch *fetch)
{
	map_clear(&fetch->tries.troubles);
	map_clear(&fetch->tries.shorts);
	fetch->tries = (struct fetch_tries){0};
}

/* --- across sessions: time is that of the last attempt, listed the number of attempts, body whether it was
 * broken */

static const struct seen *tries_of(const struct fetch *fetch, const char *key)
{
	char *mark = plan_tries_mark(key);
	const struct seen *tries = map_get(&fetch->memory.seen, slice_of(mark));

	free(mark);
	return tries;
}

static int64_t pause_after(const struct seen *tries)
{
	uint64_t free_tries = tries->body != 0 ? BROKEN_TRIES : LINE_TRIES;

	if (tries->listed < free_tries)
		return 0;
	return tries->listed < free_tries + DAILY_TRIES ? DAY : WEEK;
}

int64_t fetch_tries_next(const struct fetch *fetch, const char *key)
{
	const struct seen *tries = key == NULL ? NULL : tries_of(fetch, key);
	int64_t pause = tries == NULL ? 0 : pause_after(tries);

	/* A time in the future: the clock was wrong. */
	if (pause == 0 || tries->listed == 0 || tries->time > fetch->begun || tries->time + pause <= fetch->begun)
		return 0;
	return tries->time + pause;
}

static void note_tries(struct fetch *fetch, const char *key, const struct seen *what)
{
	char *mark = plan_tries_mark(key);
	struct error error;
	int result = state_seen_forget(fetch->job->spool->state, fetch->mailbox, slice_of(mark), &error);

	if (result == 0 && what->listed > 0)
		result = state_seen_add(fetch->job->spool->state, fetch->mailbox, slice_of(mark), "", what, &error);
	if (result != 0)
		log_warnx("event=tries-not-remembered account=%s reason=%s", LOG_CSTR(fetch->job->account->name),
		    LOG_ERROR(&error));
	state_seen_put(&fetch->memory.seen, slice_of(mark), what);
	free(mark);
}

void fetch_tries_forget(struct fetch *fetch, const struct plan_item *item)
{
	const struct seen *tries = item->key == NULL ? NULL : tries_of(fetch, item->key);

	if (trouble(fetch, item) != 0)
		set_trouble(fetch, item, 0);
	if (tries != NULL && tries->listed > 0)
		note_tries(fetch, item->key, &(struct seen){.time = fetch->begun});
}

void fetch_tries_save(struct fetch *fetch)
{
	struct fetch_result *result = fetch->result;
	struct slice key;
	void *value;

	for (size_t at = 0; map_next(&fetch->tries.troubles, &at, &key, &value);) {
		const struct seen *before = tries_of(fetch, key.ptr);
		const uintptr_t trouble = (uintptr_t)value;

		/* A message without a key could be taken for any other of its size. */
		if (trouble == 0 || key.ptr[0] == NO_KEY)
			continue;
		note_tries(fetch, key.ptr,
		    &(struct seen){
			.time = fetch->begun,
			.listed = (before == NULL ? 0 : before->listed) + (trouble >> 1),
			.body = (trouble & IS_BROKEN) != 0 || (before != NULL && before->body != 0),
		    });
	}
	for (size_t i = 0; i < result->named_count; i++) {
		const struct seen *tries = tries_of(fetch, result->named[i].key);

		if (result->named[i].is_settled)
			continue;
		result->named[i].next_try = tries == NULL || pause_after(tries) == 0 ? 0 : tries->time + pause_after(tries);
	}
}
