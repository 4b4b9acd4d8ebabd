/*
 * Which accounts are due when: [schedule] and the accounts' own intervals together.
 *
 * Intervals are measured by a clock that cannot be set, times of day by the wall clock. After any sleep of the
 * machine or jump of its clock, everything missed becomes one session.
 */
#ifndef LANPOST_GATEWAY_SESSION_DUE_H
#define LANPOST_GATEWAY_SESSION_DUE_H

#include "config/conf.h"
#include "gateway/session/session_request.h"

/* The same moment on both clocks, seconds. */
struct moment {
	int64_t wall;	/* since 1970 */
	int64_t steady; /* clock_steady() */
};

struct session_due {
	int64_t seen;	   /* wall: times of day up to here are handled */
	int64_t last;	   /* steady: when the last session by [schedule] began */
	int64_t *last_own; /* steady, by account: when its own interval began */
};

/* Starts counting now. The conf must outlive the struct; call session_due_clear() and session_due_start() at a reload. */
void session_due_start(struct session_due *due, const struct conf *conf, struct moment now);
void session_due_clear(struct session_due *due);
/* The earliest wall time at which anything is due, 0: never. */
int64_t session_due_next(const struct session_due *due, const struct conf *conf, struct moment now);
/* Returns true if something is due now: fills the request (initialised to zero by the caller) and restarts
 * the intervals. */
bool session_due_take(struct session_due *due, const struct conf *conf, struct moment now, struct session_request *request);

#endif
