/*
 * Which accounts a POP3 or IMAP login fetches (`fetch_on_login`), and when not: outside `days` and `hours`, in the rest after a session
 * that fetched them, and for the rest of a day on which max_bytes_per_day or max_bytes_per_month ended a session.
 */
#ifndef LANPOST_GATEWAY_LOGIN_FETCH_H
#define LANPOST_GATEWAY_LOGIN_FETCH_H

#include "gateway/supervisor/session_due.h"

struct login_fetch {
	int64_t *fetched; /* by account: when its last session ended (steady), -1: never, INT64_MAX: it runs */
	int64_t paused_on; /* the day as 20261231, by the wall clock; 0: none */
};

/* The conf must outlive the struct; clear and start it at a reload. */
void login_fetch_start(struct login_fetch *logins, const struct conf *conf);
void login_fetch_clear(struct login_fetch *logins);
/* A session with this request begins or will begin, or has ended. */
void login_fetch_session_begins(struct login_fetch *logins, const struct conf *conf, const struct session_request *request);
void login_fetch_session_ended(struct login_fetch *logins, const struct conf *conf, const struct session_request *request, int64_t steady);
/* That session was not allowed to fetch all: logins fetch nothing more today. */
void login_fetch_pause(struct login_fetch *logins, int64_t wall);
/* A user has logged in. Returns true if that starts a session now: adds its accounts to the request. */
bool login_fetch_take(
    const struct login_fetch *logins, const struct conf *conf, const char *user, struct moment now, struct session_request *request);

#endif
