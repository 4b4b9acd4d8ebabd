/*
 * Transition 6 of QUEUE.md: what a dead process (or a failed delivery of our own) still owes.
 *
 * The order is the proof: first look where each id stands, then read the facts of all segments, then
 * deliver what neither stands there nor was removed.
 */
#include "base/alloc.h"
#include "base/fsx.h"
#include "base/i18n.h"
#include "base/log.h"
#include "mail/deliver.h"
#include "mail/intake_priv.h"
#include "mail/wal_hold.h"
#include "mail/maildir.h"
#include "mail/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECOVERY_WAIT_SECONDS 60

struct recovery {
	struct intake *intake;
	struct map standing; /* user -> struct map of ids; looked at before the facts were read */
	struct map queued;   /* ids of queue entries that stand, looked at likewise */
	struct map facts;    /* fact_key() -> (void *)1 */
	size_t served, recovered, failed;
	bool may_retire; /* no backup is being made */
};

/* --- orphans */

struct orphan {
	struct wal_name name;
	int fd; /* holds the lock */
	struct strlist body_files;
	bool has_facts;
	struct orphan *next;
};

/* Locks a .log if no living process has it. NULL: it is somebody's, or it has just gone. */
static struct orphan *orphan_take(const char *spool, const struct wal_name *name)
{
	char *path = wal_path(spool, name->file);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct orphan *orphan = NULL;
	struct stat mine, named;

	/* The second look: another process may have recovered and renamed it before we had the lock. */
	if (fd >= 0 && fsx_lock(fd) == 0 && fstat(fd, &mine) == 0 && stat(path, &named) == 0 &&
	    mine.st_ino == named.st_ino) {
		orphan = xcalloc(1, sizeof(*orphan));
		orphan->name = *name;
		orphan->fd = fd;
	} else if (fd >= 0) {
		close(fd);
	}
	free(path);
	return orphan;
}

static void orphan_free(struct orphan *orphan)
{
	close(orphan->fd);
	strlist_clear(&orphan->body_files);
	free(orphan);
}

static struct orphan *orphans_take(const char *spool, struct error *error)
{
	struct orphan *first = NULL, **end = &first;
	struct wal_names names;

	if (wal_list(spool, &names, error) != 0)
		return NULL;
	for (size_t i = 0; i < names.count; i++) {
		if (names.items[i].state != WAL_LOG)
			continue;
		*end = orphan_take(spool, &names.items[i]);
		if (*end != NULL)
			end = &(*end)->next;
	}
	wal_names_clear(&names);
	return first;
}

/* --- facts */

/* One key a fact. A removal is kept by id where the file was ours, so that it holds whatever
 * the host part of the name was. */
static void fact_key(struct buf *key, enum fact_kind kind, const char *id, const char *name,
    const char *text)
{
	struct slice unique, unique_id;

	buf_reset(key);
	switch (kind) {
	case FACT_SENT:
	case FACT_FAILED:
		buf_printf(key, "q/%s/%s", id, name);
		break;
	case FACT_REMOVE:
		unique = slice_of(text);
		if (!maildir_unique_id(unique, &unique_id))
			unique_id = unique;
		buf_printf(key, "r/%s/%.*s", name, SLICE_PRINT(unique_id));
		break;
	case FACT_VOID:
		buf_printf(key, "v/%s", name);
		break;
	case FACT_ATTEMPT:
	case FACT_TRIGGER_DONE:
	case FACT_REPLY_DONE:
		buf_printf(key, "%d/%s", (int)kind, id);
		break;
	}
}

/* Where a segment ends to count: void facts are looked up, if they have been read already. */
static uint64_t void_offset(const struct recovery *recovery, const char *file)
{
	struct buf key = BUF_INIT(256);
	void *value;

	fact_key(&key, FACT_VOID, "", file, "");
	value = map_get(&recovery->facts, buf_slice(&key));
	buf_clear(&key);
	return value == NULL ? UINT64_MAX : (uint64_t)(uintptr_t)value;
}

typedef int (*record_fn)(struct recovery *recovery, void *context, struct record *record,
    struct slice body, struct error *error);

static void damaged(struct recovery *recovery, const char *file, uint64_t offset,
    struct slice bytes)
{
	char *name = xasprintf("%s-%llu.record", file, (unsigned long long)offset);
	struct error error;

	log_warnx("event=log-record-damaged file=%s offset=%llu bytes=%zu kept=queue/corrupt/%s", file,
	    (unsigned long long)offset, bytes.len, name);
	if (queue_set_aside(recovery->intake->spool, name, bytes, &error) != 0)
		log_warnx("event=set-aside-failed reason=%s", LOG_ERROR(&error));
	intake_journal(recovery->intake, "", "", "log-damaged", file, name);
	free(name);
}

