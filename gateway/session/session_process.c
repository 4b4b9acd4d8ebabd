#include "gateway/session/session_process.h"

#include "gateway/session/session_priv.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/net/ctl_wire.h"
#include "base/process/thread_activity.h"
#include "base/i18n.h"
#include "base/log.h"
#include "gateway/report/clock_trust.h"
#include "gateway/session/expire_mail.h"
#include "gateway/session/mail_commands.h"
#include "gateway/session/scan_later.h"
#include "gateway/report/spool_damage.h"
#include "mail/filter/friends.h"
#include "mail/lesson.h"
#include "mail/usage.h"
#include "gateway/report/daily_report.h"
#include "gateway/report/disk_watch.h"
#include "gateway/report/kept_list.h"
#include "gateway/report/auto_reply_send.h"
#include "gateway/session/session_limits.h"
#include "gateway/session/session_report.h"
#include "gateway/session/session_sandbox.h"
#include "spool/partial.h"
#include "upstream/remote.h"
#include "upstream/remote_portal.h"

#include <curl/curl.h>
#include <stdio.h>

#define DAY_SECONDS (24 * 3600)
#define RATE_BYTES (64u << 10) /* less says nothing about the line */

static bool wants_line(const struct session *session)
{
	return session->request.fetch || session->request.send;
}

/* A limit allows nothing that it could do: the line is not even connected. */
static bool stays_down(const struct session *session)
{
	return session->result.not_connected[0] != '\0';
}

/* --- reports to the supervisor */

void session_process_tell(struct session *session, json_t *object)
{
	struct error error;

	pthread_mutex_lock(&session->event_lock);
	if (ctl_send(session->event_fd, object, &error) != 0)
		log_debug("event=progress-lost reason=%s", LOG_ERROR(&error));
	pthread_mutex_unlock(&session->event_lock);
	json_decref(object);
}

/* --- the whole */

static void scan_later(const struct session *session)
{
	thread_activity_step("scanning what was not scanned");
	scan_later_run(&(struct scan_later){session->conf, &session->spool, session->id.text, session->filter_socket, session_limits_cancelled()});
}

/* Whether a scanner must be asked before the line is down. */
static bool scans_on_the_line(const struct session *session)
{
	for (size_t i = 0; i < session->conf->scanner_count; i++)
		if (session->conf->scanners[i].needs_line)
			return session->is_up;
	return false;
}

static void prune_journal(const struct session *session)
{
	struct msgid before;
	struct error error;

	if (!session->clock_is_trusted)
		return;
	before = msgid_floor(clock_wall() - session->conf->log.journal_days * DAY_SECONDS);
	if (state_journal_prune(session->spool.state, &before, &error) != 0)
		log_warnx("event=journal-not-pruned reason=%s", LOG_ERROR(&error));
}

static struct session_report report_of(struct session *session)
{
	return (struct session_report){session->conf, &session->spool, &session->result};
}

static void hang_up(struct session *session)
{
	const struct session_report report = report_of(session);
	struct dialup_outcome outcome;
	struct error error = ERROR_INIT;

	if (stays_down(session))
		return;
	if (dialup_disconnect(session->conf, &session->secrets, &outcome, &error) == 0)
		error = (struct error)ERROR_INIT;
	else
		log_warnx("event=line-down-failed reason=%s", LOG_ERROR(&error));
	dialup_journal(session->spool.intake, &session->id, &outcome);
	session_report_change(&report, "hanging up", PHRASE(N_("disconnecting the line")), &error);
}

/* When the mail is done, and the line still up. */
static void run_while_up(struct session *session)
{
	const struct session_report report = report_of(session);
	struct while_up *ran = &session->result.while_up;

	if (!session->is_up || atomic_load(session_limits_fetched_enough())) /* a limit was reached: nothing more is received */
		return;
	thread_activity_step("running while_up");
	while_up_run(ran, session->conf, &session->spool, &session->secrets, session->id.text, session_limits_cancelled());
	if (ran->was_run)
		session_report_change(&report, "while up", PHRASE(N_("the command while_up")), &ran->error);
}

static size_t count_waiting(const struct spool *spool)
{
	struct queue_items items = {0};
	struct error error;
	size_t count = 0;

	if (queue_list(spool, 1u << QUEUE_ACTIVE | 1u << QUEUE_DEFERRED, &items, &error) == 0)
		count = items.count;
	queue_items_clear(&items);
	return count;
}

