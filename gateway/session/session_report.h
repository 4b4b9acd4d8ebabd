/*
 * Reports of a session to postmaster: which accounts, smarthosts and messages have problems now, and which no longer.
 */
#ifndef LANPOST_GATEWAY_SESSION_REPORT_H
#define LANPOST_GATEWAY_SESSION_REPORT_H

#include "gateway/session/secrets.h"
#include "gateway/session/session_result.h"
#include "spool/spool.h"

struct session_report { /* all borrowed */
	const struct conf *conf;
	struct spool *spool;
	const struct session_result *result;
};

/* Reports everything in its result; line_was_used: it had to fetch or send. */
void session_report_problems(const struct session_report *session, bool line_was_used, bool line_was_up);
/* Reports the sign-ins that end within a week unless they are renewed. */
void session_report_sign_ins(const struct session_report *session, struct secrets *secrets);
/* Reports one subject by report_problem() or report_recovery(); an intended end (CANCELLED) is not a failure. */
void session_report_change(const struct session_report *session, const char *key, const char *what, const struct error *error);

#endif
