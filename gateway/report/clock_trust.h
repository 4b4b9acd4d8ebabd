/*
 * Whether the date can be believed, for what removes something because it is old.
 *
 * A computer with an empty battery, or a year mistyped by hand, makes everything look a hundred days older. So each session
 * compares the wall clock with what the last session saw: within one run of the system with the time that has passed
 * since, across a restart with what an office may be closed for. After a jump nothing is removed for its age until
 * sessions on CLOCK_TRUST_DAYS different days have seen a clock that goes as it should; postmaster gets a report.
 */
#ifndef LANPOST_GATEWAY_CLOCK_TRUST_H
#define LANPOST_GATEWAY_CLOCK_TRUST_H

#include "config/conf.h"
#include "spool/spool.h"

#include <stdbool.h>

#define CLOCK_TRUST_DAYS 7     /* on which the clock must be right again */
#define CLOCK_TRUST_CLOSED 14  /* days an office may be closed without doubt */

/* What one session sees. */
struct clock_reading {
	int64_t wall;	  /* seconds since 1970 */
	int64_t steady;	  /* seconds since the system started (clock_steady()) */
	char system[40];  /* distinguishes one run of the system from another; "" where that is not known */
};

/* The memory of the readings: all zero where none exists yet. */
struct clock_memory {
	struct clock_reading last;
	unsigned doubtful_days; /* still to pass; 0: the clock is trusted */
	int64_t jumped;		/* seconds by which it was off when it jumped last */
};

/* Takes a reading into the memory. Returns whether the clock is trusted now. No I/O. */
bool clock_trust_update(struct clock_memory *memory, const struct clock_reading *now);

/* Before a sandbox closes /proc: learns which run of the system this is. Without it a clock that jumps while the system runs is noticed
 * only when it jumps by more than CLOCK_TRUST_CLOSED days. */
void clock_trust_prepare(void);
/* Once at the beginning of a session: reads the clock, updates the memory in the state, reports a doubt and its end to
 * postmaster. Returns whether the clock is trusted; where the state cannot be read it is not. */
bool clock_trust_check(const struct conf *conf, struct spool *spool, const char *session);

#endif
