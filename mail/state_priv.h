/* The database, and statements on it: for the state*.c files, which are the only ones that know SQL. */
#ifndef LANPOST_MAIL_STATE_PRIV_H
#define LANPOST_MAIL_STATE_PRIV_H

#include "mail/state.h"

#include <pthread.h>
#include <sqlite3.h>

struct state {
	sqlite3 *db;
	pthread_mutex_t lock; /* recursive; guards db and the open transaction */
};

/* What SQLite says of its last failure. Returns -1. */
int state_error(const struct state *state, struct error *error, const char *what);
/* A prepared statement with its arguments bound in order: t text, b bytes (struct slice *), i int64. Holds the lock until
 * state_statement_end(). NULL on error. */
sqlite3_stmt *state_statement(struct state *state, struct error *error, const char *sql,
    const char *types, ...);
void state_statement_end(struct state *state, sqlite3_stmt *stmt);
/* Runs and ends a statement that gives no rows; NULL is an error that was told already. */
int state_finish(struct state *state, sqlite3_stmt *stmt, struct error *error);
/* 1: a row is there, 0: no more, -1: failed. */
int state_next_row(struct state *state, sqlite3_stmt *stmt, struct error *error);
const char *state_column_text(sqlite3_stmt *stmt, int column); /* "" for NULL */

#endif
