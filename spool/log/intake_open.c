/*
 * Begins and ends an intake: its locks, the recovery of dead processes, the last checkpoint.
 */
#include "base/alloc.h"
#include "base/cond.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/process/busy.h"
#include "spool/layout_priv.h"
#include "spool/log/intake_priv.h"
#include "spool/queue/queue_priv.h"
#include "spool/reserve.h"

#include <stdlib.h>
#include <unistd.h>

#define CHECKPOINT_MS 1000
#define BUSY_RECORDS 32
#define WRITER_WAIT_SECONDS 60

static void init_locks(struct intake *intake)
{
	pthread_rwlock_init(&intake->changing, NULL);
	pthread_mutex_init(&intake->flushing, NULL);
	pthread_mutex_init(&intake->lock, NULL);
	pthread_cond_init(&intake->synced, NULL);
	cond_init(&intake->wake);
}

static void intake_free(struct intake *intake)
{
	pthread_rwlock_destroy(&intake->changing);
	pthread_mutex_destroy(&intake->flushing);
	pthread_mutex_destroy(&intake->lock);
	pthread_cond_destroy(&intake->synced);
	pthread_cond_destroy(&intake->wake);
	backlog_clear(&intake->backlog);
	note_free_all(intake->notes);
	note_free_all(intake->logins);
	strlist_clear(&intake->voids);
	map_clear(&intake->unsettled);
	map_clear(&intake->trust);
	map_clear(&intake->debts);
	map_clear(&intake->change_debts);
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

/* Without it other processes only see less. */
static int open_sign(const struct spool *spool)
{
	char *path = layout_wal(spool, DELIVERIES_SIGN);
	struct error ignored;
	int fd = busy_open(path, &ignored);

	free(path);
	return fd;
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
	backlog_init(&intake->backlog, options->delivers_late ? 0 : BACKLOG_THREADS, open_sign(intake->spool));

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
	backlog_close(intake);
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
