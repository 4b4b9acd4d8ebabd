/* The database, and its statements: for the state*.c files, the only ones that use SQL. */
#ifndef LANPOST_SPOOL_STATE_PRIV_H
#define LANPOST_SPOOL_STATE_PRIV_H

#include "spool/storage/state.h"
#include "spool/storage/state_journal.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>

#define STATE_KEPT 8

struct state {
	sqlite3 *db;
	struct spool spool; /* with its own folder name */
	pthread_mutex_t lock; /* recursive; guards all below, db and the open transaction */
	sqlite3_stmt *kept[STATE_KEPT]; /* statements used before and not in use now: parsing one costs more than running it */
	size_t keep_next;
};

/* Logs the last error of the database and puts it into *error; what: "read". Returns -1. */
int state_error(const struct state *state, struct error *error, const char *what);
/* Statements without arguments and rows. */
int state_run(struct state *state, const char *sql, struct error *error);
/* One process at a time makes, upgrades, sets aside or copies: the descriptor that holds the lock, -1 for none. */
int state_lock(const struct spool *spool);

/* While a new database is created: loads the copy of `seen` (state_copy.c). Returns false if there is none, or if
 * the database is not new. */
bool state_copy_attach(struct state *state);
void state_copy_take(struct state *state);
void state_copy_detach(struct state *state);

/* A prepared statement with its arguments bound in order: t text, b bytes (struct slice *), i int64. Holds the lock until
 * state_statement_end(). NULL on error. */
sqlite3_stmt *state_statement(struct state *state, struct error *error, const char *sql,
    const char *types, ...);
void state_statement_end(struct state *state, sqlite3_stmt *stmt);
/* Runs and ends a statement without rows; NULL is an error that was already reported. */
int state_finish(struct state *state, sqlite3_stmt *stmt, struct error *error);
/* Returns 1 if there is a row, 0 if not, -1 on failure. */
int state_next_row(struct state *state, sqlite3_stmt *stmt, struct error *error);
/* Runs and ends a statement that returns one number: *number is 0 if there is no row. NULL is an error that was already
 * reported. */
int state_number(struct state *state, sqlite3_stmt *stmt, int64_t *number, struct error *error);
/* The same of a text: *text is new memory, NULL if there is no row. */
int state_text(struct state *state, sqlite3_stmt *stmt, char **text, struct error *error);
/* Calls back for each row of two texts and a number, and ends the statement. Returns 0, or -1. NULL is an error that was already
 * reported. */
typedef void (*state_row_fn)(void *context, const char *first, const char *second, int64_t number);
int state_rows(struct state *state, sqlite3_stmt *stmt, state_row_fn fn, void *context, struct error *error);
const char *state_column_text(sqlite3_stmt *stmt, int column); /* "" for NULL */

/* Calls back for rows with the columns of message and those of journal without its id, counts them, and ends the
 * statement. */
int state_trace_rows(struct state *state, sqlite3_stmt *stmt, state_trace_fn fn, void *context, size_t *found,
    struct error *error);
/* Registers the SQL function of state_trace(). */
void state_add_functions(sqlite3 *db);

#endif
