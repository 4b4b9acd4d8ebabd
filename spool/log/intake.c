/*
 * Accept, commit, deliver, remove. QUEUE.md numbers the transitions; the comments here cite the numbers.
 */
#include "base/alloc.h"
#include "base/process/busy.h"
#include "base/clock.h"
#include "base/cond.h"
#include "base/i18n.h"
#include "spool/log/intake_priv.h"
#include "spool/log/record.h"
#include "spool/envelope_parts.h"
#include "spool/layout_priv.h"
#include "spool/reserve.h"

#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ROOMY_BYTES (1u << 30) /* twice as much space is not filled within ROOMY_MS */
#define ROOMY_MS 1000
#define OTHERS_WAIT_MS 500

void intake_wake(struct intake *intake)
{
	assert(cond_is_locked(&intake->lock));
	if (!intake->dirty)
		pthread_cond_signal(&intake->wake);
	intake->dirty = true;
}

/* --- transition 1: append and commit */

struct intake_batch {
	struct intake *intake;
	struct backlog_item *first, **end;
	size_t count;
	bool has_facts;
};

struct intake_batch *intake_batch_new(struct intake *intake)
{
	struct intake_batch *batch = xcalloc(1, sizeof(*batch));

	batch->intake = intake;
	batch->end = &batch->first;
	return batch;
}

/* The first item, which the caller takes; NULL: none is left. */
static struct backlog_item *batch_take(struct intake_batch *batch)
{
	struct backlog_item *item = batch->first;

	if (item == NULL)
		return NULL;
	batch->first = item->next;
	batch->count--;
	if (batch->first == NULL)
		batch->end = &batch->first;
	return item;
}

static void batch_empty(struct intake_batch *batch)
{
	struct backlog_item *item;

	while ((item = batch_take(batch)) != NULL) {
		intake_item_clear(item, false);
		free(item);
	}
	batch->has_facts = false;
}

void intake_batch_free(struct intake_batch *batch)
{
	if (batch == NULL)
		return;
	batch_empty(batch);
	free(batch);
}

void intake_batch_append(struct intake_batch *batch, struct envelope *envelope, struct body *body,
    const struct fact *facts, size_t fact_count)
{
	struct backlog_item *item = xcalloc(1, sizeof(*item));

	item->head = (struct buf)BUF_INIT(RECORD_HEAD_MAX);
	item->has_message = envelope != NULL;
	item->fact_count = fact_count;
	if (envelope != NULL) {
		assert(body->fd < 0); /* it is finished */
		assert(body->path == NULL || strstr(body->path, envelope->id.text) != NULL); /* recovery finds it by the id */
		envelope->size = envelope_parts_size(envelope, body->size, false);
		item->envelope = *envelope;
		item->body = *body;
		*envelope = (struct envelope){0};
		body_init(body, item->body.spool);
	}
	for (size_t i = 0; i < fact_count; i++)
		item->has_facts = item->has_facts || facts[i].kind != FACT_ATTEMPT;
	record_write(facts, fact_count, item->has_message ? &item->envelope : NULL,
	    item->has_message && item->body.path != NULL ? &item->body.checksum : NULL, &item->head);
	*batch->end = item;
	batch->end = &item->next;
	batch->count++;
	batch->has_facts = batch->has_facts || fact_count > 0;
}

void intake_batch_apply(struct intake_batch *batch, intake_apply_fn apply, void *context)
{
	struct backlog_item *last = batch->first;

	while (last->next != NULL)
		last = last->next;
	last->apply = apply;
	last->context = context;
}

static int append_item(struct segment *segment, const struct backlog_item *item, bool *broken,
    struct error *error)
{
	bool inline_body = item->has_message && item->body.path == NULL;

	if (item->has_message && item->envelope.is_full)
		return error_set(error, ERROR_LIMIT,
		    N_("the message has more than %d recipients, the members of groups counted: use smaller groups"), ENVELOPE_PLACES_MAX);
	if (item->head.overflow)
		return error_set(error, ERROR_LIMIT, N_("the envelope of the message is too long"));
	return wal_append(segment->wal, buf_slice(&item->head),
	    inline_body ? buf_slice(&item->body.memory) : SLICE_NONE, broken, error);
}

