/*
 * One communication session: line up, fetch all accounts side by side, sort and deliver as mail comes,
 * flush the queue, report, line down. Runs in a process of its own.
 */
#ifndef LANPOST_GATEWAY_SESSION_PROCESS_H
#define LANPOST_GATEWAY_SESSION_PROCESS_H

#include "config/conf.h"
#include "gateway/session/session_request.h"
#include "message/msgid.h"

struct session_job {
	struct conf *conf; /* its secrets are wiped, in this process */
	const struct session_request *request;
	const struct msgid *id; /* of the session */
};

/* The key of what a session reports when housekeeping turns out to be more than that. */
#define SESSION_HAS_WORK "has-work"

/* A child_fn; context is a struct session_job. Events and the result go to event_fd as the control socket has them. */
int session_process_run(void *context, int event_fd);

#endif