/* What the line has carried, for `lanpost trace SESSION`. */
static void journal_line(struct session *session)
{
	struct remote_bytes bytes = session_result_bytes(&session->result);

	if (bytes.received + bytes.sent > 0)
		intake_journal(session->spool.intake, session->id.text, session->id.text, EVENT_LINE, "",
		    PHRASE(N_("on the line: received %s, sent %s"), PHRASE_SIZE(bytes.received), PHRASE_SIZE(bytes.sent)));
}

static void blame_the_portal(struct session *session)
{
	if (!session_result_blame_portal(&session->result))
		return;
	log_warnx("event=captive-portal session=%s", session->id.text);
	intake_journal(session->spool.intake, session->id.text, session->id.text, EVENT_LINE, "", session->result.line_error.phrase);
}

/* --- the price of the line */

/* Bytes per second while messages came; 0: too few to tell. */
static uint64_t rate_of(const struct session *session, uint64_t received, int64_t ms)
{
	return received >= RATE_BYTES && ms > 0 && session->request.fetch ? received * 1000 / (uint64_t)ms : 0;
}

static void count_use(struct session *session, int64_t fetched_ms)
{
	struct session_result *result = &session->result;
	const struct conf_line *line = &session->conf->line;
	struct remote_bytes bytes = session_result_bytes(result);

	if (stays_down(session))
		return;
	result->has_price = line_use_has_price(line);
	result->seconds = (clock_now_ms() - session->began + 999) / 1000;
	result->price = line_use_price(line, bytes.received + bytes.sent, result->seconds);
	line_use_add(&result->use, session->spool.state, line, bytes, result->seconds,
	    rate_of(session, bytes.received, fetched_ms));
	session_usage_count(session, result->price, result->seconds);
}

/* How the session ended. */
static void note_end(struct session *session)
{
	struct session_result *result = &session->result;

	result->ended = clock_wall();
	result->end = session_limits_reached();
	result->fetch_limit = session_limits_fetch_ended_by();
	result->send_limit = session_limits_send_ended_by();
	if (result->send_limit != NULL && !result->is_plan)
		session_sending_plan(session);
}

/* What a session would carry, by the sizes that the servers list, what it would take at the usual rate, and cost. */
static void estimate(struct session *session)
{
	struct session_result *result = &session->result;
	uint64_t messages, bytes;

	session_result_planned(result, &messages, &bytes);
	bytes += result->outgoing.bytes;
	result->seconds = result->use.rate > 0 ? (int64_t)(bytes / (uint64_t)result->use.rate) + 1 : -1;
	result->has_price = line_use_has_price(&session->conf->line);
	result->price = line_use_price(&session->conf->line, bytes, result->seconds < 0 ? 0 : result->seconds);
}

/* What it has cost to look. */
static void count_plan(struct session *session)
{
	const struct conf_line *line = &session->conf->line;
	struct remote_bytes spent = session_result_bytes(&session->result);
	int64_t seconds = (clock_now_ms() - session->began + 999) / 1000;

	if (stays_down(session))
		return;
	line_use_add(&session->result.use, session->spool.state, line, spent, seconds, 0);
	session_usage_count(session, line_use_price(line, spent.received + spent.sent, seconds), seconds);
}

static void make_plan(struct session *session)
{
	struct session_result *result = &session->result;

	result->is_plan = true;
	if (session->is_up && session_limits_fetch_ended_by() == NULL) {
		server_gate_init(&session->gate, (size_t)session->conf->line.max_per_server);
		server_gate_init(&session->mailboxes, 1);
		session_accounts_join(session, session_accounts_start(session));
		server_gate_clear(&session->gate);
		server_gate_clear(&session->mailboxes);
	}
	session_sending_plan(session);
	hang_up(session);
	count_plan(session);
	estimate(session);
	blame_the_portal(session);
	note_end(session);
}

