/*
 * Problems that are reported once per change. key: "account sales", "smarthost default", "disk".
 */
#ifndef LANPOST_SPOOL_STATE_PROBLEMS_H
#define LANPOST_SPOOL_STATE_PROBLEMS_H

#include "spool/storage/state.h"

/* Returns 1 if the problem is new (none under this key, or of another class), 0 if known, -1 on error. */
int state_problem_set(struct state *state, const char *key, const char *class, const char *text,
    int64_t time, struct error *error);
/* Returns 1 if there was one (since when is in *since), 0 if not, -1 on error. */
int state_problem_clear(struct state *state, const char *key, int64_t *since, struct error *error);

/* Calls back for each known problem, the oldest first. */
typedef void (*state_problem_fn)(void *context, const char *key, const char *text, int64_t since);
int state_problems(struct state *state, state_problem_fn fn, void *context, struct error *error);

#endif
