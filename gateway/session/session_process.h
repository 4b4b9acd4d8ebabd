/*
 * One communication session: connect the line, fetch all accounts in parallel, sort and deliver
 * mail as it arrives, flush the queue, report, disconnect. Runs in a separate process.
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
	int filter_socket; /* mail/filter/filter_ask.h */
};

/* The key of the event that housekeeping has become a session. */
#define SESSION_HAS_WORK "has-work"

/* A child_fn; context is a struct session_job. Events and the result go to event_fd in the form of the control
 * socket. */
int session_process_run(void *context, int event_fd);

#endif
