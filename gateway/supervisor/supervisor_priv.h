/*
 * Declarations that the parts of the supervisor share: its life (supervisor.c), its sessions, one at a time
 * (supervisor_session.c), the LAN server (supervisor_lan.c) and the process with the verifiers (supervisor_auth.c).
 */
#ifndef LANPOST_GATEWAY_SUPERVISOR_PRIV_H
#define LANPOST_GATEWAY_SUPERVISOR_PRIV_H

#include "base/clock.h"
#include "gateway/outbound/rate_limit.h"
#include "gateway/process/child.h"
#include "gateway/services/listeners.h"
#include "gateway/supervisor/auth_watch.h"
#include "gateway/supervisor/control.h"
#include "gateway/report/crash_report.h"
#include "gateway/report/disk_watch.h"
#include "gateway/supervisor/session_due.h"
#include "gateway/supervisor/login_fetch.h"
#include "gateway/supervisor/login_notes.h"
#include "gateway/supervisor/supervisor.h"
#include "lan-server/login/auth_config.h"
#include "message/msgid.h"

#define HEALTHY_MS 60000 /* a process that has run for this long counts as healthy again */
#define RESTART_MAX_MS 60000
#define STOP_MS 15000	 /* time limit for children to end by themselves */
#define EVENTS_PER_TURN 256 /* from one child at a time, so that others are served, too */

enum { FILTER_FD_ASK, FILTER_FD_OWN };
enum { AUTH_FD_LAN, AUTH_FD_OWN }; /* the session whose end it is */

/* Sessions that users start: as many per hour as the limit allows, further requests wait. */
struct asked {
	struct rate_limit limit;
	int64_t at; /* monotonic: when the next one may start, 0: none requested */
};

/* Of a process that is kept running (supervisor_child.c). */
struct restarts {
	unsigned crashes; /* each soon after the one before */
	int64_t at;	  /* monotonic: when it is started, 0: it runs, or is not wanted */
	bool is_reported; /* a crash: to postmaster */
};

struct supervisor {
	struct conf *conf;
	const char *path;
	int lock_fd, signal_fd, lan_program;
	struct listeners listeners;
	struct control control;
	struct child lan, session, hang_up;
	int64_t since;
	unsigned answers; /* processes that answer `status` */
	bool stopping;

	struct msgid session_id;
	uint64_t session_number;	 /* of the running session, or of the last one */
	struct session_request running;
	struct session_request pending;	 /* one more session, requested while one runs */
	bool is_pending;
	json_t *result;			 /* the final report of the running session */
	struct session_due due;
	struct login_fetch logins;

	struct asked by_mail; /* sessions that mail to daemon starts */
	struct asked urgent;  /* and urgent messages in the queue */
	bool looks_for_urgent; /* when the running session has ended */
	int64_t queue_look_at;	  /* monotonic */
	int64_t sends_no_more_on; /* the day (20261231) on which a limit of a day or a month has ended sending; 0: none has */

	struct disk_watch disk;

	struct child auth;
	int auth_fds[2]; /* of the socket between auth and the LAN server: [AUTH_FD_...] */
	char salt_key[AUTH_SALT_KEY_LEN];
	struct restarts auth_restarts;
	struct auth_watch auth_watch;
	bool auth_hangs; /* it was ended because it hung */
	struct login_notes login_notes;
	bool auth_has_tls; /* it has a usable certificate */

	struct child filter;
	int filter_fds[2]; /* of the socket between it and those that ask: [FILTER_FD_...] */
	struct restarts filter_restarts;
	struct scanner_watch *scanners; /* one for each [scanner] */
	json_t *watched; /* what the process `watch` says of each account: LINE_WATCH_STATE; NULL: nothing */

	struct child watch;
	struct restarts watch_restarts;

	struct restarts lan_restarts;
};

static inline struct moment moment_now(void)
{
	return (struct moment){.wall = clock_wall(), .steady = clock_steady()};
}

/* Begins a session now, or one more after the running one; several such requests become one. context: the supervisor.
 * Returns the number of the session. */
uint64_t supervisor_session_want(void *context, const struct session_request *request);
/* The session at start: with `on_start` a normal one, else only housekeeping: old mail that expires, mail to daemon that a
 * crash has left unanswered. */
