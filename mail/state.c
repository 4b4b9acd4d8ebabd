/*
 * SQLite behind mail/state.h.
 *
 * One connection a process, shared by its threads under a recursive lock, so that a transaction of one
 * thread is not joined by another. Other processes have connections of their own; the busy timeout
 * lets them take turns.
 */
#include "mail/state.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fsx.h"
#include "base/log.h"
#include "mail/fold.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define WORDS_MAX (1u << 20)
#define LOCK_POLL_MS 5
#define BUSY_TIMEOUT_MS 20000

struct state {
	sqlite3 *db;
	pthread_mutex_t lock; /* recursive; guards db and the open transaction */
};

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS seen (account TEXT, uidl BLOB, id TEXT, time INTEGER,"
    " listed INTEGER DEFAULT 0, digest INTEGER DEFAULT 0, PRIMARY KEY (account, uidl)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS message (id TEXT PRIMARY KEY, time INTEGER, message_id TEXT,"
    " sender TEXT, recipients TEXT, subject TEXT, size INTEGER) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS journal (id TEXT, time_us INTEGER, event TEXT, place TEXT,"
    " session TEXT, detail TEXT, PRIMARY KEY (id, time_us, event, place)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS trigger_mail (id TEXT PRIMARY KEY, sender TEXT, subject TEXT,"
    " time INTEGER);"
    "CREATE TABLE IF NOT EXISTS reply (id TEXT PRIMARY KEY, rule TEXT, address TEXT, subject TEXT,"
    " message_id TEXT, account TEXT, time INTEGER, sent INTEGER);"
    "CREATE INDEX IF NOT EXISTS reply_address ON reply (address);"
    "CREATE TABLE IF NOT EXISTS problem (key TEXT PRIMARY KEY, class TEXT, text TEXT,"
    " since INTEGER);"
    "CREATE TABLE IF NOT EXISTS value (key TEXT PRIMARY KEY, text TEXT);"
    "PRAGMA user_version = 2;";

/* From a version to the next one; version 0 is a new database. */
static const char *const upgrades[] = {
    [0] = NULL,
    [1] = "ALTER TABLE seen ADD COLUMN listed INTEGER DEFAULT 0;"
	  "ALTER TABLE seen ADD COLUMN digest INTEGER DEFAULT 0;",
};

static int state_error(const struct state *state, struct error *error, const char *what)
{
	int code = sqlite3_errcode(state->db) & 0xff;

	error_set(error,
	    code == SQLITE_FULL || code == SQLITE_BUSY ? ERROR_TEMPORARY : ERROR_IO,
	    "state.db: cannot %s: %s", what, sqlite3_errmsg(state->db));
	if (code == SQLITE_FULL)
		error_reply(error, 452, "4.3.1");
	return -1;
}

static int run(struct state *state, const char *sql, struct error *error)
{
	if (sqlite3_exec(state->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return state_error(state, error, "run a statement");
	return 0;
}

/* --- opening */

static void close_db(struct state *state)
{
	sqlite3_close(state->db);
	state->db = NULL;
}

/* SQL has_words(text, query): every word of the query stands in the text, in any case of any script. The query is no
 * pattern: there is no wildcard to escape. */
static void has_words(sqlite3_context *context, int count, sqlite3_value **values)
{
	const char *text = (const char *)sqlite3_value_text(values[0]);
	const char *query = (const char *)sqlite3_value_text(values[1]);
	struct buf folded = BUF_INIT(WORDS_MAX), wanted = BUF_INIT(WORDS_MAX);
	struct slice rest;
	bool found;

	(void)count;
	fold_text(slice_of(text == NULL ? "" : text), &folded);
	fold_text(slice_of(query == NULL ? "" : query), &wanted);
	rest = slice_trim(buf_slice(&wanted));
	found = rest.len > 0;
	while (found && rest.len > 0) {
		struct slice word = slice_cut(&rest, ' ');

		found = word.len == 0 ||
			memmem(buf_text(&folded), folded.len, word.ptr, word.len) != NULL;
	}
	sqlite3_result_int(context, found);
	buf_clear(&folded);
	buf_clear(&wanted);
}

static int upgrade(struct state *state, struct error *error)
{
	sqlite3_stmt *stmt = NULL;
	int version = 0;

	if (sqlite3_prepare_v2(state->db, "PRAGMA user_version", -1, &stmt, NULL) != SQLITE_OK)
		return state_error(state, error, "read its version");
	if (sqlite3_step(stmt) == SQLITE_ROW)
		version = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	for (; version > 0 && (size_t)version < ARRAY_LEN(upgrades); version++)
		if (run(state, upgrades[version], error) != 0)
			return -1;
	return 0;
}

static int open_db(struct state *state, const char *path, struct error *error)
{
	if (sqlite3_open_v2(path, &state->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX,
		NULL) != SQLITE_OK) {
		state_error(state, error, "open it");
		close_db(state);
		return -1;
	}
	sqlite3_busy_timeout(state->db, BUSY_TIMEOUT_MS);
	sqlite3_create_function(state->db, "has_words", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, has_words,
	    NULL, NULL);
	if (run(state, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;", error) != 0 ||
	    run(state, "BEGIN IMMEDIATE", error) != 0 || upgrade(state, error) != 0 ||
	    run(state, schema, error) != 0)
		return -1;
	return run(state, "COMMIT", error);
}

/* Puts a damaged database out of the way, with its log, so that nothing is thrown away. */
static int set_aside(const char *path, struct error *error)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		char *from = xasprintf("%s%s", path, suffixes[i]);
		char *to = xasprintf("%s.corrupt-%lld%s", path, (long long)clock_wall(),
		    suffixes[i]);
		int result = fsx_rename(from, to, error);

		free(from);
		free(to);
		if (result != 0 && i == 0)
			return -1;
	}
	return 0;
}

/* One process at a time makes, upgrades or sets aside the database: SQLite does not wait when two turn a new one to WAL
 * mode, and the second to find it damaged must not put away what the first has begun. Returns the descriptor that
 * holds the lock, -1 where there is no folder (or nobody lets go of it). */
static int lock_opening(const char *spool)
{
	int64_t deadline = clock_now_ms() + BUSY_TIMEOUT_MS;
	int fd = open(spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	while (fd >= 0 && fsx_lock(fd) != 0 && clock_left_ms(deadline) > 0)
		poll(NULL, 0, LOCK_POLL_MS);
	return fd;
}

int state_open(struct state **out, const char *spool, bool *was_damaged, struct error *error)
{
	struct state *state = xcalloc(1, sizeof(*state));
	char *path = xasprintf("%s/state.db", spool);
	pthread_mutexattr_t recursive;
	int lock = lock_opening(spool), result = open_db(state, path, error), code;

	if (was_damaged != NULL)
		*was_damaged = false;
	code = state->db == NULL ? 0 : sqlite3_errcode(state->db) & 0xff;
	if (result != 0 && (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)) {
		log_warnx("event=state-damaged path=%s reason=%s", LOG_CSTR(path),
		    LOG_CSTR(error->text));
		close_db(state);
		if (was_damaged != NULL)
			*was_damaged = true;
		result = set_aside(path, error);
		if (result == 0)
			result = open_db(state, path, error);
	}
	if (lock >= 0)
		close(lock);
	free(path);
	if (result != 0) {
		close_db(state);
		free(state);
		return -1;
	}
	pthread_mutexattr_init(&recursive);
	pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&state->lock, &recursive);
	pthread_mutexattr_destroy(&recursive);
	*out = state;
	return 0;
}

void state_close(struct state *state)
{
	if (state == NULL)
		return;
	close_db(state);
	pthread_mutex_destroy(&state->lock);
	free(state);
}

/* --- transactions and statements */

int state_begin(struct state *state, struct error *error)
{
	pthread_mutex_lock(&state->lock);
	if (run(state, "BEGIN IMMEDIATE", error) == 0)
		return 0;
	pthread_mutex_unlock(&state->lock);
	return -1;
}

int state_commit(struct state *state, struct error *error)
{
	if (run(state, "COMMIT", error) != 0) {
		state_abort(state);
		return -1;
	}
	pthread_mutex_unlock(&state->lock);
	return 0;
}

void state_abort(struct state *state)
{
	struct error ignored;

	run(state, "ROLLBACK", &ignored);
	pthread_mutex_unlock(&state->lock);
}

/* A prepared statement with its arguments bound in order: t text, b bytes (struct slice *), i int64. Holds the lock until
 * statement_end(). */
static sqlite3_stmt *statement(struct state *state, struct error *error, const char *sql,
    const char *types, ...)
{
	sqlite3_stmt *stmt = NULL;
	va_list args;

	pthread_mutex_lock(&state->lock);
	if (sqlite3_prepare_v2(state->db, sql, -1, &stmt, NULL) != SQLITE_OK) {
		state_error(state, error, "prepare a statement");
		pthread_mutex_unlock(&state->lock);
		return NULL;
	}
	va_start(args, types);
	for (int at = 1; *types != '\0'; types++, at++) {
		if (*types == 't') {
			const char *text = va_arg(args, const char *);

			sqlite3_bind_text(stmt, at, text == NULL ? "" : text, -1, SQLITE_TRANSIENT);
		} else if (*types == 'b') {
			const struct slice *bytes = va_arg(args, const struct slice *);

			sqlite3_bind_blob(stmt, at, bytes->len == 0 ? "" : bytes->ptr,
			    (int)bytes->len, SQLITE_TRANSIENT);
		} else {
			sqlite3_bind_int64(stmt, at, va_arg(args, int64_t));
		}
	}
	va_end(args);
	return stmt;
}

static void statement_end(struct state *state, sqlite3_stmt *stmt)
{
	sqlite3_finalize(stmt);
	pthread_mutex_unlock(&state->lock);
}

/* Runs a statement that gives no rows. */
static int finish(struct state *state, sqlite3_stmt *stmt, struct error *error)
{
	int result = 0;

	if (stmt == NULL)
		return -1;
	if (sqlite3_step(stmt) != SQLITE_DONE)
		result = state_error(state, error, "write");
	statement_end(state, stmt);
	return result;
}

/* 1: a row is there, 0: no more, -1: failed. */
static int next_row(struct state *state, sqlite3_stmt *stmt, struct error *error)
{
	int code = sqlite3_step(stmt);

	if (code == SQLITE_ROW)
		return 1;
	return code == SQLITE_DONE ? 0 : state_error(state, error, "read");
}

static const char *column_text(sqlite3_stmt *stmt, int column)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);

	return text == NULL ? "" : text;
}

