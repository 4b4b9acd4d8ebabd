/*
 * The supervisor's two halves: its life (supervisor.c), and its sessions (supervisor_session.c): who may have one, one at a time, and what
 * becomes of it.
 */
#ifndef LANPOST_GATEWAY_SUPERVISOR_PRIV_H
#define LANPOST_GATEWAY_SUPERVISOR_PRIV_H

#include "base/clock.h"
#include "gateway/outbound/allowance.h"
#include "gateway/process/child.h"
#include "gateway/supervisor/auth_watch.h"
#include "gateway/supervisor/control.h"
#include "gateway/report/disk.h"
#include "gateway/supervisor/due.h"
#include "gateway/supervisor/login_notes.h"
#include "gateway/services/lan_child.h"
#include "gateway/supervisor/supervisor.h"
#include "lan-server/login/auth_config.h"

#define HEALTHY_MS 60000 /* a process that has lived for this long is well again */
#define RESTART_MAX_MS 60000
#define EVENTS_PER_TURN 256 /* of one child: others are served, too */

enum { AUTH_FD_LAN, AUTH_FD_OWN }; /* whose end it is */

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
	struct session_request pending;	 /* one more session, wanted while one runs */
	bool is_pending;
	json_t *result;			 /* what the running session has reported at its end */
	struct due due;

	struct allowance by_mail; /* sessions that mail to daemon starts */
	int64_t mail_session_at;  /* monotonic: when the next one may, 0: none is wanted */
	int64_t queue_look_at;	  /* monotonic */

	struct disk_watch disk;

	struct child auth;
	int auth_fds[2]; /* of the socket between auth and the LAN server: [AUTH_FD_...] */
	char salt_key[AUTH_SALT_KEY_LEN];
	unsigned auth_crashes;
	int64_t auth_restart_at; /* monotonic, 0: it runs */
	bool auth_reported;
	struct auth_watch auth_watch;
	bool auth_hangs; /* it was ended for that */
	struct login_notes login_notes;
	bool auth_has_tls; /* it has a certificate that can be used */

	unsigned lan_crashes;
	int64_t lan_restart_at;		 /* monotonic, 0: it runs */
	bool lan_reported;
};

static inline struct moment moment_now(void)
{
	return (struct moment){.wall = clock_wall(), .steady = clock_steady()};
}

/* Begins a session now, or one more when the running one is over; several such wishes become one. context: the supervisor. Returns the
 * number of the session that will do it. */
uint64_t sessions_want(void *context, const struct session_request *request);
/* The one at start: with `on_start` a session like any other, else only what may be left to do: old mail that expires, mail to
 * daemon that a crash has left unanswered. */
void sessions_first(struct supervisor *supervisor);
/* The same for mail to daemon, this many an hour; what is too much waits. */
void sessions_by_mail(struct supervisor *supervisor);
/* Passes on what the session reports, up to `most` events; its last word is kept until it has ended. */
void sessions_events(struct supervisor *supervisor, int most);
/* One runs, or the line is being hung up after one. */
bool sessions_are_busy(const struct supervisor *supervisor);
/* Hangs up where a dead session has left the line up, in a process of its own. */
void sessions_hang_up(struct supervisor *supervisor);
/* The session process is gone. */
void sessions_ended(struct supervisor *supervisor, int status);
/* The process that hung up for a dead one is gone. */
void sessions_hung_up(struct supervisor *supervisor);
/* When the next one begins by itself (seconds since 1970), 0: never. */
int64_t sessions_next(const struct supervisor *supervisor);
/* Looks, at now (monotonic, ms), whether the running one is stuck, and whether queued messages require one. */
void sessions_look(struct supervisor *supervisor, int64_t now);

/* How long a process that ended stays down: longer each time, not at all after a long life. */
int64_t supervisor_restart_delay(unsigned *crashes, bool was_healthy);

/* The process that holds the verifiers (supervisor_auth.c). Once, before the others: the socket, the key of made-up salts. */
int auth_open(struct supervisor *supervisor, struct error *error);
void auth_start(struct supervisor *supervisor);
/* Gives it this configuration; returns when it has it. */
int auth_load(struct supervisor *supervisor, const struct conf *conf, struct error *error);
/* Takes what it wants to be kept. */
void auth_events(struct supervisor *supervisor, int most);
void auth_ended(struct supervisor *supervisor, int status);
void auth_look(struct supervisor *supervisor, int64_t now);
/* When to look again at the latest (monotonic). */
int64_t auth_due(const struct supervisor *supervisor);
void auth_stop(struct supervisor *supervisor);

#endif
