/*
 * Which accounts are due when: [schedule] and the accounts' own intervals together.
 *
 * Intervals are measured by a clock that nobody sets, times of day by the wall clock. However long the machine slept and
 * however far its clock jumped, what was missed meanwhile is one session.
 */
#ifndef LANPOST_GATEWAY_DUE_H
#define LANPOST_GATEWAY_DUE_H

#include "config/conf.h"
#include "gateway/session/session_request.h"

/* The same moment on both clocks, seconds. */
struct moment {
	int64_t wall;	/* since 1970 */
	int64_t steady; /* clock_steady() */
};

struct due {
	int64_t seen;	   /* wall: times of day up to here are done with */
	int64_t last;	   /* steady: when the last session by [schedule] began */
	int64_t *last_own; /* steady, by account: when its own interval began */
};

/* Begins to count now. The conf must stay while the struct is used; call due_clear() and due_start() at a reload. */
void due_start(struct due *due, const struct conf *conf, struct moment now);
void due_clear(struct due *due);
/* The earliest wall time at which anything is due, 0: never. */
int64_t due_next(const struct due *due, const struct conf *conf, struct moment now);
/* True if something is due now: fills the request (initialised to zero by the caller) and counts on from now. */
bool due_take(struct due *due, const struct conf *conf, struct moment now, struct session_request *request);

#endif