/* --- UIDLs */

void state_seen_put(struct map *seen, struct slice uidl, const struct seen *what)
{
	struct seen *copy = xmalloc(sizeof(*copy));

	*copy = *what;
	free(map_put(seen, uidl, copy));
}

void state_seen_clear(struct map *seen)
{
	struct slice key;
	void *value;

	for (size_t at = 0; map_next(seen, &at, &key, &value);)
		free(value);
	map_clear(seen);
}

int state_seen_load(struct state *state, const char *account, struct map *seen,
    struct error *error)
{
	sqlite3_stmt *stmt = statement(state, error,
	    "SELECT uidl, time, listed, digest FROM seen WHERE account = ?", "t", account);
	int more;

	if (stmt == NULL)
		return -1;
	while ((more = next_row(state, stmt, error)) == 1) {
		struct slice uidl = slice_make(sqlite3_column_blob(stmt, 0),
		    (size_t)sqlite3_column_bytes(stmt, 0));
		const struct seen what = {
		    .time = sqlite3_column_int64(stmt, 1),
		    .listed = (uint64_t)sqlite3_column_int64(stmt, 2),
		    .digest = (uint64_t)sqlite3_column_int64(stmt, 3),
		};

		state_seen_put(seen, uidl, &what);
	}
	statement_end(state, stmt);
	return more;
}

