/* The life of a segment of this process: begun, appended to, made durable, closed, or broken and never
 * trusted again. */
#include "spool/log/segment.h"

#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/cond.h"
#include "base/log.h"
#include "spool/log/intake_priv.h"
#include "spool/log/record.h"
#include "spool/reserve.h"

#include <assert.h>
#include <stdlib.h>

void segment_free(struct segment *segment)
{
	wal_close(segment->wal);
	strlist_clear(&segment->body_files);
	free(segment);
}

/* Writes into a new segment which parts of broken ones are void. */
static int append_voids(struct intake *intake, struct wal *wal, struct error *error)
{
	struct buf head = BUF_INIT(RECORD_HEAD_MAX);
	bool broken = false;
	int result = 0;

	for (size_t i = 0; i < intake->voids.count; i++) {
		struct slice offset = slice_of(intake->voids.items[i]);
		struct slice file = slice_cut(&offset, ' ');
		char *name;

		if (slice_is(file, wal->name.file)) /* that one was retired, and this one got its name */
			continue;
		name = slice_dup(file);
		record_write(&(struct fact){.kind = FACT_VOID, .name = name, .text = offset.ptr}, 1,
		    NULL, NULL, &head);
		free(name);
	}
	if (head.len > 0) {
		result = wal_append(wal, buf_slice(&head), SLICE_NONE, &broken, error);
		if (result == 0)
			result = wal_sync(wal, error);
		if (result == 0)
			wal->durable = wal->size;
	}
	buf_clear(&head);
	return result;
}

static struct segment *segment_new(struct intake *intake, struct wal *blank, struct error *error)
{
	struct segment *segment = xcalloc(1, sizeof(*segment));
	int result = wal_create(&segment->wal, intake->spool, intake->writer, blank, error);

	if (result != 0 && reserve_spend(intake->spool, error))
		result = wal_create(&segment->wal, intake->spool, intake->writer, NULL, error);
	if (result == 0)
		return segment;
	segment_free(segment);
	return NULL;
}

int segment_begin(struct intake *intake, struct error *error)
{
	struct segment *segment;

	assert(cond_is_locked(&intake->lock));
	/* Two new segments at the same time would get the same name. */
	while (intake->is_preparing)
		pthread_cond_wait(&intake->synced, &intake->lock);
	if (intake->current != NULL) /* another thread has begun it meanwhile */
		return 0;
	segment = intake->prepared != NULL ? intake->prepared : segment_new(intake, NULL, error);
	intake->prepared = NULL;
	if (segment == NULL)
		return -1;
	if (append_voids(intake, segment->wal, error) != 0) {
		segment_free(segment);
		return -1;
	}
	segment->has_facts = intake->voids.count > 0;
	strlist_clear(&intake->voids);
	intake->current = segment;
	return 0;
}

void segment_prepare(struct intake *intake)
{
	struct segment *segment;
	struct error ignored;
	bool is_wanted;

	pthread_mutex_lock(&intake->lock);
	is_wanted = !intake->stopping && intake->prepared == NULL && intake->current != NULL && intake->current->records > 0;
	intake->is_preparing = is_wanted;
	pthread_mutex_unlock(&intake->lock);
	if (!is_wanted)
		return;
	/* If it cannot be created now, it is created, or the failure reported, when needed. */
	segment = segment_new(intake, intake->blank_count > 0 ? intake->blank[--intake->blank_count] : NULL, &ignored);
	pthread_mutex_lock(&intake->lock);
	intake->prepared = segment;
	intake->is_preparing = false;
	pthread_cond_broadcast(&intake->synced);
	pthread_mutex_unlock(&intake->lock);
}

int segment_retire(struct intake *intake, struct segment *segment, struct error *error)
{
	if (segment->has_facts)
		return wal_to_facts(intake->spool, &segment->wal->name, error);
	if (segment->records < intake->reuse_after || segment->broken ||
	    intake->blank_count + intake->withdrawn_count == BLANKS_MAX)
		return fsx_unlink(segment->wal->path, error);
	if (wal_withdraw(segment->wal, error) != 0)
		return -1;
	intake->withdrawn[intake->withdrawn_count++] = segment->wal;
	segment->wal = NULL;
	return 0;
}

void segment_give_back(struct intake *intake)
{
	if (intake->blank_count == 0 || reserve_has_room(intake->spool, WAL_BLANK_MAX))
		return;
	while (intake->blank_count > 0)
		wal_discard(intake->blank[--intake->blank_count]);
}

void segment_blank(struct intake *intake)
{
	struct error ignored;

	while (intake->withdrawn_count > 0) {
		struct wal *wal = intake->withdrawn[--intake->withdrawn_count];

		if (reserve_has_room(intake->spool, WAL_BLANK_MAX) && wal_blank(wal, &ignored) == 0)
			intake->blank[intake->blank_count++] = wal;
		else
			wal_discard(wal);
	}
}

void segment_close(struct intake *intake, struct segment *segment)
{
	assert(cond_is_locked(&intake->lock));
	if (intake->current != segment)
		return;
	intake->current = NULL;
	segment->next = intake->closed;
	intake->closed = segment;
}

void segment_break(struct intake *intake, struct segment *segment)
{
	struct error error;
	char *what;

	assert(cond_is_locked(&intake->lock));
	if (segment->broken)
		return;
	segment->broken = true;
	segment_close(intake, segment);
	if (wal_cut(segment->wal, &error) == 0)
		return;
	log_warnx("event=log-segment-broken file=%s reason=%s", segment->wal->name.file,
	    LOG_ERROR(&error));
	what = xasprintf("%s %llu", segment->wal->name.file,
	    (unsigned long long)segment->wal->durable);
	strlist_add(&intake->voids, what);
	free(what);
}

int segment_commit(struct intake *intake, struct segment *segment, uint64_t size,
    struct error *error)
{
	assert(cond_is_locked(&intake->lock));
	while (segment->wal->durable < size) {
		struct wal snapshot;
		uint64_t target;
		int result;

		if (segment->broken)
			return error_set(error, ERROR_IO,
			    N_("cannot write the intake log; the log has the reason"));
		if (segment->syncing) {
			pthread_cond_wait(&intake->synced, &intake->lock);
			continue;
		}
		segment->syncing = true;
		snapshot = *segment->wal;
		target = segment->wal->size;
		pthread_mutex_unlock(&intake->lock);
		result = wal_sync(&snapshot, error);
		pthread_mutex_lock(&intake->lock);
		segment->syncing = false;
		pthread_cond_broadcast(&intake->synced);
		if (result != 0) {
			segment_break(intake, segment);
			return -1;
		}
		if (!segment->broken) /* by another thread meanwhile: these bytes are cut off, or void */
			segment->wal->durable = target;
	}
	return 0;
}
