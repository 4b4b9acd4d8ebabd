/* What a communication session is to do. Several requests become one. The holder of a request owns its names. */
#ifndef LANPOST_GATEWAY_SESSION_REQUEST_H
#define LANPOST_GATEWAY_SESSION_REQUEST_H

#include "base/str.h"

struct session_request {
	struct strlist accounts; /* to be fetched; empty: all that are enabled */
	struct strlist again;	 /* accounts that were named by the admin: also what has failed often is tried again */
	bool fetch, send;
	bool flush;    /* with send: also what waits for its own next attempt */
	bool triggers; /* look for mail to the daemon, do what it asks for, and answer it */
	bool is_housekeeping; /* nobody asked for it: not shown, unless mail to the daemon makes more of it */
};

/* A copy with names of its own: session_request_clear(). */
struct session_request session_request_copy(const struct session_request *request);
/* Makes *into what both want. */
void session_request_merge(struct session_request *into, const struct session_request *more);
/* True if all enabled accounts are to be fetched. */
bool session_request_wants_all(const struct session_request *request);
/* This account is to be fetched, too. */
void session_request_add_account(struct session_request *request, const char *name);
void session_request_clear(struct session_request *request);

#endif