int state_seen_add(struct state *state, const char *account, struct slice uidl, const char *id,
    const struct seen *what, struct error *error)
{
	return finish(state,
	    statement(state, error,
		"INSERT INTO seen (account, uidl, id, time, listed, digest)"
		" VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (account, uidl) DO UPDATE SET"
		" id = excluded.id, time = excluded.time, listed = excluded.listed,"
		" digest = excluded.digest WHERE excluded.time >= seen.time",
		"tbtiii", account, &uidl, id, what->time, (int64_t)what->listed,
		(int64_t)what->digest),
	    error);
}

int state_seen_find(struct state *state, const char *id, char **account, char **uidl,
    struct error *error)
{
	sqlite3_stmt *stmt = statement(state, error,
	    "SELECT account, CAST(uidl AS TEXT) FROM seen WHERE id = ?", "t", id);
	int more;

	*account = *uidl = NULL;
	if (stmt == NULL)
		return -1;
	more = next_row(state, stmt, error);
	if (more == 1) {
		*account = xstrdup(column_text(stmt, 0));
		*uidl = xstrdup(column_text(stmt, 1));
	}
	statement_end(state, stmt);
	return more < 0 ? -1 : 0;
}

int state_seen_forget(struct state *state, const char *account, struct slice uidl,
    struct error *error)
{
	return finish(state,
	    statement(state, error, "DELETE FROM seen WHERE account = ? AND uidl = ?", "tb",
		account, &uidl),
	    error);
}

