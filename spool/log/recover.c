/*
 * Transition 6 of QUEUE.md: delivers what a dead process (or a failed delivery of our own) still
 * owes.
 *
 * The order is the proof: first look for the files of each id, then read the facts of all
 * segments, then deliver every message that is neither there nor removed.
 */
#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/log.h"
#include "spool/layout_priv.h"
#include "spool/log/recover_priv.h"
#include "spool/log/wal_hold.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define RECOVERY_WAIT_SECONDS 60

/* --- orphans */

/* Locks a .log if no living process has it. *orphan stays NULL if a process has it, or if it is gone. Returns -1 if it
 * cannot be opened: then its content is unknown. */
static int orphan_take(struct intake *intake, const struct wal_name *name, struct orphan **orphan, struct error *error)
{
	char *path = layout_wal(intake->spool, name->file);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), result = 0;
	struct stat mine, named;

	if (fd < 0 && errno != ENOENT)
		result = error_errno(error, N_("cannot open %s"), path);
	/* Checks again: another process may have recovered and renamed it before we had the lock. */
	if (fd >= 0 && fsx_lock(fd) && fstat(fd, &mine) == 0 && stat(path, &named) == 0 &&
	    mine.st_ino == named.st_ino) {
		*orphan = xcalloc(1, sizeof(**orphan));
		(*orphan)->name = *name;
		(*orphan)->fd = fd;
		(*orphan)->trust = intake_trust(intake, name->file);
		(*orphan)->is_ours = (*orphan)->trust != LOG_STRANGE;
	} else if (fd >= 0) {
		close(fd);
	}
	free(path);
	return result;
}

static void orphans_free(struct orphan *orphans)
{
	while (orphans != NULL) {
		struct orphan *next = orphans->next;

		close(orphans->fd);
		strlist_clear(&orphans->body_files);
		free(orphans);
		orphans = next;
	}
}

static int orphans_take(struct intake *intake, struct orphan **first, struct error *error)
{
	struct orphan **end = first;
	struct wal_names names;
	int result = wal_list(intake->spool, &names, error);

	for (size_t i = 0; i < names.count && result == 0; i++) {
		if (names.items[i].state != WAL_LOG)
			continue;
		result = orphan_take(intake, &names.items[i], end, error);
		if (*end != NULL)
			end = &(*end)->next;
	}
	wal_names_clear(&names);
	return result;
}

/* --- pass 2: deliver */

static void redelivered(void *context, const struct envelope *envelope, const struct place *place,
    const struct error *error)
{
	struct recovery *recovery = context;

	intake_delivered(recovery->intake, envelope, place, error);
	if (error == NULL)
		recovery->served++;
}

static const char *over(void *context)
{
	const struct recovery *recovery = context;

	return recovery->over;
}

/* Its record is valid, its bytes are not: they are kept and reported. */
static int body_damaged(struct recovery *recovery, const struct record *record, struct slice body, struct error *error)
{
	char *name = xasprintf("%s.body", record->envelope.id.text);
	int result = fsx_check_map(body, error);

	if (result == 0)
		result = recover_set_aside(recovery, name, body, error);
	free(name);
	return result;
}

/* The bytes of a message: in the record, or in the file that it names. Returns 1 if they are damaged or lost: then
 * delivered files are not changed. */
static int open_body(struct recovery *recovery, const struct record *record, struct slice *body,
    struct error *error)
{
	char *path;
	int result;

	if (!record->body_in_file)
		return 0;
	path = layout_body(recovery->intake->spool, record->envelope.id.text);
	result = fsx_map(path, body, error);
	if (result != 0 && error->saved_errno == ENOENT) {
		log_warnx("event=body-lost id=%s path=%s", record->envelope.id.text, LOG_CSTR(path));
		result = recover_set_aside(recovery, strrchr(path, '/') + 1, SLICE_NONE, error) == 0 ? 1 : -1;
	} else if (result == 0 && record->has_checksum &&
		   crc32_z(0, (const unsigned char *)body->ptr, body->len) != record->checksum) {
		result = body_damaged(recovery, record, *body, error) == 0 ? 1 : -1;
		fsx_unmap(*body);
	}
	free(path);
	return result;
}

