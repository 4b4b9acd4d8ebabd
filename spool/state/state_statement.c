/* The statements of the state: those that were used before are kept, since parsing one costs more than running it. */
#include "spool/state/state_priv.h"

#include "base/alloc.h"

#include <stdarg.h>
#include <string.h>

/* Removes the statement from the cache, so that a statement in use is never used twice. */
static sqlite3_stmt *prepare(struct state *state, const char *sql)
{
	sqlite3_stmt *stmt = NULL;

	for (size_t i = 0; i < STATE_KEPT && stmt == NULL; i++) {
		if (state->kept[i] == NULL || strcmp(sqlite3_sql(state->kept[i]), sql) != 0)
			continue;
		stmt = state->kept[i];
		state->kept[i] = NULL;
	}
	if (stmt == NULL)
		sqlite3_prepare_v3(state->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL);
	return stmt;
}

sqlite3_stmt *state_statement(struct state *state, struct error *error, const char *sql,
    const char *types, ...)
{
	sqlite3_stmt *stmt;
	va_list args;

	pthread_mutex_lock(&state->lock);
	stmt = prepare(state, sql);
	if (stmt == NULL) {
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

/* If the cache is full, the next entry in turn is replaced. */
static void keep(struct state *state, sqlite3_stmt *stmt)
{
	size_t place = 0;

	while (place < STATE_KEPT && state->kept[place] != NULL)
		place++;
	if (place == STATE_KEPT) {
		place = state->keep_next;
		state->keep_next = (place + 1) % STATE_KEPT;
	}
	sqlite3_finalize(state->kept[place]);
	state->kept[place] = stmt;
}

void state_statement_end(struct state *state, sqlite3_stmt *stmt)
{
	sqlite3_reset(stmt); /* releases its locks; the error was already reported */
	sqlite3_clear_bindings(stmt);
	keep(state, stmt);
	pthread_mutex_unlock(&state->lock);
}

int state_finish(struct state *state, sqlite3_stmt *stmt, struct error *error)
{
	int result = 0;

	if (stmt == NULL)
		return -1;
	if (sqlite3_step(stmt) != SQLITE_DONE)
		result = state_error(state, error, "write");
	state_statement_end(state, stmt);
	return result;
}

int state_next_row(struct state *state, sqlite3_stmt *stmt, struct error *error)
{
	int code = sqlite3_step(stmt);

	if (code == SQLITE_ROW)
		return 1;
	return code == SQLITE_DONE ? 0 : state_error(state, error, "read");
}

int state_number(struct state *state, sqlite3_stmt *stmt, int64_t *number, struct error *error)
{
	int more;

	*number = 0;
	if (stmt == NULL)
		return -1;
	more = state_next_row(state, stmt, error);
	if (more == 1)
		*number = sqlite3_column_int64(stmt, 0);
	state_statement_end(state, stmt);
	return more < 0 ? -1 : 0;
}

const char *state_column_text(sqlite3_stmt *stmt, int column)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);

	return text == NULL ? "" : text;
}

int state_text(struct state *state, sqlite3_stmt *stmt, char **text, struct error *error)
{
	int more;

	*text = NULL;
	if (stmt == NULL)
		return -1;
	more = state_next_row(state, stmt, error);
	if (more == 1)
		*text = xstrdup(state_column_text(stmt, 0));
	state_statement_end(state, stmt);
	return more < 0 ? -1 : 0;
}

int state_rows(struct state *state, sqlite3_stmt *stmt, state_row_fn fn, void *context, struct error *error)
{
	int more;

	if (stmt == NULL)
		return -1;
	while ((more = state_next_row(state, stmt, error)) == 1)
		fn(context, state_column_text(stmt, 0), state_column_text(stmt, 1), sqlite3_column_int64(stmt, 2));
	state_statement_end(state, stmt);
	return more;
}
