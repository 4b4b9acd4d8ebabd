/*
 * Recovery: reads the facts of all segments of the log, and applies those of an orphan.
 */
#include "base/alloc.h"
#include "base/i18n.h"
#include "base/log.h"
#include "spool/layout_priv.h"
#include "spool/mailbox/maildir_name.h"
#include "spool/mailbox/maildir_flags.h"
#include "spool/queue/queue_priv.h"
#include "spool/log/recover_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define READ_TRIES 10

/* --- facts */

/* One key per fact. A removal is stored by id if the file was ours, so that it is valid for any
 * host part of the name. */
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
	case FACT_MOVE: /* out of that mailbox */
		unique = slice_of(text);
		if (!maildir_unique_id(unique, &unique_id))
			unique_id = unique;
		buf_printf(key, "r/%s/%.*s", name, SLICE_PRINT(unique_id));
		break;
	case FACT_VOID:
		buf_printf(key, "v/%s", name);
		break;
	case FACT_FLAGS:
		buf_printf(key, "f/%s/%s", name, text);
		break;
	case FACT_COPY:
		buf_printf(key, "c/%s/%s", name, text);
		break;
	case FACT_ATTEMPT:
	case FACT_TRIGGER_DONE:
	case FACT_REPLY_DONE:
		buf_printf(key, "%d/%s", (int)kind, id);
		break;
	}
}

/* The end of the valid part of a segment: looks up void facts, if already read. */
static uint64_t void_offset(const struct recovery *recovery, const char *file)
{
	struct buf key = BUF_INIT(256);
	void *value;

	fact_key(&key, FACT_VOID, "", file, "");
	value = map_get(&recovery->facts, buf_slice(&key));
	buf_clear(&key);
	return value == NULL ? UINT64_MAX : (uint64_t)(uintptr_t)value;
}

/* --- reading a segment */

int recover_set_aside(struct recovery *recovery, const char *name, struct slice bytes, struct error *error)
{
	char *path = layout_queue_file(recovery->intake->spool, QUEUE_CORRUPT, name, "");
	bool is_there = access(path, F_OK) == 0;

	free(path);
	if (is_there)
		return 0;
	log_warnx("event=set-aside bytes=%zu kept=queue/corrupt/%s", bytes.len, LOG_CSTR(name));
	intake_journal(recovery->intake, "", "", EVENT_LOG_DAMAGED, "", name);
	return queue_set_aside(recovery->intake->spool, name, bytes, error);
}

static int damaged(struct recovery *recovery, const char *file, uint64_t offset, struct slice bytes, struct error *error)
{
	char *name = xasprintf("%s-%llu.record", file, (unsigned long long)offset);
	int result = recover_set_aside(recovery, name, bytes, error);

	free(name);
	return result;
}

int recover_each_record(struct recovery *recovery, const char *file, bool report, record_fn fn,
    void *context, struct error *error)
{
	char *path = layout_wal(recovery->intake->spool, file);
	uint64_t end = void_offset(recovery, file), offset;
	struct wal_reader reader;
	struct slice head, body;
	enum wal_next next;
	int result = wal_read(&reader, path, error);

	free(path);
	if (result != 0)
		return -1;
	while (result == 0 && (next = wal_next(&reader, &offset, &head, &body)) != WAL_END) {
		struct record record;
		struct error parse_error;

		if (offset >= end)
			break;
		if (next == WAL_TORN) {
			if (report)
				log_info("event=log-torn file=%s offset=%llu bytes=%zu (was never acknowledged)", LOG_CSTR(file),
				    (unsigned long long)offset, head.len);
			continue;
		}
		if (next == WAL_DAMAGED || record_parse(head, &record, &parse_error) != 0) {
			result = wal_read_check(&reader, error);
			if (result == 0 && report)
				/* A body directly follows its head. */
				result = damaged(recovery, file, offset, slice_make(head.ptr, head.len + body.len), error);
			continue;
		}
		result = fn(recovery, context, &record, body, error);
		record_clear(&record);
	}
	if (result == 0)
		result = wal_read_check(&reader, error);
	wal_read_end(&reader);
	return result;
}

/* The last flags of a file that are on record; with the number of the segment. */
struct last_flags {
	uint64_t segment;
	char letters[MAILDIR_LETTERS_MAX];
};

/* Segments are read from the newest to the oldest, the records of one in their order. */
static void gather_flags(struct recovery *recovery, const struct fact *fact, struct slice key, uint64_t segment)
{
	struct last_flags *last = map_get(&recovery->flags, key);

	if (last == NULL) {
		last = xcalloc(1, sizeof(*last));
		last->segment = segment;
		map_put(&recovery->flags, key, last);
	}
	if (last->segment == segment)
		snprintf(last->letters, sizeof(last->letters), "%s", fact->to);
}

