/*
 * Which accounts are due when: [schedule] and the accounts' own intervals together.
 */
#ifndef LANPOST_GATEWAY_DUE_H
#define LANPOST_GATEWAY_DUE_H

#include "gateway/session_process.h"

struct due {
	int64_t seen;	    /* the time of the last look */
	int64_t last;	    /* when the last session by [schedule] began */
	int64_t next;	    /* when the next one is due, 0: never */
	int64_t *last_own;  /* by account: when its own interval began */
	int64_t *next_own;
};

/* Begins to count now. The conf must stay while the struct is used; call due_clear() and due_start() at a reload. */
void due_start(struct due *due, const struct conf *conf, int64_t now);
void due_clear(struct due *due);
/* The earliest moment at which anything is due, 0: never. */
int64_t due_next(const struct due *due, const struct conf *conf);
/* True if something is due now: fills the request (initialised to zero by the caller) and counts on from now. */
bool due_take(struct due *due, const struct conf *conf, int64_t now, struct session_request *request);

#endif