/* --- journal */

int state_journal_add(struct state *state, const struct journal_event *event, struct error *error)
{
	return finish(state,
	    statement(state, error, "INSERT OR IGNORE INTO journal VALUES (?, ?, ?, ?, ?, ?)",
		"titttt", event->id, event->time_us, event->event, event->place,
		event->session, event->detail),
	    error);
}

int state_message_add(struct state *state, const struct journal_message *message,
    struct error *error)
{
	return finish(state,
	    statement(state, error, "INSERT OR IGNORE INTO message VALUES (?, ?, ?, ?, ?, ?, ?)",
		"titttti", message->id, message->time, message->message_id, message->sender,
		message->recipients, message->subject, (int64_t)message->size),
	    error);
}

int state_journal_prune(struct state *state, const struct msgid *before, struct error *error)
{
	if (finish(state,
		statement(state, error, "DELETE FROM journal WHERE id < ?", "t", before->text),
		error) != 0)
		return -1;
	if (finish(state,
		statement(state, error, "DELETE FROM reply WHERE id < ?", "t", before->text),
		error) != 0)
		return -1;
	return finish(state,
	    statement(state, error, "DELETE FROM message WHERE id < ?", "t", before->text), error);
}

static void trace_row(sqlite3_stmt *stmt, state_trace_fn fn, void *context)
{
	struct journal_message message = {
	    .id = column_text(stmt, 0),
	    .time = sqlite3_column_int64(stmt, 1),
	    .message_id = column_text(stmt, 2),
	    .sender = column_text(stmt, 3),
	    .recipients = column_text(stmt, 4),
	    .subject = column_text(stmt, 5),
	    .size = (uint64_t)sqlite3_column_int64(stmt, 6),
	};
	struct journal_event event = {
	    .id = message.id,
	    .time_us = sqlite3_column_int64(stmt, 7),
	    .event = column_text(stmt, 8),
	    .place = column_text(stmt, 9),
	    .session = column_text(stmt, 10),
	    .detail = column_text(stmt, 11),
	};

	fn(context, &message, &event);
}

