/*
 * How long a smarthost has been within reach, in all: the clock by which waiting mail is warned of and expires, so that
 * an office which was offline for a week gets nothing back for it.
 */
#ifndef LANPOST_GATEWAY_REACH_H
#define LANPOST_GATEWAY_REACH_H

#include "spool/state/state.h"

struct reach {
	int64_t total; /* seconds */
	int64_t last;  /* when it was reached or missed last; 0: never */
	bool missed;   /* it was not reached then */
};

/* What follows from another try now (seconds since 1970). The time between two good ones counts, at most a day of it: a
 * jump of the clock, or a gateway that was switched off, must not make all mail expire at once. */
struct reach reach_after(struct reach before, int64_t now, bool reached);
/* What is remembered under the smarthost's name. */
struct reach reach_load(struct state *state, const char *smarthost);
void reach_store(struct state *state, const char *smarthost, const struct reach *reach);

#endif