static void deliver(struct recovery *recovery, struct delivery *delivery)
{
	struct intake *intake = recovery->intake;
	const struct envelope *envelope = delivery->envelope;
	size_t served = recovery->served;

	recovery->delivery = delivery;
	if (recovery->orphan->trust != LOG_DURABLE) {
		note_accepted(intake, envelope, delivery->body);
		note_first_copies(intake, envelope);
	}
	recover_check_queue(recovery);
	recovery->failed += deliver_places(delivery);
	free(recovery->over);
	recovery->over = NULL;
	if (recovery->served == served)
		return;
	recovery->recovered++;
	intake_journal(intake, envelope->id.text, envelope->session, EVENT_RECOVERED, "", recovery->orphan->name.file);
}

static int redeliver(struct recovery *recovery, void *context, struct record *record,
    struct slice body, struct error *error)
{
	struct orphan *orphan = context;
	struct envelope *envelope = &record->envelope;
	struct delivery delivery = {
	    .spool = recovery->intake->spool,
	    .hostname = recovery->intake->hostname,
	    .state = recovery->intake->state,
	    .envelope = envelope,
	    .body = body,
	    .wanted = recover_wants,
	    .over = over,
	    .report = redelivered,
	    .context = recovery,
	};
	int opened;

	if (!record->has_message)
		return 0;
	if (record->body_in_file) {
		char *path = layout_body(delivery.spool, envelope->id.text);

		strlist_add(&orphan->body_files, path);
		free(path);
	}
	opened = open_body(recovery, record, &delivery.body, error);
	if (opened != 0) {
		recovery->failed += opened < 0;
		log_warnx("event=body-unreadable id=%s reason=%s", envelope->id.text,
		    opened < 0 ? LOG_ERROR(error) : "damaged");
		note_accepted(recovery->intake, envelope, SLICE_NONE);
		return 0;
	}
	recovery->orphan = orphan;
	deliver(recovery, &delivery);
	if (!record->body_in_file)
		return 0;
	recovery->failed += fsx_check_map(delivery.body, error) != 0;
	fsx_unmap(delivery.body);
	return 0;
}

/* --- the whole */

static int retire_orphan(struct recovery *recovery, struct orphan *orphan, struct error *error)
{
	const struct spool *spool = recovery->intake->spool;
	char *path = layout_wal(spool, orphan->name.file);
	int result = orphan->has_facts ? wal_to_facts(spool, &orphan->name, error)
				       : fsx_unlink(path, error);

	free(path);
	return result;
}

static int each_orphan(struct recovery *recovery, struct orphan *orphans, bool report,
    record_fn fn, struct error *error)
{
	for (; orphans != NULL; orphans = orphans->next)
		if (recover_each_record(recovery, orphans->name.file, report, fn, orphans, error) != 0)
			return -1;
	return 0;
}

/* Earlier writes may only be in the cache: after a sync the cache is dropped, so that the comparison reads the disk. If
 * the sync fails, no existing file is trusted. */
static void prepare_to_compare(struct intake *intake, struct orphan *orphans)
{
	bool strange = false;
	struct error error;

	for (const struct orphan *orphan = orphans; orphan != NULL; orphan = orphan->next)
		strange = strange || orphan->trust == LOG_STRANGE;
	if (!strange || intake_sync(intake, &error) == 0)
		return;
	for (; orphans != NULL; orphans = orphans->next)
		if (orphans->trust == LOG_STRANGE)
			orphans->trust = LOG_DOUBTFUL;
}