void supervisor_session_first(struct supervisor *supervisor);
/* The same for mail to daemon, with a limit per hour; further requests wait. */
void supervisor_session_by_mail(struct supervisor *supervisor);
/* The same for an urgent message in the queue. A session that has the line up sends it at once. */
void supervisor_session_urgent(struct supervisor *supervisor);
/* The same for a login of this user by POP3 or IMAP, as `fetch_on_login` allows; NULL: ignored. */
void supervisor_session_at_login(struct supervisor *supervisor, const char *user);
/* After a reload: the rests of accounts begin again with the session that runs. */
void supervisor_session_take_up(struct supervisor *supervisor);
/* Passes on the events of the session, up to `most`; its final report is kept until it has ended. */
void supervisor_session_events(struct supervisor *supervisor, int most);
/* Whether a session runs, or the line is being disconnected after one. */
bool supervisor_session_is_busy(const struct supervisor *supervisor);
/* Disconnects the line if a dead session has left it up, in a separate process. */
void supervisor_session_hang_up(struct supervisor *supervisor);
/* Called when the session process has ended. */
void supervisor_session_ended(struct supervisor *supervisor, int status);
/* Called when the process that disconnected for a dead session has ended. */
void supervisor_session_hung_up(struct supervisor *supervisor);
/* When the next scheduled session begins (seconds since 1970), 0: never. */
int64_t supervisor_session_next(const struct supervisor *supervisor);
/* Checks, at now (monotonic, ms), whether the running session hangs, and whether queued messages require
 * one. */
void supervisor_session_look(struct supervisor *supervisor, int64_t now);

/* The delay before a restart of a process that ended: longer each time, none after a long life. */
int64_t supervisor_restart_delay(unsigned *crashes, bool was_healthy);
/* A process that is kept running has ended: reports that and removes the child. Returns the delay before its restart, which is noted; -1 if the
 * supervisor is stopping: then there is neither a report nor a restart. */
int64_t supervisor_child_ended(const struct supervisor *supervisor, struct child *child, struct restarts *restarts, const struct crash *crash);
/* Reports, at now (monotonic, ms), that it has been running normally again for a while. */
void supervisor_child_look(const struct supervisor *supervisor, const struct child *child, struct restarts *restarts, int64_t now);

/* The LAN server (supervisor_lan.c). */
void supervisor_lan_start(struct supervisor *supervisor);
/* Passes on its events, up to `most`. */
void supervisor_lan_events(struct supervisor *supervisor, int most);
void supervisor_lan_ended(struct supervisor *supervisor, int status);
void supervisor_lan_stop(struct supervisor *supervisor);
/* After a reload: a stopped LAN server is started, a running one gets the new configuration, one that waits for its restart
 * keeps waiting. */
void supervisor_lan_take_up(struct supervisor *supervisor);

/* The process with the verifiers (supervisor_auth.c). Called once, before the others: the socket, the key for the salts of
 * unknown names. */
int supervisor_auth_open(struct supervisor *supervisor, struct error *error);
void supervisor_auth_start(struct supervisor *supervisor);
/* Sends it this configuration; returns when it has received it. */
int supervisor_auth_load(struct supervisor *supervisor, const struct conf *conf, struct error *error);
/* Stores a note of the password process. */
void supervisor_auth_events(struct supervisor *supervisor, int most);
void supervisor_auth_ended(struct supervisor *supervisor, int status);
void supervisor_auth_look(struct supervisor *supervisor, int64_t now);
/* The latest time of the next check (monotonic). */
int64_t supervisor_auth_due(const struct supervisor *supervisor);
void supervisor_auth_stop(struct supervisor *supervisor);

/* The process that asks the scanners (supervisor_filter.c). Called once, before the others: the socket. */
int supervisor_filter_open(struct supervisor *supervisor, struct error *error);
/* Starts it if there are scanners; after a reload, again with the new ones. */
void supervisor_filter_start(struct supervisor *supervisor);
void supervisor_filter_events(struct supervisor *supervisor, int most);
void supervisor_filter_ended(struct supervisor *supervisor, int status);
void supervisor_filter_look(struct supervisor *supervisor, int64_t now);
void supervisor_filter_restart(struct supervisor *supervisor);
void supervisor_filter_stop(struct supervisor *supervisor);

/* The process that waits for new mail (supervisor_watch.c), if the line is always up. */
void supervisor_watch_start(struct supervisor *supervisor);
/* Starts the sessions that it asks for. */
void supervisor_watch_events(struct supervisor *supervisor, int most);
void supervisor_watch_ended(struct supervisor *supervisor, int status);
void supervisor_watch_look(struct supervisor *supervisor, int64_t now);
void supervisor_watch_restart(struct supervisor *supervisor);
void supervisor_watch_stop(struct supervisor *supervisor);

#endif
