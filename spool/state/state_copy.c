/*
 * A second copy of the seen UIDLs, in case state.db is lost or damaged: everything else in it is dispensable, but without
 * them all mail that is kept on servers would be fetched again.
 */
#include "spool/layout_priv.h"
#include "spool/state/state_priv.h"

#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/owned.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OLD_COLUMNS "account, uidl, id, time, listed, digest" /* for a copy of an older version */
#define COLUMNS OLD_COLUMNS ", body"
#define TAKE(columns) "INSERT OR IGNORE INTO main.seen (" columns ") SELECT " columns " FROM copy.seen"
#define COPIED "seen-copied" /* a value: the mark of the copy's content */

static int attach(struct state *state, const char *path, struct error *error)
{
	return state_finish(state, state_statement(state, error, "ATTACH ? AS copy", "t", path), error);
}

/* --- back from the copy */

static bool is_new(struct state *state)
{
	struct error error;
	sqlite3_stmt *stmt = state_statement(state, &error, "PRAGMA user_version", "");
	bool new;

	if (stmt == NULL)
		return false;
	new = state_next_row(state, stmt, &error) == 1 && sqlite3_column_int(stmt, 0) == 0;
	state_statement_end(state, stmt);
	return new;
}

bool state_copy_attach(struct state *state)
{
	char *path = layout_seen(&state->spool, "");
	struct error error;
	bool has = access(path, R_OK) == 0 && is_new(state) && attach(state, path, &error) == 0;

	free(path);
	return has;
}

void state_copy_take(struct state *state)
{
	struct error error;

	if (state_run(state, TAKE(COLUMNS), &error) != 0 && state_run(state, TAKE(OLD_COLUMNS), &error) != 0)
		log_warnx("event=seen-not-restored reason=%s", LOG_ERROR(&error));
	else
		log_warnx("event=seen-restored messages=%d", sqlite3_changes(state->db));
}

void state_copy_detach(struct state *state)
{
	struct error error;

	if (state_run(state, "DETACH copy", &error) != 0)
		log_warnx("event=copy-not-closed reason=%s", LOG_ERROR(&error));
}

/* --- making it */

/* A mark that changes with every message that is added, adopted or removed. New memory, NULL on
 * failure. */
static char *mark_of_seen(struct state *state, struct error *error)
{
	sqlite3_stmt *stmt = state_statement(state, error,
	    "SELECT count(*) || ' ' || CAST(total(time) AS INTEGER) || ' ' || CAST(total(digest % 1000003) AS INTEGER)"
	    " FROM seen", "");
	char *mark = NULL;

	if (stmt == NULL)
		return NULL;
	if (state_next_row(state, stmt, error) == 1)
		mark = xstrdup(state_column_text(stmt, 0));
	state_statement_end(state, stmt);
	return mark;
}

static bool is_copied(struct state *state, const char *path, const char *mark)
{
	struct error error;
	char *copied = NULL;
	bool same = access(path, F_OK) == 0 && state_get(state, COPIED, &copied, &error) == 0 && copied != NULL &&
		    strcmp(copied, mark) == 0;

	free(copied);
	return same;
}

static int fill(struct state *state, const char *path, struct error *error)
{
	int result;

	if (attach(state, path, error) != 0)
		return -1;
	result = state_run(state,
	    "PRAGMA copy.journal_mode = MEMORY; PRAGMA copy.synchronous = OFF;"
	    "CREATE TABLE copy.seen AS SELECT " COLUMNS " FROM main.seen", error);
	state_copy_detach(state);
	return result;
}

static int sync_file(const char *path, struct error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), result;

	if (fd < 0)
		return error_errno(error, N_("cannot open %s"), path);
	result = fsx_sync_data(fd, path, error);
	close(fd);
	return result;
}

/* An existing file is kept: the sandbox has a rule for it. */
static int empty_file(const char *path, struct error *error)
{
	int fd = owned_open(path, O_WRONLY | O_TRUNC | O_NONBLOCK, 0600);

	if (fd < 0)
		return error_errno(error, N_("cannot create %s"), path);
	return fsx_close(fd, path, error);
}

void state_copy_prepare(const struct spool *spool)
{
	char *tmp = layout_seen(spool, ".new");
	struct error error;

	if (fsx_unlink(tmp, &error) != 0 || empty_file(tmp, &error) != 0)
		log_warnx("event=seen-not-copied reason=%s", LOG_ERROR(&error));
	free(tmp);
}

static int write_copy(struct state *state, const char *path, struct error *error)
{
	char *tmp = layout_seen(&state->spool, ".new");
	struct error ignored;
	int result = empty_file(tmp, error);

	if (result == 0)
		result = fill(state, tmp, error);
	if (result == 0)
		result = sync_file(tmp, error);
	if (result == 0)
		result = fsx_rename(tmp, path, error);
	if (result != 0)
		fsx_unlink(tmp, &ignored);
	free(tmp);
	return result;
}

static int drop_prepared(const struct state *state, struct error *error)
{
	char *tmp = layout_seen(&state->spool, ".new");
	int result = fsx_unlink(tmp, error);

	free(tmp);
	return result;
}

int state_copy_seen(struct state *state, struct error *error)
{
	int lock = state_lock(&state->spool), result = -1;
	char *path = layout_seen(&state->spool, ""), *mark = mark_of_seen(state, error);

	if (mark != NULL && is_copied(state, path, mark))
		result = drop_prepared(state, error);
	else if (mark != NULL && write_copy(state, path, error) == 0)
		result = state_set(state, COPIED, mark, error);
	free(mark);
	free(path);
	if (lock >= 0)
		close(lock);
	return result;
}
