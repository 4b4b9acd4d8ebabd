/*
 * How long a smarthost has been reachable in total: delay warnings and expiry of waiting mail use this clock, so
 * that an office that was offline for a week gets no bounces for it.
 */
#ifndef LANPOST_GATEWAY_REACHABILITY_H
#define LANPOST_GATEWAY_REACHABILITY_H

#include "spool/storage/storage.h"

struct reachability {
	int64_t total; /* seconds */
	int64_t last;  /* when it was last tried; 0: never */
	bool missed;   /* it was not reachable then */
};

/* Updates it after an attempt now (seconds since 1970). The time between two successful ones counts, at most one
 * day: a jump of the clock, or a gateway that was switched off, must not make all mail expire at once. */
struct reachability reachability_after(struct reachability before, int64_t now, bool reached);
/* The state that is stored under the smarthost's name. */
struct reachability reachability_load(struct state *state, const char *smarthost);
void reachability_store(struct state *state, const char *smarthost, const struct reachability *reach);

#endif