static void work(struct session *session)
{
	const struct session_report report = report_of(session);
	struct session_result *result = &session->result;
	struct account_thread *threads;
	int64_t fetch_began = clock_now_ms(), fetched_ms = 0;

	dialup_journal_connect(session->spool.intake, &session->id, &session->line, session->is_up ? session->conf->line.way : NULL);
	if (stays_down(session))
		intake_journal(session->spool.intake, session->id.text, session->id.text, EVENT_LINE, "", result->not_connected);
	if (session->is_up) {
		server_gate_init(&session->gate, (size_t)session->conf->line.max_per_server);
		server_gate_init(&session->mailboxes, 1);
		thread_activity_step("fetching and sending");
		intake_await_others(&session->spool); /* a message that was acknowledged before the session leaves in it */
		threads = session_accounts_start(session);
		session_sending_flush(session, session->request.flush);
		while (session_accounts_wait(session, threads)) /* an urgent message does not wait for the accounts */
			session_sending_flush(session, false);
		session_accounts_join(session, threads);
		fetched_ms = clock_now_ms() - fetch_began;
		server_gate_clear(&session->gate);
		server_gate_clear(&session->mailboxes);
		thread_activity_step("writing replies");
		intake_await(session->spool.intake, NULL);
		auto_reply_send_due(&(struct reporter){session->conf, &session->spool, session->id.text});
		/* Sends forwards and replies of rules, and mail that users wrote meanwhile, while the
		 * line is up. */
		thread_activity_step("sending");
		session_sending_flush(session, false);
		session_sending_done(session);
	}
	run_while_up(session);
	if (scans_on_the_line(session))
		scan_later(session);
	thread_activity_step("hanging up the line");
	hang_up(session);
	thread_activity_step("reporting");
	note_end(session);
	result->waiting = count_waiting(&session->spool);
	blame_the_portal(session);
	journal_line(session);
	count_use(session, fetched_ms);
	session_report_problems(&report, wants_line(session) && !stays_down(session), session->is_up && !remote_portal_was_met());
	session_report_sign_ins(&report, &session->secrets);
	session_result_store(result, session->spool.state);
	prune_journal(session);
}

/* Mail to daemon may request more than the starter of the session. */
static void add_triggers(struct session *session)
{
	struct error error;

	if (state_triggers(session->spool.state, &session->triggers, &error) != 0)
		log_warnx("event=triggers-unreadable reason=%s", LOG_ERROR(&error));
	mail_commands_expand(&session->triggers, session->conf, session->spool.state, &session->request);
}

static void take_request(struct session *session, const struct session_request *request)
{
	session->request = session_request_copy(request);
	if (request->triggers)
		add_triggers(session);
	log_info("event=session-begins session=%s fetch=%d send=%d triggers=%zu", session->id.text, session->request.fetch,
	    session->request.send, session->triggers.count);
	if (request->is_housekeeping && wants_line(session))
		session_process_tell(session, json_pack("{s:b}", SESSION_HAS_WORK, 1));
}

static void bring_up(struct session *session, struct conf *conf)
{
	struct session_result *result = &session->result;

	thread_activity_step("bringing up the line");
	session->is_up = dialup_connect(conf, &session->secrets, &session->id, session_limits_cancelled(), &session->line,
			     &result->line_error) == 0;
	if (session->is_up)
		result->line_error = (struct error)ERROR_INIT;
	if (session->is_up && conf->line.way != NULL)
		log_info("event=line-used session=%s line=%s", session->id.text, LOG_CSTR(conf->line.way));
	result->way = conf->line.way;
}

static int open_spool(struct session *session, const struct spool_options *options, struct error *error)
{
	if (spool_open(&session->spool, session->conf, options, error) != 0)
		return -1;
	spool_damage_report(session->conf, &session->spool, "");
	return 0;
}

/* Says why in the result if limits leave nothing to do. */
static void look_at_limits(struct session *session)
{
	const struct limits_wish wish = {session->request.fetch, session->request.send, session->request.flush};
	struct state *state = session->spool.state;
	struct limits_now limits;

	limits_now_load(&limits, session->conf, state, clock_wall(), clock_trust_peek(state));
	if (limits_now_forbid(&limits, &session->spool, wish)) {
		session_result_not_connected(&session->result, &limits, wish);
		log_info("event=line-not-needed session=%s reason=%s", session->id.text, LOG_PHRASE(session->result.not_connected));
	}
	limits_now_clear(&limits);
}

/* The line first: connecting replaces files of the resolver (resolv.conf), and a sandbox allows only files that existed
 * when it was entered. The requests are in the spool, which has threads, and those must have ended. */
static int open_line(struct session *session, struct conf *conf, const struct session_request *request, struct error *error)
{
	if (open_spool(session, &(struct spool_options){.writer = "session", .reports_damage = true}, error) != 0)
		return -1;
	take_request(session, request);
	look_at_limits(session);
	spool_close(&session->spool, NULL);
	if (wants_line(session) && !stays_down(session))
		bring_up(session, conf);
	return 0;
}

