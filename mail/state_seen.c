/* UIDLs that were seen, by account. */
#include "mail/state_priv.h"

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

int state_seen_load(struct state *state, const char *account, struct map *seen,
    struct error *error)
{
	sqlite3_stmt *stmt = state_statement(state, error,
	    "SELECT uidl, time, listed, digest FROM seen WHERE account = ?", "t", account);
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
		};

		state_seen_put(seen, uidl, &what);
	}
	state_statement_end(state, stmt);
	return more;
}

int state_seen_add(struct state *state, const char *account, struct slice uidl, const char *id,
    const struct seen *what, struct error *error)
{
	return state_finish(state,
	    state_statement(state, error,
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
	sqlite3_stmt *stmt = state_statement(state, error,
	    "SELECT account, CAST(uidl AS TEXT) FROM seen WHERE id = ?", "t", id);
	int more;

	*account = *uidl = NULL;
	if (stmt == NULL)
		return -1;
	more = state_next_row(state, stmt, error);
	if (more == 1) {
		*account = xstrdup(state_column_text(stmt, 0));
		*uidl = xstrdup(state_column_text(stmt, 1));
	}
	state_statement_end(state, stmt);
	return more < 0 ? -1 : 0;
}

int state_seen_forget(struct state *state, const char *account, struct slice uidl,
    struct error *error)
{
	return state_finish(state,
	    state_statement(state, error, "DELETE FROM seen WHERE account = ? AND uidl = ?", "tb",
		account, &uidl),
	    error);
}
