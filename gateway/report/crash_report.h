/*
 * Reports to postmaster that a child of the supervisor has died, and what it was doing.
 */
#ifndef LANPOST_GATEWAY_CRASH_REPORT_H
#define LANPOST_GATEWAY_CRASH_REPORT_H

#include "base/process/thread_activity.h"
#include "config/conf.h"

struct crash {
	const char *process;	   /* "lan", "session", "auth", "filter" or "watch" */
	int status;		   /* as from waitpid(2) */
	const struct thread_activity *doing; /* the activity of its threads; may be NULL */
	int hung;		   /* seconds without an answer, if it was ended for that; 0: it was not */
};

void crash_report(const struct conf *conf, const struct crash *crash);
/* Reports that it has been running normally for a while. */
void crash_recovered(const struct conf *conf, const char *process);

#endif