/* Calls fn for each record of a segment. report: set damaged parts aside and say so. */
static int each_record(struct recovery *recovery, const char *file, bool report, record_fn fn,
    void *context, struct error *error)
{
	char *path = wal_path(recovery->intake->spool, file);
	uint64_t end = void_offset(recovery, file), offset;
	struct wal_reader reader;
	struct slice head, body;
	enum wal_next next;
	int result = wal_read(&reader, path, error);

	free(path);
	if (result != 0)
		return -1;
	while (result == 0 &&
	       ((next = wal_next(&reader, &offset, &head, &body)) == WAL_RECORD ||
		   next == WAL_DAMAGED)) {
		struct record record;
		struct error parse_error;

		if (offset >= end)
			break;
		if (next == WAL_DAMAGED || record_parse(head, &record, &parse_error) != 0) {
			if (report)
				damaged(recovery, file, offset, head);
			continue;
		}
		result = fn(recovery, context, &record, body, error);
		record_clear(&record);
	}
	wal_read_end(&reader);
	return result;
}

static int gather_facts(struct recovery *recovery, void *context, struct record *record,
    struct slice body, struct error *error)
{
	struct buf key = BUF_INIT(1u << 20);

	(void)context;
	(void)body;
	(void)error;
	for (size_t i = 0; i < record->fact_count; i++) {
		const struct fact *fact = &record->facts[i];
		uint64_t value = 1;

		if (fact->kind == FACT_VOID)
			slice_number(slice_of(fact->text), 1, UINT64_MAX, &value);
		fact_key(&key, fact->kind, fact->id, fact->name, fact->text);
		map_put(&recovery->facts, buf_slice(&key), (void *)(uintptr_t)value);
	}
	buf_clear(&key);
	return 0;
}

/* Reads the facts of all segments, those of living processes as well. */
static int read_facts(struct recovery *recovery, struct error *error)
{
	struct wal_names names;

	if (wal_list(recovery->intake->spool, &names, error) != 0)
		return -1;
	/* From the newest down: a void stands in a later segment than what it speaks of. A segment that goes away while we look
	 * holds only facts that nobody needs any more. */
	for (size_t i = names.count; i-- > 0;)
		each_record(recovery, names.items[i].file, false, gather_facts, NULL, error);
	wal_names_clear(&names);
	return 0;
}

/* --- pass 1: look */

static int look(struct recovery *recovery, void *context, struct record *record, struct slice body,
    struct error *error)
{
	const char *spool = recovery->intake->spool;
	struct orphan *orphan = context;
	int queued;

	(void)body;
	for (size_t i = 0; i < record->fact_count; i++)
		orphan->has_facts = orphan->has_facts || record->facts[i].kind != FACT_ATTEMPT;
	if (!record->has_message)
		return 0;
	queued = queue_is_whole(spool, &record->envelope.id, error);
	if (queued < 0)
		return -1;
	if (queued > 0)
		map_put(&recovery->queued, slice_of(record->envelope.id.text), (void *)1);
	for (size_t i = 0; i < record->envelope.place_count; i++) {
		const struct place *place = &record->envelope.places[i];
		struct map *ids;

		if (place->kind != PLACE_MAILBOX && place->kind != PLACE_BOSS)
			continue;
		if (map_get(&recovery->standing, slice_of(place->name)) != NULL)
			continue;
		ids = xcalloc(1, sizeof(*ids));
		map_put(&recovery->standing, slice_of(place->name), ids);
		if (maildir_ids(spool, place->name, ids, error) != 0)
			return -1;
	}
	return 0;
}

/* --- pass 2: deliver */

static bool has_fact(const struct recovery *recovery, enum fact_kind kind, const char *id,
    const char *name, const char *text)
{
	struct buf key = BUF_INIT(1u << 20);
	bool found;

	fact_key(&key, kind, id, name, text);
	found = map_get(&recovery->facts, buf_slice(&key)) != NULL;
	buf_clear(&key);
	return found;
}

