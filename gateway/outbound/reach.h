/*
 * How long a smarthost has been reachable in total: delay warnings and expiry of waiting mail use this clock, so
 * that an office that was offline for a week gets no bounces for it.
 */
#ifndef LANPOST_GATEWAY_REACH_H
#define LANPOST_GATEWAY_REACH_H

#include "spool/state/state.h"

struct reach {
	int64_t total; /* seconds */
	int64_t last;  /* when it was last tried; 0: never */
	bool missed;   /* it was not reachable then */
};

/* Updates it after an attempt now (seconds since 1970). The time between two successful ones counts, at most one
 * day: a jump of the clock, or a gateway that was switched off, must not make all mail expire at once. */
struct reach reach_after(struct reach before, int64_t now, bool reached);
/* The state that is stored under the smarthost's name. */
struct reach reach_load(struct state *state, const char *smarthost);
void reach_store(struct state *state, const char *smarthost, const struct reach *reach);

#endif
