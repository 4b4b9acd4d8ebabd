/*
 * What must be remembered beside the mail itself: the database and its transactions; and named values. What is in it has headers
 * of its own, by subject: state_seen, state_journal, state_triggers, state_replies, state_problems.
 *
 * Behind this interface is SQLite (`<spool>/state.db`, WAL mode, synchronous=FULL); no other file
 * knows SQL, so that a server database can be beside it later. One handle may be shared by
 * threads. Writes gather in a transaction between state_begin() and state_commit().
 */
#ifndef LANPOST_SPOOL_STATE_H
#define LANPOST_SPOOL_STATE_H

#include "spool/spool.h"

struct state;

/* Opens or makes the database. One that is damaged is set aside as state.db.corrupt-<time> and a new one is begun, which
 * knows what was fetched from the copy that state_copy_seen() made. *was_damaged (may be NULL) reports once that this has
 * happened, no matter who opened it then. */
int state_open(struct state **state, const struct spool *spool, bool *was_damaged, struct error *error);
/* Looks through all of it, and sets it aside where it is damaged. For a time when nobody has it open. */
int state_check(const struct spool *spool, struct error *error);
/* Copies the UIDLs seen to `<spool>/seen.db` if they have changed: without them, all that is kept on servers would be fetched
 * once more. */
int state_copy_seen(struct state *state, struct error *error);
void state_close(struct state *state);

/* Writes a whole and consistent copy of the database to a file that must not exist. */
int state_copy(struct state *state, const char *path, struct error *error);

/* A transaction. The handle is locked for other threads until commit or abort. */
int state_begin(struct state *state, struct error *error);
int state_commit(struct state *state, struct error *error);
void state_abort(struct state *state);

/* Named numbers and short texts that outlive a process ("last-session"). *text is new memory, NULL if absent. */
int state_get(struct state *state, const char *key, char **text, struct error *error);
int state_set(struct state *state, const char *key, const char *text, struct error *error);

#endif
