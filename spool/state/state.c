/*
 * The SQLite database of spool/storage/state.h; the other state_*.c handle its content.
 *
 * One connection per process, shared by its threads under a recursive lock, so that no thread joins
 * the transaction of another. Other processes have connections of their own; the busy timeout lets
 * them take turns.
 */
#include "spool/layout_priv.h"
#include "spool/state/state_priv.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/owned.h"
#include "spool/reserve.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOCK_POLL_MS 5
#define BUSY_TIMEOUT_MS 20000
#define DAMAGED "damaged" /* a value: "yes" until it is reported */

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS seen (account TEXT, uidl BLOB, id TEXT, time INTEGER,"
    " listed INTEGER DEFAULT 0, digest INTEGER DEFAULT 0, body INTEGER DEFAULT 0,"
    " PRIMARY KEY (account, uidl)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS message (id TEXT PRIMARY KEY, time INTEGER, message_id TEXT,"
    " sender TEXT, recipients TEXT, subject TEXT, size INTEGER, keywords TEXT DEFAULT '') WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS journal (id TEXT, time_us INTEGER, event TEXT, place TEXT,"
    " session TEXT, detail TEXT, PRIMARY KEY (id, time_us, event, place)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS trigger_mail (id TEXT PRIMARY KEY, sender TEXT, subject TEXT,"
    " time INTEGER, message_id TEXT DEFAULT '');"
    "CREATE TABLE IF NOT EXISTS reply (id TEXT PRIMARY KEY, rule TEXT, address TEXT, subject TEXT,"
    " message_id TEXT, account TEXT, time INTEGER, sent INTEGER, written_to TEXT DEFAULT '');"
    "CREATE INDEX IF NOT EXISTS reply_address ON reply (address);"
    "CREATE INDEX IF NOT EXISTS reply_rule ON reply (rule, sent, time);"
    "CREATE TABLE IF NOT EXISTS problem (key TEXT PRIMARY KEY, class TEXT, text TEXT,"
    " since INTEGER);"
    "CREATE TABLE IF NOT EXISTS value (key TEXT PRIMARY KEY, text TEXT);"
    "CREATE TABLE IF NOT EXISTS friend (mailbox TEXT, address TEXT, time INTEGER,"
    " PRIMARY KEY (mailbox, address)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS first_copy (identity TEXT, place TEXT, id TEXT, account TEXT, mailbox TEXT, time INTEGER,"
    " PRIMARY KEY (identity, place)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS lesson (digest TEXT PRIMARY KEY, is_spam INTEGER, time INTEGER) WITHOUT ROWID;"
    "PRAGMA user_version = 4;";

/* From a version to the next one; version 0 is a new database. */
static const char *const upgrades[] = {
    [0] = NULL,
    [1] = "ALTER TABLE seen ADD COLUMN listed INTEGER DEFAULT 0;"
	  "ALTER TABLE seen ADD COLUMN digest INTEGER DEFAULT 0;",
    [2] = "ALTER TABLE message ADD COLUMN keywords TEXT DEFAULT '';",
    [3] = "ALTER TABLE seen ADD COLUMN body INTEGER DEFAULT 0;"
	  "ALTER TABLE reply ADD COLUMN written_to TEXT DEFAULT '';"
	  "ALTER TABLE trigger_mail ADD COLUMN message_id TEXT DEFAULT '';",
};

/* SQLite's own texts are English, and go into the log. */
static const char *reason_of(int code)
{
	switch (code) {
	case SQLITE_FULL:
		return error_errno_word(ENOSPC);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return error_errno_word(EBUSY);
	case SQLITE_IOERR:
		return error_errno_word(EIO);
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return error_errno_word(EACCES);
	case SQLITE_READONLY:
		return error_errno_word(EROFS);
	case SQLITE_CANTOPEN:
		return N_("it cannot be opened; check the permissions");
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return N_("its pages are damaged");
	default:
		return N_("the database reported an error");
	}
}

int state_error(const struct state *state, struct error *error, const char *what)
{
	int code = sqlite3_errcode(state->db) & 0xff;

	log_info("event=state-failed doing=%s code=%d reason=%s", LOG_CSTR(what), code, LOG_CSTR(sqlite3_errmsg(state->db)));
	error_set(error,
	    code == SQLITE_FULL ? ERROR_FULL : code == SQLITE_BUSY ? ERROR_TEMPORARY : ERROR_IO,
	    N_("cannot use state.db: %s"), PHRASE_WORD(reason_of(code)));
	if (code == SQLITE_CANTOPEN)
		error->saved_errno = sqlite3_system_errno(state->db);
	else if (code == SQLITE_READONLY)
		error->saved_errno = EACCES;
	return -1;
}

int state_run(struct state *state, const char *sql, struct error *error)
{
	if (sqlite3_exec(state->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return state_error(state, error, "run a statement");
	return 0;
}

/* --- opening */

static void close_db(struct state *state)
{
	for (size_t i = 0; i < STATE_KEPT; i++) {
		sqlite3_finalize(state->kept[i]);
		state->kept[i] = NULL;
	}
	sqlite3_close(state->db);
	state->db = NULL;
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
		if (state_run(state, upgrades[version], error) != 0)
			return -1;
	return 0;
}

static int open_db(struct state *state, const char *path, struct error *error)
{
	bool has_copy;

	owned_touch(path, 0600);
	if (sqlite3_open_v2(path, &state->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX,
		NULL) != SQLITE_OK) {
		state_error(state, error, "open it");
		close_db(state);
		return -1;
	}
	sqlite3_busy_timeout(state->db, BUSY_TIMEOUT_MS);
	/* The schema of a foreign file (a restored backup) cannot call functions, and nothing can write outside the
	 * tables. */
	sqlite3_db_config(state->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(state->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(state->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(state->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	state_add_functions(state->db);
	/* Temporary data of large queries stays in memory: a process in a sandbox cannot create files
	 * elsewhere. */
	if (state_run(state, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;", error) != 0)
		return -1;
	has_copy = state_copy_attach(state);
	if (state_run(state, "BEGIN IMMEDIATE", error) != 0 || upgrade(state, error) != 0 ||
	    state_run(state, schema, error) != 0)
		return -1;
	if (has_copy)
		state_copy_take(state);
	if (state_run(state, "COMMIT", error) != 0)
		return -1;
	if (has_copy)
		state_copy_detach(state);
	return 0;
}

/* Renames a damaged database, with its log, so that nothing is lost. */
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

/* One process at a time creates, upgrades or sets aside the database: SQLite does not wait when two processes switch
 * a new one to WAL mode, and the second process that finds it damaged must not set aside the new one of the first.
 * Returns the descriptor that holds the lock, -1 if there is no folder (or the lock is not released). */
int state_lock(const struct spool *spool)
{
	int64_t deadline = clock_now_ms() + BUSY_TIMEOUT_MS;
	int fd = open(spool->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	while (fd >= 0 && !fsx_lock(fd) && clock_left_ms(deadline) > 0)
		poll(NULL, 0, LOCK_POLL_MS);
	return fd;
}

static bool is_damage(const struct state *state)
{
	int code = state->db == NULL ? 0 : sqlite3_errcode(state->db) & 0xff;

	return code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

static bool is_whole(struct state *state, struct error *error)
{
	sqlite3_stmt *stmt = state_statement(state, error, "PRAGMA quick_check(1)", "");
	bool whole;

	if (stmt == NULL)
		return !is_damage(state);
	whole = state_next_row(state, stmt, error) == 1 ? strcmp(state_column_text(stmt, 0), "ok") == 0
							: !is_damage(state);
	state_statement_end(state, stmt);
	if (!whole)
		error_set(error, ERROR_IO, N_("its pages are damaged"));
	return whole;
}

static int begin_anew(struct state *state, const char *path, struct error *error)
{
	log_warnx("event=state-damaged path=%s reason=%s", LOG_CSTR(path), LOG_ERROR(error));
	close_db(state);
	if (set_aside(path, error) != 0 || open_db(state, path, error) != 0)
		return -1;
	return state_set(state, DAMAGED, "yes", error);
}

/* Whether it was set aside, by any process, and this was not reported yet. */
static bool take_damage(struct state *state)
{
	struct error error;
	char *text = NULL;
	bool damaged = state_get(state, DAMAGED, &text, &error) == 0 && text != NULL && text[0] != '\0';

	free(text);
	return damaged && state_set(state, DAMAGED, "", &error) == 0;
}

static int open_state(struct state **out, const struct spool *spool, bool look_through, bool *was_damaged,
    struct error *error)
{
	struct state *state = xcalloc(1, sizeof(*state));
	char *path = layout_state(spool);
	pthread_mutexattr_t recursive;
	int lock = state_lock(spool), result;

	pthread_mutexattr_init(&recursive);
	pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&state->lock, &recursive);
	pthread_mutexattr_destroy(&recursive);
	state->spool = spool_at(xstrdup(spool->folder));
	result = open_db(state, path, error);
	if (result != 0 && reserve_spend(spool, error)) {
		close_db(state);
		result = open_db(state, path, error);
	}
	if ((result != 0 && is_damage(state)) || (result == 0 && look_through && !is_whole(state, error)))
		result = begin_anew(state, path, error);
	if (was_damaged != NULL)
		*was_damaged = result == 0 && take_damage(state);
	if (lock >= 0)
		close(lock);
	free(path);
	if (result != 0) {
		state_close(state);
		return -1;
	}
	*out = state;
	return 0;
}

int state_open(struct state **out, const struct spool *spool, bool *was_damaged, struct error *error)
{
	return open_state(out, spool, false, was_damaged, error);
}

bool state_is_there(const struct spool *spool)
{
	char *path = layout_state(spool);
	bool is_there = access(path, R_OK | W_OK) == 0;

	free(path);
	return is_there;
}

int state_check(const struct spool *spool, struct error *error)
{
	struct state *state;

	if (open_state(&state, spool, true, NULL, error) != 0)
		return -1;
	state_close(state);
	return 0;
}

void state_close(struct state *state)
{
	if (state == NULL)
		return;
	close_db(state);
	pthread_mutex_destroy(&state->lock);
	free(state->spool.folder);
	free(state);
}

/* --- transactions and statements */

int state_begin(struct state *state, struct error *error)
{
	pthread_mutex_lock(&state->lock);
	if (state_run(state, "BEGIN IMMEDIATE", error) == 0)
		return 0;
	pthread_mutex_unlock(&state->lock);
	return -1;
}

int state_commit(struct state *state, struct error *error)
{
	if (state_run(state, "COMMIT", error) != 0) {
		state_abort(state);
		return -1;
	}
	pthread_mutex_unlock(&state->lock);
	return 0;
}

void state_abort(struct state *state)
{
	struct error ignored;

	state_run(state, "ROLLBACK", &ignored);
	pthread_mutex_unlock(&state->lock);
}

int state_copy(struct state *state, const char *path, struct error *error)
{
	return state_finish(state, state_statement(state, error, "VACUUM INTO ?", "t", path), error);
}

/* --- values */

int state_get(struct state *state, const char *key, char **text, struct error *error)
{
	return state_text(state, state_statement(state, error, "SELECT text FROM value WHERE key = ?", "t", key), text, error);
}

int state_set(struct state *state, const char *key, const char *text, struct error *error)
{
	if (text == NULL)
		return state_finish(state, state_statement(state, error, "DELETE FROM value WHERE key = ?", "t", key), error);
	return state_finish(state,
	    state_statement(state, error, "INSERT OR REPLACE INTO value VALUES (?, ?)", "tt", key, text),
	    error);
}
