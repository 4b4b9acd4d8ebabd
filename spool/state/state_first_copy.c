/* The table of first copies: which places have a message that may come again. */
#include "spool/storage/state_first_copy.h"

#include "spool/state/state_priv.h"

int state_first_copy_add(struct state *state, const char *identity, const char *place, const struct first_copy *copy, struct error *error)
{
	return state_finish(state,
	    state_statement(state, error, "INSERT OR IGNORE INTO first_copy (identity, place, id, account, mailbox, time) VALUES (?, ?, ?, ?, ?, ?)", "ttttti",
		identity, place, copy->id, copy->account, copy->mailbox, copy->time),
	    error);
}

int state_first_copy_find(struct state *state, const char *identity, const char *place, state_first_copy_fn fn, void *context, struct error *error)
{
	sqlite3_stmt *stmt = state_statement(state, error, "SELECT id, account, mailbox, time FROM first_copy WHERE identity = ? AND place = ?", "tt", identity, place);
	int found;

	if (stmt == NULL)
		return -1;
	found = state_next_row(state, stmt, error);
	if (found == 1)
		fn(context, &(struct first_copy){state_column_text(stmt, 0), state_column_text(stmt, 1), state_column_text(stmt, 2), sqlite3_column_int64(stmt, 3)});
	state_statement_end(state, stmt);
	return found;
}

int state_first_copies_prune(struct state *state, int64_t before, struct error *error)
{
	if (state_finish(state, state_statement(state, error, "DELETE FROM first_copy WHERE time < ?", "i", before), error) != 0)
		return -1;
	return state_finish(state,
	    state_statement(state, error, "DELETE FROM first_copy WHERE time <= (SELECT time FROM first_copy ORDER BY time DESC LIMIT 1 OFFSET ?)", "i",
		(int64_t)STATE_FIRST_COPIES_MAX),
	    error);
}
