/*
 * Accept, commit, deliver, remove. QUEUE.md numbers the transitions; the comments here cite the numbers.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/cond.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/log.h"
#include "spool/log/deliver.h"
#include "spool/log/intake_priv.h"
#include "spool/log/record.h"
#include "spool/layout_priv.h"
#include "spool/queue/queue_priv.h"
#include "spool/reserve.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CHECKPOINT_MS 1000
#define BUSY_RECORDS 32
#define WRITER_WAIT_SECONDS 60
#define ROOMY_BYTES (1u << 30) /* twice as much space is not filled within ROOMY_MS */
#define ROOMY_MS 1000

void intake_wake(struct intake *intake)
{
	assert(cond_is_locked(&intake->lock));
	if (!intake->dirty)
		pthread_cond_signal(&intake->wake);
	intake->dirty = true;
}

/* --- transition 1: append and commit */

struct batch_item {
	struct envelope envelope;
	struct body body;
	bool has_message;
	struct buf head;
	size_t fact_count;
	bool has_facts; /* facts that other segments may need: a single attempt is only for the journal */
};

struct intake_batch {
	struct intake *intake;
	struct batch_item *items;
	size_t count;
};

struct intake_batch *intake_batch_new(struct intake *intake)
{
	struct intake_batch *batch = xcalloc(1, sizeof(*batch));

	batch->intake = intake;
	return batch;
}

/* Accepted: body files belong to the log now. */
static void batch_empty(struct intake_batch *batch, bool accepted)
{
	for (size_t i = 0; i < batch->count; i++) {
		struct batch_item *item = &batch->items[i];

		buf_clear(&item->head);
		if (item->has_message) {
			envelope_clear(&item->envelope);
			body_clear(&item->body, accepted);
		}
	}
	free(batch->items);
	batch->items = NULL;
	batch->count = 0;
}

void intake_batch_free(struct intake_batch *batch)
{
	if (batch == NULL)
		return;
	batch_empty(batch, false);
	free(batch);
}

void intake_batch_append(struct intake_batch *batch, struct envelope *envelope, struct body *body,
    const struct fact *facts, size_t fact_count)
{
	struct batch_item item = {
	    .head = BUF_INIT(RECORD_HEAD_MAX),
	    .has_message = envelope != NULL,
	    .fact_count = fact_count,
	};

	if (envelope != NULL) {
	assert(body->fd < 0); /* it is finished */
		envelope->size = strlen(envelope->header) + strlen(envelope->insert) + body->size;
		item.envelope = *envelope;
		item.body = *body;
		*envelope = (struct envelope){0};
		body_init(body, item.body.spool);
	}
	for (size_t i = 0; i < fact_count; i++)
		item.has_facts = item.has_facts || facts[i].kind != FACT_ATTEMPT;
	record_write(facts, fact_count, item.has_message ? &item.envelope : NULL,
	    item.has_message && item.body.path != NULL ? &item.body.checksum : NULL, &item.head);
	ARRAY_GROW(batch->items, batch->count);
	batch->items[batch->count++] = item;
}

static int append_item(struct segment *segment, const struct batch_item *item, bool *broken,
    struct error *error)
{
	bool inline_body = item->has_message && item->body.path == NULL;

	if (item->head.overflow)
		return error_set(error, ERROR_LIMIT, N_("the envelope of the message is too long"));
	return wal_append(segment->wal, buf_slice(&item->head),
	    inline_body ? buf_slice(&item->body.memory) : SLICE_NONE, broken, error);
}

/* A removal makes room, so it may use the last free space. */
static int append_or_spend(struct intake *intake, struct segment *segment, const struct batch_item *item, bool *broken,
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
	for (size_t i = 0; i < batch->count; i++) {
		struct error cut_error;

		if (append_or_spend(intake, segment, &batch->items[i], &broken, error) == 0)
			continue;
		if (broken ||
		    fsx_truncate(segment->wal->fd, before, segment->wal->path, &cut_error) != 0)
			segment_break(intake, segment);
		else
			segment->wal->size = before;
		return -1;
	}
	for (size_t i = 0; i < batch->count; i++) {
		const struct batch_item *item = &batch->items[i];

		segment->has_facts = segment->has_facts || item->has_facts;
	}
	segment->records += batch->count;
	segment->pending += batch->count;
	return 0;
}

/* --- transition 2: deliver */

