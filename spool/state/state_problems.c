/* The table of problems. */
#include "spool/storage/state_problems.h"

#include "spool/state/state_priv.h"

/* In one statement: several processes may report the same problem at once. */
int state_problem_set(struct state *state, const char *key, const char *class, const char *text,
    int64_t time, struct error *error)
{
	sqlite3_stmt *stmt = state_statement(state, error,
	    "INSERT INTO problem (key, class, text, since) VALUES (?, ?, ?, ?)"
	    " ON CONFLICT (key) DO UPDATE SET class = excluded.class, text = excluded.text, since = excluded.since"
	    " WHERE class <> excluded.class RETURNING 1",
	    "ttti", key, class, text, time);
	int news;

	if (stmt == NULL)
		return -1;
	news = state_next_row(state, stmt, error);
	state_statement_end(state, stmt);
	return news;
}

int state_problem_clear(struct state *state, const char *key, int64_t *since, struct error *error)
{
	sqlite3_stmt *stmt = state_statement(state, error, "SELECT since FROM problem WHERE key = ?", "t",
	    key);
	int known;

	if (stmt == NULL)
		return -1;
	known = state_next_row(state, stmt, error);
	if (known == 1)
		*since = sqlite3_column_int64(stmt, 0);
	state_statement_end(state, stmt);
	if (known != 1)
		return known;
	if (state_finish(state, state_statement(state, error, "DELETE FROM problem WHERE key = ?", "t", key),
		error) != 0)
		return -1;
	return 1;
}

int state_problems(struct state *state, state_problem_fn fn, void *context, struct error *error)
{
	return state_rows(state, state_statement(state, error, "SELECT key, text, since FROM problem ORDER BY since, key", ""), fn, context, error);
}
