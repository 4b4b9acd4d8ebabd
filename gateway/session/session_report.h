/*
 * What a session reports to postmaster: which accounts, smarthosts and messages are in trouble now, and which are well again.
 */
#ifndef LANPOST_GATEWAY_SESSION_REPORT_H
#define LANPOST_GATEWAY_SESSION_REPORT_H

#include "gateway/session/session_result.h"
#include "spool/spool.h"

struct session_report { /* all borrowed */
	const struct conf *conf;
	struct spool *spool;
	const struct session_result *result;
};

/* All that its result says; line_was_used: it was to fetch or send. */
void session_report_problems(const struct session_report *session, bool line_was_used, bool line_was_up);
/* One thing, as report_problem() or report_recovery() wants it; a failure that was wished for (CANCELLED) is not one. */
void session_report_change(const struct session_report *session, const char *key, const char *what, const struct error *error);

#endif
