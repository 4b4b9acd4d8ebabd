/* Seen UIDLs, by mailbox upstream; the column is still called account, for historical reasons. */
#include "spool/state/state_priv.h"
#include "spool/storage/state_seen.h"

#include "base/alloc.h"

#include <stdlib.h>

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

int state_seen_load(struct state *state, const char *mailbox, struct map *seen,
    struct error *error)
{
	sqlite3_stmt *stmt = state_statement(state, error,
	    "SELECT uidl, time, listed, digest, body FROM seen WHERE account = ?", "t", mailbox);
	int more;

	if (stmt == NULL)
		return -1;
	while ((more = state_next_row(state, stmt, error)) == 1) {
		struct slice uidl = slice_make(sqlite3_column_blob(stmt, 0),
		    (size_t)sqlite3_column_bytes(stmt, 0));
		const struct seen what = {
		    .time = sqlite3_column_int64(stmt, 1),
		    .listed = (uint64_t)sqlite3_column_int64(stmt, 2),
		    .digest = (uint64_t)sqlite3_column_int64(stmt, 3),
		    .body = (uint64_t)sqlite3_column_int64(stmt, 4),
		};

		state_seen_put(seen, uidl, &what);
	}
	state_statement_end(state, stmt);
	return more;
}

int state_seen_add(struct state *state, const char *mailbox, struct slice uidl, const char *id,
    const struct seen *what, struct error *error)
{
	return state_finish(state,
	    state_statement(state, error,
		"INSERT INTO seen (account, uidl, id, time, listed, digest, body)"
		" VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account, uidl) DO UPDATE SET"
		" id = excluded.id, time = excluded.time, listed = excluded.listed,"
		" digest = excluded.digest, body = excluded.body WHERE excluded.time >= seen.time",
		"tbtiiii", mailbox, &uidl, id, what->time, (int64_t)what->listed,
		(int64_t)what->digest, (int64_t)what->body),
	    error);
}

int state_seen_find(struct state *state, const char *id, char **mailbox, char **uidl,
    struct error *error)
{
	sqlite3_stmt *stmt = state_statement(state, error,
	    "SELECT account, CAST(uidl AS TEXT) FROM seen WHERE id = ?", "t", id);
	int more;

	*mailbox = *uidl = NULL;
	if (stmt == NULL)
		return -1;
	more = state_next_row(state, stmt, error);
	if (more == 1) {
		*mailbox = xstrdup(state_column_text(stmt, 0));
		*uidl = xstrdup(state_column_text(stmt, 1));
	}
	state_statement_end(state, stmt);
	return more < 0 ? -1 : 0;
}

int state_seen_get(struct state *state, const char *mailbox, struct slice uidl, char **id, int64_t *time, struct error *error)
{
	sqlite3_stmt *stmt = state_statement(state, error, "SELECT id, time FROM seen WHERE account = ? AND uidl = ?", "tb", mailbox, &uidl);
	int more;

	*id = NULL;
	*time = 0;
	if (stmt == NULL)
		return -1;
	more = state_next_row(state, stmt, error);
	if (more == 1) {
		*id = xstrdup(state_column_text(stmt, 0));
		*time = sqlite3_column_int64(stmt, 1);
	}
	state_statement_end(state, stmt);
	return more < 0 ? -1 : 0;
}

int state_seen_forget(struct state *state, const char *mailbox, struct slice uidl,
    struct error *error)
{
	return state_finish(state,
	    state_statement(state, error, "DELETE FROM seen WHERE account = ? AND uidl = ?", "tb",
		mailbox, &uidl),
	    error);
}

int state_seen_move(struct state *state, const char *from, const char *mailbox, struct error *error)
{
	int result;

	if (state_begin(state, error) != 0)
		return -1;
	result = state_finish(state,
	    state_statement(state, error,
		"INSERT INTO seen (account, uidl, id, time, listed, digest, body)"
		" SELECT ?, uidl, id, time, listed, digest, body FROM seen WHERE account = ?"
		" ON CONFLICT (account, uidl) DO UPDATE SET id = excluded.id, time = excluded.time,"
		" listed = excluded.listed, digest = excluded.digest, body = excluded.body"
		" WHERE excluded.time > seen.time",
		"tt", mailbox, from),
	    error);
	if (result == 0)
		result = state_finish(state,
		    state_statement(state, error, "DELETE FROM seen WHERE account = ?", "t", from), error);
	if (result == 0)
		return state_commit(state, error);
	state_abort(state);
	return -1;
}