static bool still_wanted(void *context, const struct envelope *envelope, const struct place *place)
{
	const struct recovery *recovery = context;
	const char *id = envelope->id.text;
	char *unique;
	struct map *ids;
	bool removed;

	switch (place->kind) {
	case PLACE_QUEUE:
		return map_get(&recovery->queued, slice_of(id)) == NULL &&
		       !has_fact(recovery, FACT_SENT, id, place->name, "");
	case PLACE_DAEMON:
		return !has_fact(recovery, FACT_TRIGGER_DONE, id, "", "");
	case PLACE_REPLY:
		return !has_fact(recovery, FACT_REPLY_DONE, id, "", "");
	case PLACE_MAILBOX:
	case PLACE_BOSS:
		break;
	}
	ids = map_get(&recovery->standing, slice_of(place->name));
	unique = maildir_name(envelope->time, &envelope->id, recovery->intake->hostname, 0);
	unique[strcspn(unique, ",")] = '\0';
	removed = has_fact(recovery, FACT_REMOVE, "", place->name, unique);
	free(unique);
	return !removed && (ids == NULL || map_get(ids, slice_of(id)) == NULL);
}

static void redelivered(void *context, const struct envelope *envelope, const struct place *place,
    const struct error *error)
{
	struct recovery *recovery = context;

	intake_delivered(recovery->intake, envelope, place, error);
	if (error == NULL)
		recovery->served++;
}

/* The bytes of a message: in the record, or in the file that it names. */
static int open_body(struct recovery *recovery, const struct record *record, struct slice *body,
    struct error *error)
{
	char *path;
	int result;

	if (!record->body_in_file)
		return 0;
	path = xasprintf("%s/wal/%s.msg", recovery->intake->spool, record->envelope.id.text);
	result = fsx_map(path, body, error);
	free(path);
	return result;
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
	    .wanted = still_wanted,
	    .report = redelivered,
	    .context = recovery,
	};
	size_t served = recovery->served;

	if (!record->has_message)
		return 0;
	delivery.body = body;
	if (open_body(recovery, record, &delivery.body, error) != 0) {
		log_warnx("event=body-lost id=%s reason=%s", envelope->id.text,
		    LOG_ERROR(error));
		recovery->failed += error->saved_errno != ENOENT;
		return 0;
	}
	note_accepted(recovery->intake, envelope, delivery.body);
	recovery->failed += deliver_places(&delivery);
	if (recovery->served > served) {
		recovery->recovered++;
		intake_journal(recovery->intake, envelope->id.text, envelope->session, "recovered",
		    "", orphan->name.file);
	}
	if (record->body_in_file) {
		char *path = xasprintf("%s/wal/%s.msg", delivery.spool, envelope->id.text);

		strlist_add(&orphan->body_files, path);
		free(path);
		fsx_unmap(delivery.body);
	}
	return 0;
}

/* --- pass 3: the orphan's own facts */

static void note_unsettled(struct intake *intake, const char *id)
{
	pthread_mutex_lock(&intake->lock);
	map_put(&intake->unsettled, slice_of(id), intake);
	pthread_mutex_unlock(&intake->lock);
}

int facts_apply(struct intake *intake, const struct fact *facts, size_t count, struct error *error)
{
	const char **uniques = xcalloc(count, sizeof(*uniques));
	size_t removed = 0;
	int result = 0;

	for (size_t i = 0; i < count; i++) {
		const struct fact *fact = &facts[i];
		struct msgid id;
		int done = 0;

		switch (fact->kind) {
		case FACT_SENT:
		case FACT_FAILED:
			snprintf(id.text, sizeof(id.text), "%s", fact->id);
			done = queue_settle(intake->spool, &id, fact->name,
			    fact->kind == FACT_SENT ? PLACE_SENT : PLACE_FAILED, fact->text, error);
			if (done != 0)
				note_unsettled(intake, fact->id);
			break;
		case FACT_REMOVE:
			/* A mailbox is walked once for all its removals, which stand side by side. */
			uniques[removed++] = fact->text;
			if (i + 1 < count && facts[i + 1].kind == FACT_REMOVE &&
			    strcmp(facts[i + 1].name, fact->name) == 0)
				break;
			done = maildir_unlink(intake->spool, fact->name, uniques, removed, error);
			removed = 0;
			break;
		case FACT_TRIGGER_DONE:
			done = state_trigger_done(intake->state, fact->id, error);
			break;
		case FACT_REPLY_DONE:
			done = state_reply_done(intake->state, fact->id,
			    strcmp(fact->name, "sent") == 0, error);
			break;
		case FACT_ATTEMPT:
		case FACT_VOID:
			break;
		}
		if (done != 0)
			result = -1;
	}
	free(uniques);
	return result;
}

