/*
 * Waits for new mail of an IMAP account, on a line that is always up.
 *
 * One connection opens the first folder of the account without changing it (EXAMINE) and idles (RFC 2177). If the server can, it reports news of the
 * other folders over the same connection (NOTIFY, RFC 5465), as far as their names fit into one command. What it cannot report is found by the
 * sessions of the schedule. Nothing is fetched here: news start a session.
 */
#ifndef LANPOST_FETCHER_FETCH_WATCH_H
#define LANPOST_FETCHER_FETCH_WATCH_H

#include "config/conf.h"
#include "upstream/remote.h"

/* How the news of a folder come. */
enum fetch_watch_way {
	FETCH_WATCH_IDLE,
	FETCH_WATCH_NOTIFY,
	FETCH_WATCH_POLLED, /* by the sessions of the schedule */
};

struct fetch_watch_job {
	const struct conf *conf;
	const struct conf_account *account;
	const struct remote_secrets *secrets;
	/* There may be new mail: at the beginning of each connection, and when the server says so. */
	void (*news)(void *context);
	/* Before the first news of a connection, for each folder, and then with NULL for the end of the list. May be NULL. */
	void (*watches)(void *context, const char *folder, enum fetch_watch_way way);
	void *context;
	int64_t idle_ms; /* after which IDLE begins again; 0: what routers and servers bear */
};

/* Whether this account is to be watched: IMAP, enabled, `idle`, and the line is always up. */
bool fetch_watch_is_wanted(const struct conf *conf, const struct conf_account *account);
/* Blocks until the connection has ended: -1, see the error. Returns 0 if the server cannot report new mail. */
int fetch_watch(const struct fetch_watch_job *job, struct error *error);
/* The rest before the next connection, in milliseconds. failures: connections in a row that did not last; after a refused login it is long, so that the
 * provider does not lock the account. */
int64_t fetch_watch_rest_ms(unsigned failures, enum error_class class);

#endif
