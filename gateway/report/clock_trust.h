/*
 * Whether the date can be trusted, for code that removes old data.
 *
 * An empty battery or a mistyped year makes everything look much older. So each session compares the wall clock with the
 * reading of the last session: within one run of the system with the elapsed time, across a restart with the longest
 * time that an office may be closed. After a jump nothing is removed because of its age until sessions on
 * CLOCK_TRUST_DAYS different days have seen a correct clock; postmaster gets a report.
 */
#ifndef LANPOST_GATEWAY_CLOCK_TRUST_H
#define LANPOST_GATEWAY_CLOCK_TRUST_H

#include "config/conf.h"
#include "spool/spool.h"

#include <stdbool.h>

#define CLOCK_TRUST_DAYS 7     /* days on which the clock must be right again */
#define CLOCK_TRUST_CLOSED 14  /* days that an office may be closed without doubt */

/* What one session sees. */
struct clock_reading {
	int64_t wall;	  /* seconds since 1970 */
	int64_t steady;	  /* seconds since the system started (clock_steady()) */
	char system[40];  /* identifies a run of the system; "" if not known */
};

/* The stored readings: all zero if there are none yet. */
struct clock_memory {
	struct clock_reading last;
	unsigned doubtful_days; /* days left; 0: the clock is trusted */
	int64_t jumped;		/* size of the last jump in seconds */
};

/* Adds a reading. Returns whether the clock is trusted now. No I/O. */
bool clock_trust_update(struct clock_memory *memory, const struct clock_reading *now);

/* Called before a sandbox closes /proc: reads the id of this run of the system. Without it a jump of the clock while the
 * system runs is noticed only if it exceeds CLOCK_TRUST_CLOSED days. */
void clock_trust_prepare(void);
/* Whether it would be trusted now; nothing is noted or reported. */
bool clock_trust_peek(struct state *state);
/* Called once at the beginning of a session: reads the clock, updates the stored readings, reports a doubt and its
 * end to postmaster. Returns whether the clock is trusted; false if the state cannot be read. */
bool clock_trust_check(const struct conf *conf, struct spool *spool, const char *session);

#endif