/* An attempt that no outcome followed may have reached the smarthost: the one doubt there is. */
static void journal_doubts(struct recovery *recovery, const struct record *record)
{
	for (size_t i = 0; i < record->fact_count; i++) {
		const struct fact *fact = &record->facts[i];

		if (fact->kind == FACT_ATTEMPT &&
		    !has_fact(recovery, FACT_SENT, fact->id, fact->name, ""))
			intake_journal(recovery->intake, fact->id, "", "in-doubt", fact->name,
			    PHRASE(N_("the gateway stopped while sending: it may arrive twice")));
	}
}

static int apply_facts(struct recovery *recovery, void *context, struct record *record,
    struct slice body, struct error *error)
{
	(void)context;
	(void)body;
	journal_doubts(recovery, record);
	if (facts_apply(recovery->intake, record->facts, record->fact_count, error) != 0)
		recovery->failed++;
	return 0;
}

/* --- the whole */

static int retire_orphan(struct recovery *recovery, struct orphan *orphan, struct error *error)
{
	const char *spool = recovery->intake->spool;
	char *path = wal_path(spool, orphan->name.file);
	int result = orphan->has_facts ? wal_to_facts(spool, &orphan->name, error)
				       : fsx_unlink(path, error);

	for (size_t i = 0; i < orphan->body_files.count && result == 0; i++)
		result = fsx_unlink(orphan->body_files.items[i], error);
	free(path);
	return result;
}

static int each_orphan(struct recovery *recovery, struct orphan *orphans, bool report,
    record_fn fn, struct error *error)
{
	for (; orphans != NULL; orphans = orphans->next)
		if (each_record(recovery, orphans->name.file, report, fn, orphans, error) != 0)
			return -1;
	return 0;
}

static int recover(struct recovery *recovery, struct orphan *orphans, struct error *error)
{
	struct intake *intake = recovery->intake;
	char *folder = wal_path(intake->spool, "");
	int result = -1;

	if (each_orphan(recovery, orphans, false, look, error) != 0 ||
	    read_facts(recovery, error) != 0 ||
	    each_orphan(recovery, orphans, true, redeliver, error) != 0 ||
	    each_orphan(recovery, orphans, false, apply_facts, error) != 0 ||
	    fsx_sync_filesystem(intake->spool, error) != 0 || note_flush(intake, error) != 0)
		goto out;
	if (recovery->failed > 0) {
		error_set(error, ERROR_TEMPORARY, "%zu deliveries are still owed", recovery->failed);
		goto out;
	}
	if (!recovery->may_retire) {
		error_set(error, ERROR_TEMPORARY, "a backup is being made: the log stays until it is done");
		goto out;
	}
	for (struct orphan *orphan = orphans; orphan != NULL; orphan = orphan->next)
		if (retire_orphan(recovery, orphan, error) != 0)
			goto out;
	result = fsx_sync_dir(folder, error);
out:
	free(folder);
	return result;
}

static void recovery_clear(struct recovery *recovery)
{
	struct slice key;
	void *ids;

	for (size_t at = 0; map_next(&recovery->standing, &at, &key, &ids);) {
		map_clear(ids);
		free(ids);
	}
	map_clear(&recovery->standing);
	map_clear(&recovery->queued);
	map_clear(&recovery->facts);
}

int recover_orphans(struct intake *intake, size_t *recovered, struct error *error)
{
	struct recovery recovery = {.intake = intake};
	char *path = wal_path(intake->spool, "recovery.lock");
	/* One recovery at a time: a session must not begin before another process has put the UIDLs of its
	 * predecessor where it looks for them. */
	int lock = fsx_lock_file(path, RECOVERY_WAIT_SECONDS, error);
	struct orphan *orphans;
	struct error hold_error;
	int result = 0, retiring, held;

	free(path);
	*recovered = 0;
	if (lock < 0)
		return -1;
	*error = (struct error)ERROR_INIT;
	orphans = orphans_take(intake->spool, error);
	if (orphans == NULL && error->class != ERROR_NONE)
		result = -1;
	held = wal_retire_begin(intake->spool, &retiring, &hold_error);
	recovery.may_retire = held == 0;
	if (orphans != NULL)
		result = recover(&recovery, orphans, error);
	if (result == 0 && recovery.may_retire)
		result = wal_sweep_facts(intake->spool, error);
	if (held == 0)
		close(retiring);
	if (held < 0 && result == 0) {
		*error = hold_error;
		result = -1;
	}
	while (orphans != NULL) {
		struct orphan *next = orphans->next;

		orphan_free(orphans);
		orphans = next;
	}
	recovery_clear(&recovery);
	close(lock);
	*recovered = recovery.recovered;
	if (recovery.recovered > 0)
		log_info("event=recovered messages=%zu", recovery.recovered);
	return result;
}
