/*
 * The line to the outside: the admin's commands that bring it up and take it down.
 *
 * While it may be up a file in the spool says so: the one that finds it after a session that died hangs up.
 */
#ifndef LANPOST_GATEWAY_LINE_H
#define LANPOST_GATEWAY_LINE_H

#include "config/conf.h"
#include "gateway/session/secrets.h"
#include "spool/log/intake.h"

#include <stdatomic.h>

/* What became of a command: how it ended and what it said, printable, as one line. */
struct line_outcome {
	const char *command; /* its key; NULL: none was run */
	char text[PHRASE_MAX]; /* a phrase */
};

/* Runs connect_command and waits for a route; without a command the line is always on. session: its id, for the process that has to hang up
 * for it. A command that fails and a route that does not come are errors (what the command said is in the text); both are given up
 * once *cancel is true. secrets: the process that runs the commands of a session; NULL: ours runs them. */
int line_up(const struct conf *conf, struct secrets *secrets, const struct msgid *session, const atomic_bool *cancel,
    struct line_outcome *outcome, struct error *error);
/* Runs disconnect_command. */
int line_down(const struct conf *conf, struct secrets *secrets, struct line_outcome *outcome, struct error *error);
/* Writes that into the journal of the session, where there is anything to write. */
void line_journal(struct intake *intake, const struct msgid *session, const struct line_outcome *outcome);
/* Whether somebody has brought it up and not taken it down; *session (may be NULL) is whose it was, a new id if that is not known. */
bool line_was_left_up(const struct conf *conf, struct msgid *session);

#endif
