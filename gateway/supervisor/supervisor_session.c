/* The sessions of the supervisor: started when due or requested, one at a time, and supervised. */
#include "gateway/supervisor/supervisor_priv.h"

#include "base/i18n.h"
#include "base/log.h"
#include "gateway/report/spool_damage.h"
#include "gateway/session/dialup.h"
#include "gateway/session/session_process.h"
#include "gateway/session/session_result.h"
#include "gateway/supervisor/queue_waiting.h"

#include <limits.h>
#include <signal.h>
#include <sys/wait.h>

#define STUCK_SECONDS 120 /* a session this far past its end counts as hung */
#define QUEUE_LOOK_MS 5000
#define QUEUE_PAUSE_MS 300000

bool supervisor_session_is_busy(const struct supervisor *supervisor)
{
	return supervisor->session.pid != 0 || supervisor->hang_up.pid != 0;
}

static void session_start(struct supervisor *supervisor, const struct session_request *request)
{
	struct session_job job = {.conf = supervisor->conf, .id = &supervisor->session_id, .filter_socket = supervisor->filter_fds[FILTER_FD_ASK]};
	struct error error;
	int result;

	supervisor->session_number++;
	supervisor->session_id = msgid_new();
	supervisor->running = session_request_copy(request);
	job.request = &supervisor->running;
	child_closed(job.filter_socket);
	result = child_start(&supervisor->session, "session", session_process_run, &job, &error);
	child_close_in_children(job.filter_socket);
	if (result != 0) {
		log_warnx("event=session-not-started reason=%s", LOG_ERROR(&error));
		login_fetch_session_ended(&supervisor->logins, supervisor->conf, request, clock_steady());
		return;
	}
	login_fetch_session_begins(&supervisor->logins, supervisor->conf, &supervisor->running);
	if (!request->is_housekeeping)
		control_session_began(&supervisor->control);
}

void supervisor_session_first(struct supervisor *supervisor)
{
	bool on_start = supervisor->conf->schedule.on_start;

	supervisor_session_want(supervisor,
	    &(struct session_request){.fetch = on_start, .send = on_start, .triggers = true, .is_housekeeping = !on_start});
}

uint64_t supervisor_session_want(void *context, const struct session_request *request)
{
	struct supervisor *supervisor = context;

	if (!supervisor_session_is_busy(supervisor)) {
		session_start(supervisor, request);
		return supervisor->session_number;
	}
	if (supervisor->is_pending)
		session_request_merge(&supervisor->pending, request);
	else
		supervisor->pending = session_request_copy(request);
	supervisor->is_pending = true;
	return supervisor->session_number + 1;
}

void supervisor_session_events(struct supervisor *supervisor, int most)
{
	json_t *object;

	for (int i = 0; i < most && child_take_event(&supervisor->session, &object); i++) {
		if (json_object_get(object, "ok") != NULL) {
			json_decref(supervisor->result);
			supervisor->result = object;
			continue;
		}
		if (json_object_get(object, SESSION_HAS_WORK) != NULL) {
			supervisor->running.is_housekeeping = false;
			control_session_began(&supervisor->control);
		} else {
			control_publish(&supervisor->control, supervisor->session_number, object, false);
		}
		json_decref(object);
	}
}

/* --- the line that a dead session has left connected */

/* The line is disconnected first, regardless of the state of the spool. */
static int hang_up_run(void *context, int event_fd)
{
	struct conf *conf = context;
	struct dialup_outcome outcome;
	struct msgid session;
	const struct spool_options options = {.writer = "line", .reports_damage = true, .keeps_seen = true};
	struct spool spool;
	struct error error;

	(void)event_fd;
	conf_wipe_secrets(conf, NULL);
	dialup_take_over(conf, &session);
	if (dialup_disconnect(conf, NULL, &outcome, &error) != 0)
		log_warnx("event=line-down-failed reason=%s", LOG_ERROR(&error));
	if (spool_open(&spool, conf, &options, &error) != 0) {
		log_warnx("event=line-not-in-journal reason=%s", LOG_ERROR(&error));
		return 1;
	}
	spool_damage_report(conf, &spool, "");
	dialup_journal(spool.intake, &session, &outcome);
	spool_close(&spool, NULL);
	return 0;
}

