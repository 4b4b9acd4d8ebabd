/*
 * Typed values of the state. Who owns a subject reads and writes its values with functions side by side: numbers (times, counts) and the
 * results of sessions here, last logins in last_login.h.
 */
#ifndef LANPOST_SPOOL_STATE_VALUES_H
#define LANPOST_SPOOL_STATE_VALUES_H

#include "spool/storage/state.h"

#include <jansson.h>
#include <stddef.h>

#define STATE_NUMBERS_MAX 8

/* Reads the numbers under a key. Returns how many there are, at most count; the others are 0. What is not there or
 * cannot be understood is 0 numbers. -1 on error. */
int state_numbers_get(struct state *state, const char *key, int64_t *numbers, size_t count, struct error *error);
int state_numbers_put(struct state *state, const char *key, const int64_t *numbers, size_t count, struct error *error);

/* What the last session did, and what it did for each account; the documents are those of the control socket (docs/json.md). The value is
 * borrowed. */
int state_session_put(struct state *state, const json_t *value, struct error *error);
int state_session_account_put(struct state *state, const char *account, const json_t *value, struct error *error);
/* The caller's; NULL if nothing is known (state may be NULL, too). */
json_t *state_session_get(struct state *state);
json_t *state_session_account_get(struct state *state, const char *account);

/* Who has used the line on a day (20261231) or in a month (202612), see mail/usage.h; as above. */
int state_usage_put(struct state *state, int64_t period, const json_t *value, struct error *error);
json_t *state_usage_get(struct state *state, int64_t period);
/* Removes what is older than these. */
int state_usage_expire(struct state *state, int64_t oldest_day, int64_t oldest_month, struct error *error);

/* Why mail could not be accepted when the disk failed: noted by the intake, and cleared (NULL) by the process that reports it. */
int state_trouble_put(struct state *state, const char *why, struct error *error);
/* *why is new memory, NULL if there was no trouble. */
int state_trouble_get(struct state *state, char **why, struct error *error);

#endif