void intake_delivered(void *context, const struct envelope *envelope, const struct place *place,
    const struct error *error)
{
	struct intake *intake = context;

	note_delivered(intake, envelope, place, error);
	if (error != NULL)
		intake_owe(intake, envelope, place, DEBT_OWED);
	else if (intake->debts.count > 0)
		intake_paid(intake, envelope, place);
	if (error != NULL)
		log_warnx("event=delivery-failed id=%s place=%s reason=%s (will be tried again)",
		    envelope->id.text, LOG_CSTR(place->name), LOG_ERROR(error));
	else if (intake->delivered != NULL)
		intake->delivered(intake->context, place);
}

static size_t deliver_message(struct intake *intake, struct batch_item *item)
{
	struct delivery delivery = {
	    .spool = intake->spool,
	    .hostname = intake->hostname,
	    .state = intake->state,
	    .envelope = &item->envelope,
	    .report = intake_delivered,
	    .context = intake,
	};
	struct error error;

	if (body_view(&item->body, &delivery.body, &error) != 0) {
		log_warnx("event=delivery-failed id=%s reason=%s (will be tried again)",
		    item->envelope.id.text, LOG_ERROR(&error));
		for (size_t i = 0; i < item->envelope.place_count; i++)
			intake_owe(intake, &item->envelope, &item->envelope.places[i], DEBT_OWED);
		return 1;
	}
	note_accepted(intake, &item->envelope, delivery.body);
	return deliver_places(&delivery);
}

/* The facts are read back from the record, so that exactly the durable facts are applied. */
static size_t apply_item_facts(struct intake *intake, const struct batch_item *item)
{
	struct record record;
	struct error error;
	size_t failed = 0;

	if (record_parse(buf_slice(&item->head), &record, &error) != 0)
		return 1;
	note_facts(intake, record.facts, record.fact_count);
	if (intake_apply_facts(intake, record.facts, record.fact_count, &error) != 0) {
		log_warnx("event=removal-failed reason=%s (will be tried again)",
		    LOG_ERROR(&error));
		failed = 1;
	}
	record_clear(&record);
	return failed;
}

static size_t deliver_item(struct intake *intake, struct batch_item *item)
{
	size_t failed = item->has_message ? deliver_message(intake, item) : 0;

	return item->fact_count > 0 ? failed + apply_item_facts(intake, item) : failed;
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
	for (size_t i = 0; i < batch->count; i++)
		if (batch->items[i].has_message && batch->items[i].body.path != NULL)
			strlist_add(&(*segment)->body_files, batch->items[i].body.path);
	return 0;
}

static void batch_ended(struct intake *intake, struct segment *segment, size_t count, size_t failed)
{
	segment->pending -= count;
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
	batch_ended(intake, *segment, batch->count, 0);
	if (append_and_sync(intake, batch, segment, error) == 0)
		return 0;
	if (*segment != NULL)
		batch_ended(intake, *segment, batch->count, 0);
	return -1;
}

int intake_batch_commit(struct intake_batch *batch, struct error *error)
{
	struct intake *intake = batch->intake;
	struct segment *segment;
	size_t count = batch->count, failed = 0;
	int result;

	if (count == 0)
		return 0;
	pthread_mutex_lock(&intake->lock);
	result = append_durably(intake, batch, &segment, error);
	intake->in_trouble = intake->in_trouble && result != 0;
	pthread_mutex_unlock(&intake->lock);

	if (result != 0 && error->class == ERROR_IO)
		note_trouble(intake, error);
	for (size_t i = 0; i < count && result == 0; i++)
		failed += deliver_item(intake, &batch->items[i]);
	batch_empty(batch, result == 0);
	if (result != 0)
		return -1;

	pthread_mutex_lock(&intake->lock);
	batch_ended(intake, segment, count, failed);
	pthread_mutex_unlock(&intake->lock);
	return 0;
}

