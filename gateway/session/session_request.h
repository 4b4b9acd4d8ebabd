/* The work of a communication session. Several requests are merged into one. The holder of a request owns its
 * names. */
#ifndef LANPOST_GATEWAY_SESSION_REQUEST_H
#define LANPOST_GATEWAY_SESSION_REQUEST_H

#include "base/str.h"

struct session_request {
	struct strlist accounts; /* accounts to fetch; empty: all enabled ones */
	struct strlist again;	 /* the admin has named the accounts: also retry messages that have often failed */
	bool fetch, send;
	bool flush;    /* with send: also messages that wait for their next attempt */
	bool plan; /* only connects, and says what would be fetched and sent */
	bool triggers; /* read mail to the daemon, carry out its commands, and answer it */
	bool is_housekeeping; /* housekeeping: not shown, unless mail to the daemon turns it into a session */
};

/* A copy with its own names; free it with session_request_clear(). */
struct session_request session_request_copy(const struct session_request *request);
/* Merges both requests into *into. */
void session_request_merge(struct session_request *into, const struct session_request *more);
/* True if all enabled accounts must be fetched. */
bool session_request_wants_all(const struct session_request *request);
/* Adds this account to those to fetch. */
void session_request_add_account(struct session_request *request, const char *name);
void session_request_clear(struct session_request *request);

#endif