/* No session begins before it has ended: it would lose its line. */
void supervisor_session_hang_up(struct supervisor *supervisor)
{
	struct error error;

	if (!dialup_was_left_up(supervisor->conf))
		return;
	log_info("event=hanging-up");
	if (child_start(&supervisor->hang_up, "line", hang_up_run, supervisor->conf, &error) != 0)
		log_warnx("event=line-down-failed reason=%s", LOG_ERROR(&error));
}

/* Limits of bytes that the session has met hold for the rest of the day. A plan only says which it would meet. */
static void note_limits(struct supervisor *supervisor)
{
	const char *limit = json_string_value(json_object_get(supervisor->result, LIMITS_SEND));

	if (supervisor->running.plan)
		return;
	if (json_is_true(json_object_get(supervisor->result, SESSION_LIMIT_REACHED)))
		login_fetch_pause(&supervisor->logins, clock_wall());
	if (limit != NULL && !line_use_is_of_session(limit))
		supervisor->sends_no_more_on = clock_day(clock_wall());
	else if (supervisor->running.send)
		supervisor->sends_no_more_on = 0;
}

/* Else a session for the queue would be in vain. */
static bool may_send(const struct supervisor *supervisor)
{
	return supervisor->sends_no_more_on != clock_day(clock_wall());
}

/* When the messages in the queue are enough for a session; 0: they are not. */
static int64_t queue_due(const struct supervisor *supervisor, int64_t wall)
{
	return may_send(supervisor) ? queue_waiting_due(supervisor->conf, wall) : 0;
}

static void start_pending(struct supervisor *supervisor)
{
	struct session_request next = supervisor->pending;

	if (!supervisor->is_pending || supervisor->stopping || supervisor_session_is_busy(supervisor))
		return;
	supervisor->pending = (struct session_request){0};
	supervisor->is_pending = false;
	session_start(supervisor, &next);
	session_request_clear(&next);
}

void supervisor_session_ended(struct supervisor *supervisor, int status)
{
	bool crashed = !WIFEXITED(status) || supervisor->result == NULL;

	child_take_no_more(&supervisor->session);
	supervisor_session_events(supervisor, INT_MAX);
	crashed = crashed && supervisor->result == NULL;
	if (crashed && !supervisor->stopping) /* also delivers its accepted messages: see intake_open() */
		crash_report(supervisor->conf, &(struct crash){.process = "session", .status = status, .doing = supervisor->session.doing});
	child_gone(&supervisor->session);
	if (supervisor->result == NULL)
		supervisor->result = json_pack("{s:b, s:s}", "ok", 0, "error",
		    PHRASE(N_("the session ended unexpectedly (see the log); the messages that it "
		        "had fetched are safe")));
	login_fetch_session_ended(&supervisor->logins, supervisor->conf, &supervisor->running, clock_steady());
	note_limits(supervisor);
	if (!supervisor->running.is_housekeeping) /* its beginning was not reported */
		control_publish(&supervisor->control, supervisor->session_number, supervisor->result, true);
	json_decref(supervisor->result);
	supervisor->result = NULL;
	session_request_clear(&supervisor->running);
	supervisor_session_hang_up(supervisor);
	if (supervisor->stopping)
		return;
	start_pending(supervisor);
	if (supervisor->looks_for_urgent)
		supervisor_session_urgent(supervisor);
}

/* Returns true if a user may start a session now; else it is noted when. */
static bool may_start(struct asked *asked, int64_t an_hour, const char *line)
{
	if (rate_limit_take(&asked->limit, an_hour, clock_now_ms())) {
		asked->at = 0;
		return true;
	}
	if (asked->at == 0)
		log_info("%s sessions_an_hour=%lld", line, (long long)an_hour);
	asked->at = rate_limit_next_ms(&asked->limit, an_hour);
	return false;
}

