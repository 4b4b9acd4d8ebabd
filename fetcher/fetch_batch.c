/* A batch: the messages that become durable together, and what follows when they are. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "fetcher/fetch_priv.h"

#include <stdlib.h>

#define BATCH_MESSAGES 256
#define BATCH_BYTES (4u << 20)

void fetch_batch_init(struct fetch *fetch)
{
	fetch->batch = (struct fetch_batch){.intake = intake_batch_new(fetch->job->spool->intake)};
}

void fetch_batch_clear(struct fetch_batch *batch)
{
	intake_batch_free(batch->intake);
	free(batch->items);
	byte_shares_clear(&batch->shares);
	*batch = (struct fetch_batch){0};
}

void fetch_batch_drop(struct fetch *fetch)
{
	fetch_scan_drop(fetch);
	fetch_batch_clear(&fetch->batch);
	fetch_batch_init(fetch);
}

/* A copy in a batch: with this digest of copies, or with the digests of this envelope. */
static bool has(const struct fetch_batch *batch, uint64_t copies, const struct envelope *envelope)
{
	for (size_t i = 0; i < batch->count; i++) {
		const struct fetch_batch_item *item = &batch->items[i];

		if (envelope == NULL ? item->copies == copies
				     : item->seen.digest == envelope->digest && item->seen.body == envelope->body)
			return true;
	}
	return false;
}

bool fetch_batch_has_copy(const struct fetch *fetch, uint64_t copies)
{
	return has(&fetch->batch, copies, NULL) || has(&fetch->commit.batch, copies, NULL);
}

bool fetch_batch_has_twin(const struct fetch *fetch, const struct envelope *envelope)
{
	return has(&fetch->batch, 0, envelope) || has(&fetch->commit.batch, 0, envelope);
}

void fetch_batch_add(struct fetch *fetch, struct fetch_message *message, uint64_t copies, const struct fetch_replace *replace)
{
	struct fetch_batch *batch = &fetch->batch;
	const struct envelope *envelope = &message->envelope;

	ARRAY_GROW(batch->items, batch->count);
	batch->items[batch->count++] = (struct fetch_batch_item){
	    .item = message->item,
	    .seen = {envelope->time, envelope->listed, envelope->digest, envelope->body, true},
	    .is_removed = message->is_removed,
	    .is_short = message->stays,
	    .copies = copies,
	};
	byte_shares_add_fetched(&batch->shares, envelope, message->body.size);
	batch->bytes += message->body.path == NULL ? message->body.size : 0;
	intake_batch_append(batch->intake, &message->envelope, &message->body, replace->facts, replace->count);
	fetch_message_clear(message);
}

void fetch_batch_progress(const struct fetch *fetch)
{
	fetch->result->arrived = fetch->result->fetched + fetch->commit.batch.count + fetch->batch.count + fetch->scan.count;
	fetch->job->progress(fetch->job->context, fetch->job->account->name, fetch->result);
}

bool fetch_batch_is_full(const struct fetch *fetch)
{
	size_t most = fetch->job->batch_messages > 0 ? fetch->job->batch_messages : BATCH_MESSAGES;

	return fetch->batch.count >= most || fetch->batch.bytes >= BATCH_BYTES;
}

/* It is not known whether it is complete: it stays on the server. */
static void note_short(struct fetch *fetch, const struct plan_item *item)
{
	fetch_memory_add_mark(fetch, plan_short_mark(item->key), &(struct seen){.time = clock_wall()});
	fetch_result_skip(fetch, item, PHRASE(N_("the message is shorter than the size that the server "
	    "lists; the received part was delivered")));
}

/* The next connection of this session needs it, too. */
static void note_durable(struct fetch *fetch, const struct fetch_batch_item *done)
{
	struct plan_item *item = done->item;
	const struct seen *what = &done->seen;
	bool is_stub = item->action == PLAN_STUB;
	char *key = is_stub ? plan_stub_key(item->key) : xstrdup(item->key);

	state_seen_put(&fetch->memory.seen, slice_of(key), what);
	if (fetch->plan.has_digests)
		plan_note(&fetch->plan, key, what);
	item->is_new = item->is_doubtful = false;
	if (!is_stub || item->given_up == 0) /* its attempts are why it is a stub */
		fetch_tries_forget(fetch, item);
	if (!is_stub)
		fetch_partial_done(fetch, item);
	if (done->is_short)
		note_short(fetch, item);
	else if (done->is_removed || (!is_stub && fetch->job->account->keep_days == 0))
		fetch_deletions_add(fetch, item->number);
	free(key);
}

/* After the message itself: a crash in between causes a duplicate, never a loss. */
static void note_copies(struct fetch *fetch, const struct fetch_batch_item *done)
{
	if (done->copies != 0)
		fetch_memory_add_mark(fetch, plan_copies_key(done->copies), &(struct seen){.time = done->seen.time});
}

void fetch_batch_durable(struct fetch *fetch, struct fetch_batch *batch)
{
	byte_shares_move(&fetch->result->shares, &batch->shares);
	for (size_t i = 0; i < batch->count; i++) {
		note_durable(fetch, &batch->items[i]);
		note_copies(fetch, &batch->items[i]);
		if (batch->items[i].is_removed)
			fetch->result->removed++;
		else
			fetch->result->fetched++;
	}
}