void recover_facts_clear(struct recovery *recovery)
{
	struct slice key;
	void *value;

	for (size_t at = 0; map_next(&recovery->flags, &at, &key, &value);)
		free(value);
	map_clear(&recovery->flags);
	map_clear(&recovery->facts);
}

static int gather_facts(struct recovery *recovery, void *context, struct record *record,
    struct slice body, struct error *error)
{
	const struct wal_name *segment = context;
	struct buf key = BUF_INIT(1u << 20);

	(void)body;
	(void)error;
	for (size_t i = 0; i < record->fact_count; i++) {
		const struct fact *fact = &record->facts[i];
		uint64_t value = 1;

		if (fact->kind == FACT_VOID)
			slice_number(slice_of(fact->text), 1, UINT64_MAX, &value);
		fact_key(&key, fact->kind, fact->id, fact->name, fact->text);
		if (fact->kind == FACT_FLAGS)
			gather_flags(recovery, fact, buf_slice(&key), segment->number);
		map_put(&recovery->facts, buf_slice(&key), (void *)(uintptr_t)value);
	}
	buf_clear(&key);
	return 0;
}

/* One pass over all of them. *gone: one disappeared meanwhile, perhaps by a rename. */
static int read_all(struct recovery *recovery, bool *gone, struct error *error)
{
	struct wal_names names;
	int result = wal_list(recovery->intake->spool, &names, error);

	*gone = false;
	if (result != 0)
		return -1;
	/* From the newest to the oldest: a void is in a later segment than the one that it names. Damage in a .log is
	 * reported when it is recovered. */
	for (size_t i = names.count; i-- > 0 && result == 0;) {
		result = recover_each_record(recovery, names.items[i].file, names.items[i].state == WAL_DONE, gather_facts,
		    &names.items[i], error);
		if (result != 0 && error->saved_errno == ENOENT) {
			*gone = true;
			result = 0;
		}
	}
	wal_names_clear(&names);
	return result;
}

int recover_read_facts(struct recovery *recovery, struct error *error)
{
	bool gone;

	for (int tries = 0; tries < READ_TRIES; tries++) {
		if (read_all(recovery, &gone, error) != 0)
			return -1;
		if (!gone)
			return 0;
	}
	return error_set(error, ERROR_TEMPORARY, N_("cannot read the log: it changes too fast"));
}

bool recover_has_fact(const struct recovery *recovery, enum fact_kind kind, const char *id,
    const char *name, const char *text)
{
	struct buf key = BUF_INIT(1u << 20);
	bool found;

	fact_key(&key, kind, id, name, text);
	found = map_get(&recovery->facts, buf_slice(&key)) != NULL;
	buf_clear(&key);
	return found;
}

/* --- pass 3: the orphan's own facts */

/* An attempt without an outcome may have reached the smarthost: the only case of doubt. */
static void journal_doubts(struct recovery *recovery, const struct record *record)
{
	for (size_t i = 0; i < record->fact_count; i++) {
		const struct fact *fact = &record->facts[i];

		if (fact->kind == FACT_ATTEMPT &&
		    !recover_has_fact(recovery, FACT_SENT, fact->id, fact->name, ""))
			intake_journal(recovery->intake, fact->id, "", EVENT_IN_DOUBT, fact->name,
			    PHRASE(N_("the gateway stopped while it was sending: the message may "
			        "arrive twice")));
	}
}

/* Flags are those of the last record about the file. Of our own segments they were set already, and other programs may have changed them
 * since. Everything else can be repeated. */
static bool is_to_be_applied(struct recovery *recovery, const struct orphan *orphan, const struct fact *fact, struct fact *now)
{
	struct buf key = BUF_INIT(1u << 20);
	const struct last_flags *last;

	*now = *fact;
	if (fact->kind != FACT_FLAGS)
		return true;
	if (orphan->is_ours && !intake_owes_change(recovery->intake, fact))
		return false;
	fact_key(&key, fact->kind, "", fact->name, fact->text);
	last = map_get(&recovery->flags, buf_slice(&key));
	if (last != NULL)
		now->to = last->letters;
	buf_clear(&key);
	return true;
}

int recover_apply_facts(struct recovery *recovery, void *context, struct record *record,
    struct slice body, struct error *error)
{
	const struct orphan *orphan = context;
	struct fact *facts = xcalloc(record->fact_count + 1, sizeof(*facts));
	size_t count = 0;
	int result;

	(void)body;
	journal_doubts(recovery, record);
	if (orphan->trust != LOG_DURABLE)
		note_facts_before(recovery->intake, record->facts, record->fact_count);
	for (size_t i = 0; i < record->fact_count; i++)
		if (is_to_be_applied(recovery, orphan, &record->facts[i], &facts[count]))
			count++;
	result = intake_apply_facts(recovery->intake, facts, count, error);
	recovery->failed += result != 0;
	for (size_t i = 0; i < count; i++)
		intake_owe_change(recovery->intake, &facts[i], result != 0);
	free(facts);
	return 0;
}