int state_trace(struct state *state, const char *query, int limit, state_trace_fn fn,
    void *context, struct error *error)
{
	sqlite3_stmt *stmt = statement(state, error,
	    "SELECT m.id, m.time, m.message_id, m.sender, m.recipients, m.subject, m.size,"
	    " j.time_us, j.event, j.place, j.session, j.detail"
	    " FROM message m JOIN journal j ON j.id = m.id"
	    " WHERE m.id = ?1 OR instr(m.message_id, ?1) OR instr(lower(m.sender), lower(?1))"
	    " OR instr(lower(m.recipients), lower(?1)) OR has_words(m.subject, ?1)"
	    " ORDER BY m.time, m.id, j.time_us LIMIT ?2",
	    "ti", query, (int64_t)limit);
	int more;

	if (stmt == NULL)
		return -1;
	while ((more = next_row(state, stmt, error)) == 1)
		trace_row(stmt, fn, context);
	statement_end(state, stmt);
	return more;
}

int state_journal_since(struct state *state, const struct msgid *since, state_journal_fn fn,
    void *context, struct error *error)
{
	sqlite3_stmt *stmt = statement(state, error,
	    "SELECT id, time_us, event, place, detail FROM journal WHERE id >= ?"
	    " ORDER BY id, time_us", "t",
	    since->text);
	int more;

	if (stmt == NULL)
		return -1;
	while ((more = next_row(state, stmt, error)) == 1) {
		struct journal_event event = {.id = column_text(stmt, 0),
		    .time_us = sqlite3_column_int64(stmt, 1),
		    .event = column_text(stmt, 2),
		    .place = column_text(stmt, 3),
		    .session = "",
		    .detail = column_text(stmt, 4)};

		fn(context, &event);
	}
	statement_end(state, stmt);
	return more;
}

/* --- the daemon's triggers */

int state_trigger_add(struct state *state, const char *id, const char *sender, const char *subject,
    int64_t time, struct error *error)
{
	return finish(state,
	    statement(state, error, "INSERT OR IGNORE INTO trigger_mail VALUES (?, ?, ?, ?)", "ttti",
		id, sender, subject, time),
	    error);
}

int state_triggers(struct state *state, struct triggers *triggers, struct error *error)
{
	sqlite3_stmt *stmt = statement(state, error,
	    "SELECT id, sender, subject, time FROM trigger_mail ORDER BY time, id LIMIT 1000", "");
	int more;

	*triggers = (struct triggers){0};
	if (stmt == NULL)
		return -1;
	while ((more = next_row(state, stmt, error)) == 1) {
		struct trigger trigger = {
		    .sender = xstrdup(column_text(stmt, 1)),
		    .subject = xstrdup(column_text(stmt, 2)),
		    .time = sqlite3_column_int64(stmt, 3),
		};

		snprintf(trigger.id.text, sizeof(trigger.id.text), "%s", column_text(stmt, 0));
		ARRAY_GROW(triggers->items, triggers->count);
		triggers->items[triggers->count++] = trigger;
	}
	statement_end(state, stmt);
	if (more < 0)
		triggers_clear(triggers);
	return more;
}

void triggers_clear(struct triggers *triggers)
{
	for (size_t i = 0; i < triggers->count; i++) {
		free(triggers->items[i].sender);
		free(triggers->items[i].subject);
	}
	free(triggers->items);
	*triggers = (struct triggers){0};
}

int state_trigger_done(struct state *state, const char *id, struct error *error)
{
	return finish(state,
	    statement(state, error, "DELETE FROM trigger_mail WHERE id = ?", "t", id), error);
}

/* --- replies of rules; sent: 0 due, 1 sent */

int state_reply_add(struct state *state, const struct reply_due *reply, struct error *error)
{
	return finish(state,
	    statement(state, error, "INSERT OR IGNORE INTO reply VALUES (?, ?, lower(?), ?, ?, ?, ?, 0)",
		"tttttti", reply->id.text, reply->rule, reply->address, reply->subject,
		reply->message_id, reply->account, reply->time),
	    error);
}