/* Opens state.db first, while the files next to it can be created: in the sandbox, the session may only use existing
 * ones. */
static int open_confined(struct session *session, struct error *error)
{
	const struct spool_options options = {.writer = "session", .reports_damage = true, .keeps_seen = true};

	if (spool_open_state(&session->spool, session->conf, &options, error) != 0)
		return -1;
	session_sandbox_enter(session->conf);
	if (spool_open_intake(&session->spool, session->conf, &options, error) != 0)
		return -1;
	spool_damage_report(session->conf, &session->spool, "");
	return 0;
}

static int open_all(struct session *session, const struct session_job *job, struct error *error)
{
	bool has_line = job->conf->way_count > 0 || job->conf->line.connect_command[0] != '\0';

	clock_trust_prepare();
	/* Before any thread, lock or open file exists. */
	if (secrets_start(&session->secrets, job->conf, error) != 0 ||
	    sorting_start(&session->sorting, job->conf, session_limits_cancelled(), error) != 0 ||
	    pictures_start(&session->pictures, job->conf, session_limits_cancelled(), error) != 0 ||
	    (has_line && open_line(session, job->conf, job->request, error) != 0))
		return -1;
	if (open_confined(session, error) != 0)
		return -1;
	if (!has_line) {
		take_request(session, job->request);
		session->is_up = true;
	}
	fetch_memory_adopt(session->conf, session->spool.state);
	intake_set_session(session->spool.intake, session->id.text);
	if (intake_check_known(session->spool.intake, error) == 0)
		return 0;
	spool_close(&session->spool, NULL);
	return -1;
}

static void limit_bytes(const struct session *session)
{
	struct line_room rooms[LINE_WAYS];

	line_use_rooms(&session->result.use, session->clock_is_trusted, &session->conf->line, rooms);
	session_limits_leave(rooms, &session->wire);
}

int session_process_run(void *context, int event_fd)
{
	const struct session_job *job = context;
	struct session session = {
	    .conf = job->conf,
	    .began = clock_now_ms(),
	    .id = *job->id,
	    .event_fd = event_fd,
	    .filter_socket = job->filter_socket,
	    .event_lock = PTHREAD_MUTEX_INITIALIZER,
	};
	const struct reporter reporter = {session.conf, &session.spool, session.id.text};
	struct error error;

	thread_activity_who("session %s", session.id.text);
	session.result = (struct session_result){.id = session.id.text, .begun = clock_wall()};
	session_limits_start(&job->conf->line);
	if (open_all(&session, job, &error) != 0) {
		log_warnx("event=session-failed reason=%s", LOG_ERROR(&error));
		session_process_tell(&session, json_pack("{s:b, s:s}", "ok", 0, "error", error.phrase));
		return 1;
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	session.clock_is_trusted = clock_trust_check(session.conf, &session.spool, session.id.text);
	if (session.clock_is_trusted)
		partial_expire(&session.spool, clock_wall());
	session_accounts_choose(&session);
	session.result.host_count = session.conf->smarthost_count;
	session.result.hosts = xcalloc(session.result.host_count + 1, sizeof(*session.result.hosts));
	line_use_load(&session.result.use, session.spool.state, clock_wall());
	if (wants_line(&session))
		limit_bytes(&session);
	if (wants_line(&session) && session.request.plan)
		make_plan(&session);
	else if (wants_line(&session))
		work(&session);
	scan_later(&session);
	thread_activity_step("removing old mail");
	if (session.clock_is_trusted) {
		expire_mail(session.conf, &session.spool);
		friends_expire(session.conf, session.spool.state);
		lesson_expire(session.spool.state);
		fetch_duplicates_expire(session.spool.state);
		usage_expire(session.spool.state, clock_wall());
	}
	thread_activity_step("reporting");
	daily_report_send_due(&reporter);
	kept_list_send_due(&reporter);
	disk_watch_report(session.conf, &session.spool, session.id.text);
	spool_damage_report(session.conf, &session.spool, session.id.text);
	mail_commands_answer(&session.triggers, &reporter, &session.result);
	spool_close(&session.spool, NULL);
	session_process_tell(&session, session_result_json(&session.result));
	session_result_clear(&session.result);
	pictures_stop(&session.pictures);
	sorting_stop(&session.sorting);
	secrets_stop(&session.secrets);
	state_triggers_clear(&session.triggers);
	session_request_clear(&session.request);
	return 0;
}
