/*
 * The state of the gateway besides the mail itself: the database, its transactions, and named values. Its subjects have
 * their own headers: state_seen, state_journal, state_triggers, state_replies, state_problems.
 *
 * The implementation is SQLite (`<spool>/state.db`, WAL mode, synchronous=FULL); no other file uses SQL, so that a server
 * database can be added later. Threads may share one handle. Writes between state_begin() and state_commit() are one
 * transaction.
 */
#ifndef LANPOST_SPOOL_STATE_H
#define LANPOST_SPOOL_STATE_H

#include "spool/spool.h"

struct state;

/* Opens or creates the database. A damaged one is renamed to state.db.corrupt-<time>, and a new one is created, with
 * the seen UIDLs of the copy that state_copy_seen() made. *was_damaged (may be NULL) reports once that this has
 * happened, in whichever process. */
int state_open(struct state **state, const struct spool *spool, bool *was_damaged, struct error *error);
/* Whether there is a state that this user may open. */
bool state_is_there(const struct spool *spool);
/* Checks the whole database, and sets it aside if it is damaged. Only while no process has it open. */
int state_check(const struct spool *spool, struct error *error);
/* Creates the file that state_copy_seen() writes. Call it once, before entering a sandbox in which state_copy_seen()
 * is called. */
void state_copy_prepare(const struct spool *spool);
/* Copies the seen UIDLs to `<spool>/seen.db` if they have changed: without them, all mail that is kept on servers would be
 * fetched again. */
int state_copy_seen(struct state *state, struct error *error);
void state_close(struct state *state);

/* Writes a complete and consistent copy of the database to a file that must not exist. */
int state_copy(struct state *state, const char *path, struct error *error);

/* A transaction. The handle is locked for other threads until commit or abort. */
int state_begin(struct state *state, struct error *error);
int state_commit(struct state *state, struct error *error);
void state_abort(struct state *state);

/* Persistent named numbers and short texts ("last-session"). *text is new memory, NULL if absent; setting NULL removes it. */
int state_get(struct state *state, const char *key, char **text, struct error *error);
int state_set(struct state *state, const char *key, const char *text, struct error *error);

#endif
