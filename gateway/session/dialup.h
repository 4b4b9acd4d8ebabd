/*
 * The line to the internet: the admin's commands that connect and disconnect it.
 *
 * While it may be up, a file in the spool marks it: a process that finds the file after a dead session
 * disconnects.
 */
#ifndef LANPOST_GATEWAY_DIALUP_H
#define LANPOST_GATEWAY_DIALUP_H

#include "config/conf.h"
#include "gateway/session/secrets.h"
#include "spool/storage/storage.h"

#include <stdatomic.h>

/* The result of a command: how it ended and its output, printable, as one line. */
struct dialup_outcome {
	const char *command; /* its key; NULL: none was run */
	char text[PHRASE_MAX]; /* a phrase */
};

#define DIALUP_OUTCOMES_MAX 16
struct dialup_outcomes {
	struct dialup_outcome items[DIALUP_OUTCOMES_MAX];
	size_t count;
};

/* Runs connect_command and waits for a route; without a command the line is always on. Of several lines ([line NAME]) each is
 * tried until one has a route; conf then uses that one. session: its id, for a process that
 * must disconnect in its place. A failed command and a missing route are errors (with the output of the command); both are
 * aborted once *cancel is true. secrets: the process that runs the commands of a session; NULL: this process runs them. */
int dialup_connect(struct conf *conf, struct secrets *secrets, const struct msgid *session, const atomic_bool *cancel,
    struct dialup_outcomes *outcomes, struct error *error);
/* Runs disconnect_command. */
int dialup_disconnect(const struct conf *conf, struct secrets *secrets, struct dialup_outcome *outcome, struct error *error);
/* Writes the result to the journal of the session, if there is any. */
void dialup_journal(struct intake *intake, const struct msgid *session, const struct dialup_outcome *outcome);
/* The same for all that was tried to connect, and which one of several lines is used (NULL: there is only one, or none is up). */
void dialup_journal_connect(struct intake *intake, const struct msgid *session, const struct dialup_outcomes *outcomes, const char *used);
/* Whether a session has connected it and not disconnected it. */
bool dialup_was_left_up(const struct conf *conf);
/* For the process that disconnects it: conf uses the line of that session from now on; *session is its id, a new id if not known. */
void dialup_take_over(struct conf *conf, struct msgid *session);

#endif