/* A removal makes room, so it may use the last free space. */
static int append_or_spend(struct intake *intake, struct segment *segment, const struct backlog_item *item, bool *broken,
    struct error *error)
{
	if (append_item(segment, item, broken, error) == 0)
		return 0;
	if (*broken || item->has_message || !reserve_spend(intake->spool, error))
		return -1;
	return append_item(segment, item, broken, error);
}

/* Writes all records of a batch to one segment. On failure none of them is in it. */
static int append_batch(struct intake *intake, struct intake_batch *batch, struct error *error)
{
	struct segment *segment;
	bool broken = false;
	uint64_t before;

	if (intake->current == NULL && segment_begin(intake, error) != 0)
		return -1;
	segment = intake->current;
	before = segment->wal->size;
	segment->wal->is_busy = segment->records >= intake->reuse_after;
	for (const struct backlog_item *item = batch->first; item != NULL; item = item->next) {
		struct error cut_error;

		if (append_or_spend(intake, segment, item, &broken, error) == 0)
			continue;
		if (broken ||
		    wal_take_back(segment->wal, before, &cut_error) != 0)
			segment_break(intake, segment);
		return -1;
	}
	for (const struct backlog_item *item = batch->first; item != NULL; item = item->next)
		segment->has_facts = segment->has_facts || item->has_facts;
	segment->records += batch->count;
	segment->pending += batch->count;
	return 0;
}

/* *segment is the segment that has the batch, durable or not; NULL: none. */
static int append_and_sync(struct intake *intake, struct intake_batch *batch, struct segment **segment, struct error *error)
{
	*segment = NULL;
	if (append_batch(intake, batch, error) != 0)
		return -1;
	*segment = intake->current;
	if (segment_commit(intake, *segment, (*segment)->wal->size, error) != 0)
		return -1;
	for (struct backlog_item *item = batch->first; item != NULL; item = item->next) {
		item->segment = *segment;
		if (item->has_message && item->body.path != NULL)
			strlist_add(&(*segment)->body_files, item->body.path);
	}
	return 0;
}

static void batch_refused(struct intake *intake, struct segment *segment, size_t count)
{
	segment->pending -= count;
	intake_wake(intake);
}

void intake_item_ended(struct intake *intake, struct segment *segment, size_t failed)
{
	segment->pending--;
	segment->owed = segment->owed || failed > 0;
	intake_wake(intake);
}

/* A failed sync says nothing about another file: it is retried once in a new segment, which voids the first one if
 * necessary. So a short failure of the disk causes no refusal, and a message that the smarthost has accepted is not sent
 * again. */
static int append_durably(struct intake *intake, struct intake_batch *batch, struct segment **segment, struct error *error)
{
	if (append_and_sync(intake, batch, segment, error) == 0)
		return 0;
	if (*segment == NULL)
		return -1;
	batch_refused(intake, *segment, batch->count);
	if (append_and_sync(intake, batch, segment, error) == 0)
		return 0;
	if (*segment != NULL)
		batch_refused(intake, *segment, batch->count);
	return -1;
}

/* Facts without a message are applied at once. */
static void apply_alone(struct intake *intake, struct backlog_item *item)
{
	size_t failed = intake_deliver_item(intake, item);

	pthread_mutex_lock(&intake->lock);
	intake_item_ended(intake, item->segment, failed);
	pthread_mutex_unlock(&intake->lock);
	intake_item_clear(item, true);
	free(item);
}

/* Durable: the messages go into the backlog. If the batch has facts, all of it is delivered and applied here. */
static void hand_over(struct intake *intake, struct intake_batch *batch)
{
	size_t awaited = 0;
	struct backlog_item *item;

	for (item = batch->first; item != NULL; item = item->next)
		if (item->has_message)
			intake_note_item(intake, item);
	while ((item = batch_take(batch)) != NULL) {
		if (!item->has_message) {
			apply_alone(intake, item);
			continue;
		}
		pthread_mutex_lock(&intake->lock);
		if (batch->has_facts) {
			awaited++;
			item->awaited = &awaited;
		}
		backlog_add(intake, item);
	}
	pthread_mutex_lock(&intake->lock);
	backlog_await_count(intake, &awaited);
	pthread_mutex_unlock(&intake->lock);
	batch->has_facts = false;
}