/* Runs all passes; afterwards the work is durable, or marked as perhaps not durable. */
static int serve(struct recovery *recovery, struct orphan *orphans, struct error *error)
{
	struct intake *intake = recovery->intake;
	struct error sync_error;
	int synced, result;

	prepare_to_compare(intake, orphans);
	if (each_orphan(recovery, orphans, false, recover_look, error) != 0)
		return -1;
	/* No session changes flags between the reading of the last ones and their use. */
	pthread_rwlock_wrlock(&intake->changing);
	result = recover_read_facts(recovery, error) != 0 || each_orphan(recovery, orphans, true, redeliver, error) != 0 ||
			 each_orphan(recovery, orphans, false, recover_apply_facts, error) != 0
		     ? -1
		     : 0;
	pthread_rwlock_unlock(&intake->changing);
	if (result != 0)
		return -1;
	synced = intake_sync(intake, &sync_error);
	for (struct orphan *orphan = orphans; orphan != NULL; orphan = orphan->next)
		intake_set_trust(intake, orphan->name.file, synced == 0 ? LOG_DURABLE : LOG_DOUBTFUL);
	if (intake_write_notes(intake, error) != 0)
		return -1;
	recovery->is_blind = false;
	if (synced != 0)
		*error = sync_error;
	return synced;
}

static int retire_all(struct recovery *recovery, struct orphan *orphans, struct error *error)
{
	char *folder = layout_wal(recovery->intake->spool, "");
	int result = 0;

	for (struct orphan *orphan = orphans; orphan != NULL && result == 0; orphan = orphan->next)
		result = retire_orphan(recovery, orphan, error);
	if (result == 0)
		result = fsx_sync_dir(folder, error);
	/* A body file is removed when no power cut can bring back the record that names it. */
	for (struct orphan *orphan = orphans; orphan != NULL && result == 0; orphan = orphan->next)
		for (size_t i = 0; i < orphan->body_files.count && result == 0; i++)
			result = fsx_unlink(orphan->body_files.items[i], error);
	free(folder);
	return result;
}

static int recover(struct recovery *recovery, struct orphan *orphans, struct error *error)
{
	if (serve(recovery, orphans, error) != 0)
		return -1;
	if (recovery->failed > 0)
		return error_set(error, ERROR_TEMPORARY, N_("%zu deliveries are still pending"), recovery->failed);
	if (!recovery->may_retire)
		return error_set(error, ERROR_TEMPORARY, N_("a backup is running: the log is kept "
		    "until it has finished"));
	return retire_all(recovery, orphans, error);
}

static int recover_locked(struct recovery *recovery, struct error *error)
{
	struct intake *intake = recovery->intake;
	struct orphan *orphans = NULL;
	struct error hold_error;
	int result, retiring, held;

	result = orphans_take(intake, &orphans, error);
	held = wal_retire_begin(intake->spool, &retiring, &hold_error);
	recovery->may_retire = held == 0;
	if (result == 0 && orphans != NULL)
		result = recover(recovery, orphans, error);
	else
		recovery->is_blind = result != 0;
	if (result == 0 && recovery->may_retire)
		result = wal_sweep_facts(intake->spool, error);
	if (held == 0)
		close(retiring);
	if (held < 0 && result == 0) {
		*error = hold_error;
		result = -1;
	}
	orphans_free(orphans);
	return result;
}

int recover_orphans(struct intake *intake, size_t *recovered, struct error *error)
{
	struct recovery recovery = {.intake = intake, .is_blind = true};
	char *path = layout_wal(intake->spool, "recovery.lock");
	/* One recovery at a time: a session must not begin before another process has written the UIDLs
	 * of its predecessor to the state. */
	int lock = fsx_lock_file(path, RECOVERY_WAIT_SECONDS, error);
	int result = -1;

	free(path);
	if (lock >= 0)
		result = recover_locked(&recovery, error);
	pthread_mutex_lock(&intake->lock);
	intake->is_blind = recovery.is_blind;
	pthread_mutex_unlock(&intake->lock);
	recover_look_clear(&recovery);
	recover_facts_clear(&recovery);
	if (lock >= 0)
		close(lock);
	*recovered = recovery.recovered;
	if (recovery.recovered > 0)
		log_info("event=recovered messages=%zu", recovery.recovered);
	return result;
}