int state_replies(struct state *state, struct replies *replies, struct error *error)
{
	sqlite3_stmt *stmt = statement(state, error,
	    "SELECT id, rule, address, subject, message_id, account, time FROM reply WHERE sent = 0"
	    " ORDER BY time, id LIMIT 1000",
	    "");
	int more;

	*replies = (struct replies){0};
	if (stmt == NULL)
		return -1;
	while ((more = next_row(state, stmt, error)) == 1) {
		struct reply_due reply = {
		    .rule = xstrdup(column_text(stmt, 1)),
		    .address = xstrdup(column_text(stmt, 2)),
		    .subject = xstrdup(column_text(stmt, 3)),
		    .message_id = xstrdup(column_text(stmt, 4)),
		    .account = xstrdup(column_text(stmt, 5)),
		    .time = sqlite3_column_int64(stmt, 6),
		};

		snprintf(reply.id.text, sizeof(reply.id.text), "%s", column_text(stmt, 0));
		ARRAY_GROW(replies->items, replies->count);
		replies->items[replies->count++] = reply;
	}
	statement_end(state, stmt);
	if (more < 0)
		replies_clear(replies);
	return more;
}

void replies_clear(struct replies *replies)
{
	for (size_t i = 0; i < replies->count; i++) {
		struct reply_due *reply = &replies->items[i];

		free(reply->rule);
		free(reply->address);
		free(reply->subject);
		free(reply->message_id);
		free(reply->account);
	}
	free(replies->items);
	*replies = (struct replies){0};
}

int state_reply_last(struct state *state, const char *rule, const char *address, int64_t *time,
    struct error *error)
{
	sqlite3_stmt *stmt = statement(state, error,
	    "SELECT max(time) FROM reply WHERE rule = ? AND address = lower(?) AND sent = 1", "tt", rule,
	    address);
	int more;

	*time = 0;
	if (stmt == NULL)
		return -1;
	more = next_row(state, stmt, error);
	if (more == 1)
		*time = sqlite3_column_int64(stmt, 0);
	statement_end(state, stmt);
	return more < 0 ? -1 : 0;
}

int state_reply_done(struct state *state, const char *id, bool sent, struct error *error)
{
	const char *sql = sent ? "UPDATE reply SET sent = 1 WHERE id = ?"
			       : "DELETE FROM reply WHERE id = ?";

	return finish(state, statement(state, error, sql, "t", id), error);
}

/* --- problems */

/* In one statement: several processes may come upon the same problem at once. */
int state_problem_set(struct state *state, const char *key, const char *class, const char *text,
    int64_t time, struct error *error)
{
	sqlite3_stmt *stmt = statement(state, error,
	    "INSERT INTO problem (key, class, text, since) VALUES (?, ?, ?, ?)"
	    " ON CONFLICT (key) DO UPDATE SET class = excluded.class, text = excluded.text, since = excluded.since"
	    " WHERE class <> excluded.class RETURNING 1",
	    "ttti", key, class, text, time);
	int news;

	if (stmt == NULL)
		return -1;
	news = next_row(state, stmt, error);
	statement_end(state, stmt);
	return news;
}

int state_problem_clear(struct state *state, const char *key, int64_t *since, struct error *error)
{
	sqlite3_stmt *stmt = statement(state, error, "SELECT since FROM problem WHERE key = ?", "t",
	    key);
	int known;

	if (stmt == NULL)
		return -1;
	known = next_row(state, stmt, error);
	if (known == 1)
		*since = sqlite3_column_int64(stmt, 0);
	statement_end(state, stmt);
	if (known != 1)
		return known;
	if (finish(state, statement(state, error, "DELETE FROM problem WHERE key = ?", "t", key),
		error) != 0)
		return -1;
	return 1;
}

/* --- values */

int state_get(struct state *state, const char *key, char **text, struct error *error)
{
	sqlite3_stmt *stmt = statement(state, error, "SELECT text FROM value WHERE key = ?", "t", key);
	int more;

	*text = NULL;
	if (stmt == NULL)
		return -1;
	more = next_row(state, stmt, error);
	if (more == 1)
		*text = xstrdup(column_text(stmt, 0));
	statement_end(state, stmt);
	return more < 0 ? -1 : 0;
}

int state_set(struct state *state, const char *key, const char *text, struct error *error)
{
	return finish(state,
	    statement(state, error, "INSERT OR REPLACE INTO value VALUES (?, ?)", "tt", key, text),
	    error);
}