int intake_batch_commit(struct intake_batch *batch, struct error *error)
{
	struct intake *intake = batch->intake;
	struct segment *segment;
	int result;

	if (batch->count == 0)
		return 0;
	pthread_mutex_lock(&intake->lock);
	result = append_durably(intake, batch, &segment, error);
	intake->in_trouble = intake->in_trouble && result != 0;
	pthread_mutex_unlock(&intake->lock);

	if (result == 0)
		hand_over(intake, batch);
	else if (error->class == ERROR_IO)
		note_trouble(intake, error);
	batch_empty(batch);
	return result;
}

void intake_await(struct intake *intake, const char *user)
{
	pthread_mutex_lock(&intake->lock);
	backlog_await(intake, user);
	pthread_mutex_unlock(&intake->lock);
}

void intake_await_others(const struct spool *spool)
{
	char *path = layout_wal(spool, DELIVERIES_SIGN);
	int64_t deadline = clock_now_ms() + OTHERS_WAIT_MS;

	while (busy_is_set(path) && clock_left_ms(deadline) > 0)
		poll(NULL, 0, 1);
	free(path);
}

int intake_accept(struct intake *intake, struct envelope *envelope, struct body *body,
    const struct fact *facts, size_t fact_count, struct error *error)
{
	struct intake_batch batch = {.intake = intake, .end = &batch.first};

	intake_batch_append(&batch, envelope, body, facts, fact_count);
	return intake_batch_commit(&batch, error);
}

int intake_accept_text(struct intake *intake, struct envelope *envelope, struct slice text,
    const struct fact *facts, size_t fact_count, struct error *error)
{
	struct body body;

	body_init(&body, intake->spool);
	if (body_append(&body, text, &envelope->id, error) == 0 && body_finish(&body, error) == 0)
		return intake_accept(intake, envelope, &body, facts, fact_count, error);
	envelope_clear(envelope);
	body_clear(&body, false);
	return -1;
}

/* --- transition 4: remove */

int intake_remove(struct intake *intake, const char *mailbox, const char *const *uniques, size_t count,
    struct error *error)
{
	struct fact *facts = xcalloc(count, sizeof(*facts));
	int result;

	for (size_t i = 0; i < count; i++)
		facts[i] = (struct fact){.kind = FACT_REMOVE, .name = mailbox, .text = uniques[i]};
	result = intake_accept(intake, NULL, NULL, facts, count, error);
	free(facts);
	return result;
}

/* --- notes and room */

int intake_check_known(struct intake *intake, struct error *error)
{
	bool is_blind;

	pthread_mutex_lock(&intake->lock);
	is_blind = intake->is_blind;
	pthread_mutex_unlock(&intake->lock);
	if (!is_blind)
		return 0;
	return error_set(error, ERROR_TEMPORARY,
	    N_("cannot read the intake log in %s/wal, so lanpost does not know which messages were "
	       "already fetched and sent. Fetching and sending stop until it can be read; the log "
	       "of the program has the reason"), intake->spool->folder);
}

void intake_set_session(struct intake *intake, const char *session)
{
	intake->session = session;
}

void intake_journal(struct intake *intake, const char *id, const char *session, enum event event,
    const char *place, const char *detail)
{
	note_event(intake, id, session, event, place, detail);
}

void intake_befriend(struct intake *intake, const char *mailbox, const char *address)
{
	note_friend(intake, mailbox, address);
}

int intake_write_notes(struct intake *intake, struct error *error)
{
	int result;

	/* The second caller finds the notes in the state. */
	pthread_mutex_lock(&intake->flushing);
	result = note_write_all(intake, error);
	pthread_mutex_unlock(&intake->flushing);
	return result;
}

/* The checkpoint thread gives back what it keeps for speed. */
static bool call_for_room(struct intake *intake)
{
	pthread_mutex_lock(&intake->lock);
	intake_wake(intake);
	pthread_mutex_unlock(&intake->lock);
	return false;
}

bool intake_has_room(struct intake *intake, uint64_t bytes)
{
	if (bytes <= ROOMY_BYTES && clock_now_ms() < atomic_load(&intake->roomy_until))
		return true;
	if (!reserve_has_room(intake->spool, 2 * (uint64_t)ROOMY_BYTES))
		return reserve_has_room(intake->spool, bytes) || call_for_room(intake);
	atomic_store(&intake->roomy_until, clock_now_ms() + ROOMY_MS);
	return bytes <= ROOMY_BYTES || reserve_has_room(intake->spool, bytes);
}