/* Mail to daemon beyond the limit is answered later. */
void supervisor_session_by_mail(struct supervisor *supervisor)
{
	if (may_start(&supervisor->by_mail, supervisor->conf->gateway.daemon_limit, "event=daemon-limit"))
		supervisor_session_want(supervisor, &(struct session_request){.triggers = true});
}

/* A running session sends it while accounts are fetched; whether it has is clear at its end. */
void supervisor_session_urgent(struct supervisor *supervisor)
{
	int64_t oldest;

	supervisor->looks_for_urgent = supervisor->session.pid != 0 && supervisor->running.send;
	if (supervisor->looks_for_urgent) {
		child_wake(&supervisor->session);
	} else if (!may_send(supervisor) || queue_waiting(SPOOL_OF(supervisor->conf), 1, &oldest) == 0) {
		supervisor->urgent.at = 0;
	} else if (may_start(&supervisor->urgent, supervisor->conf->schedule.urgent_limit, "event=urgent-limit")) {
		log_info("event=urgent-message");
		supervisor_session_want(supervisor, &(struct session_request){.send = true});
	}
}

/* Mail programs log in every few minutes, several times at once: most logins start nothing. */
void supervisor_session_at_login(struct supervisor *supervisor, const char *user)
{
	struct session_request request = {0};

	if (user != NULL && login_fetch_take(&supervisor->logins, supervisor->conf, user, moment_now(), &request)) {
		log_info("event=fetch-on-login user=%s accounts=%zu", LOG_CSTR(user), request.accounts.count);
		login_fetch_session_begins(&supervisor->logins, supervisor->conf, &request);
		supervisor_session_want(supervisor, &request);
	}
	session_request_clear(&request);
}

void supervisor_session_take_up(struct supervisor *supervisor)
{
	login_fetch_clear(&supervisor->logins);
	login_fetch_start(&supervisor->logins, supervisor->conf);
	if (supervisor->session.pid != 0)
		login_fetch_session_begins(&supervisor->logins, supervisor->conf, &supervisor->running);
	supervisor->sends_no_more_on = 0; /* the limits may be others */
}

void supervisor_session_hung_up(struct supervisor *supervisor)
{
	child_gone(&supervisor->hang_up);
	start_pending(supervisor);
}

/* A session ends itself at session_timeout; one that does not hangs. */
static void look_at_session(struct supervisor *supervisor, int64_t now)
{
	const struct conf_line *line = &supervisor->conf->line;
	int64_t most = line->session_timeout + 2 * line->command_timeout + STUCK_SECONDS;

	if (supervisor->session.pid == 0 || line->session_timeout == 0 ||
	    now - supervisor->session.started < most * 1000)
		return;
	log_warnx("event=session-stuck session=%s", supervisor->session_id.text);
	kill(supervisor->session.pid, SIGKILL);
}

/* A session that could not send is not repeated at once. */
static void look_at_queue(struct supervisor *supervisor, int64_t now)
{
	int64_t wall = clock_wall(), due;

	if (now < supervisor->queue_look_at || supervisor_session_is_busy(supervisor))
		return;
	supervisor->queue_look_at = now + QUEUE_LOOK_MS;
	due = queue_due(supervisor, wall);
	if (due == 0 || due > wall)
		return;
	log_info("event=enough-is-queued");
	supervisor->queue_look_at = now + QUEUE_PAUSE_MS;
	supervisor_session_want(supervisor, &(struct session_request){.send = true});
}

int64_t supervisor_session_next(const struct supervisor *supervisor)
{
	int64_t next = session_due_next(&supervisor->due, supervisor->conf, moment_now());
	int64_t wall = clock_wall(), waiting = queue_due(supervisor, wall);
	int64_t look = wall + clock_left_ms(supervisor->queue_look_at) / 1000;

	if (waiting != 0 && waiting < look)
		waiting = look;
	return next == 0 || (waiting != 0 && waiting < next) ? waiting : next;
}

void supervisor_session_look(struct supervisor *supervisor, int64_t now)
{
	look_at_session(supervisor, now);
	look_at_queue(supervisor, now);
}