int intake_accept(struct intake *intake, struct envelope *envelope, struct body *body,
    const struct fact *facts, size_t fact_count, struct error *error)
{
	struct intake_batch batch = {.intake = intake};

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

int intake_remove(struct intake *intake, const char *user, const char *const *uniques, size_t count,
    struct error *error)
{
	struct fact *facts = xcalloc(count, sizeof(*facts));
	int result;

	for (size_t i = 0; i < count; i++)
		facts[i] = (struct fact){.kind = FACT_REMOVE, .name = user, .text = uniques[i]};
	result = intake_accept(intake, NULL, NULL, facts, count, error);
	free(facts);
	return result;
}

/* --- life */

static void init_locks(struct intake *intake)
{
	pthread_mutex_init(&intake->flushing, NULL);
	pthread_mutex_init(&intake->lock, NULL);
	pthread_cond_init(&intake->synced, NULL);
	cond_init(&intake->wake);
}

static void intake_free(struct intake *intake)
{
	pthread_mutex_destroy(&intake->flushing);
	pthread_mutex_destroy(&intake->lock);
	pthread_cond_destroy(&intake->synced);
	pthread_cond_destroy(&intake->wake);
	note_free_all(intake->notes);
	note_free_all(intake->logins);
	strlist_clear(&intake->voids);
	map_clear(&intake->unsettled);
	map_clear(&intake->trust);
	map_clear(&intake->debts);
	if (intake->sync_fd >= 0)
		close(intake->sync_fd);
	if (intake->writer_lock >= 0)
		close(intake->writer_lock);
	free(intake->hostname);
	free(intake);
}

static int make_folders(const struct spool *spool, struct error *error)
{
	char *wal = layout_wal(spool, ""), *mailboxes = layout_mailboxes(spool);
	int result = 0;

	if (fsx_make_dirs(wal, error) != 0 || fsx_make_dirs(mailboxes, error) != 0 ||
	    queue_make(spool, error) != 0)
		result = -1;
	free(wal);
	free(mailboxes);
	return result;
}

/* A process that was just killed may still exist for a moment. Until it is gone, its segments look alive, and
 * its messages would be fetched again: so wait for it. */
static int lock_writer(struct intake *intake, struct error *error)
{
	char *file = xasprintf("%s.lock", intake->writer), *path = layout_wal(intake->spool, file);

	intake->writer_lock = fsx_lock_file(path, WRITER_WAIT_SECONDS, error);
	free(file);
	free(path);
	return intake->writer_lock < 0 ? -1 : 0;
}

int intake_open(struct intake **out, const struct intake_options *options, size_t *recovered,
    struct error *error)
{
	struct intake *intake;
	size_t count = 0;
	int result;

	if (make_folders(options->spool, error) != 0)
		return -1;
	intake = xcalloc(1, sizeof(*intake));
	intake->spool = options->spool;
	intake->hostname = xstrdup(options->hostname);
	intake->checkpoint_ms = options->checkpoint_ms > 0 ? options->checkpoint_ms : CHECKPOINT_MS;
	intake->reuse_after = options->reuse_after > 0 ? options->reuse_after : BUSY_RECORDS;
	intake->writer = options->writer;
	intake->state = options->state;
	intake->session = "";
	intake->delivered = options->delivered;
	intake->context = options->context;
	intake->notes_end = &intake->notes;
	intake->writer_lock = -1;
	intake->sync_fd = fsx_open_filesystem(intake->spool->folder, error);
	init_locks(intake);

	if (intake->sync_fd < 0 || lock_writer(intake, error) != 0) {
		intake_free(intake);
		return -1;
	}
	/* A place that fails does not prevent delivery to the others: it stays owed. */
	if (recover_orphans(intake, &count, error) != 0) {
		log_warnx("event=recovery-incomplete reason=%s (will be tried again)",
		    LOG_ERROR(error));
		intake->owed = true;
	}
	sweep_spool(intake);
	if (recovered != NULL)
		*recovered = count;
	pthread_mutex_lock(&intake->lock);
	result = segment_begin(intake, error);
	pthread_mutex_unlock(&intake->lock);
	if (result != 0) {
		intake_free(intake);
		return -1;
	}
	if (pthread_create(&intake->checkpointer, NULL, checkpoint_thread, intake) != 0) {
		segment_free(intake->current);
		intake_free(intake);
		return error_set(error, ERROR_TEMPORARY, N_("cannot start the checkpoint thread"));
	}
	reserve_keep(intake->spool);
	*out = intake;
	return 0;
}

/* An empty segment can be removed; one with records is recovered at the next start. */
static void drop_unused(struct segment *segment)
{
	struct error ignored;

	if (segment == NULL)
		return;
	if (segment->records == 0 && !segment->has_facts)
		fsx_unlink(segment->wal->path, &ignored);
	segment_free(segment);
}

int intake_close(struct intake *intake, struct error *error)
{
	int result;

	if (intake == NULL)
		return 0;
	pthread_mutex_lock(&intake->lock);
	intake->stopping = true;
	pthread_cond_signal(&intake->wake);
	pthread_mutex_unlock(&intake->lock);
	pthread_join(intake->checkpointer, NULL);

	result = checkpoint_run(intake, error);
	drop_unused(intake->current);
	drop_unused(intake->prepared);
	while (intake->blank_count > 0)
		wal_discard(intake->blank[--intake->blank_count]);
	while (intake->withdrawn_count > 0)
		wal_discard(intake->withdrawn[--intake->withdrawn_count]);
	while (intake->closed != NULL) {
		struct segment *next = intake->closed->next;

		segment_free(intake->closed);
		intake->closed = next;
	}
	intake_free(intake);
	return result;
}

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
