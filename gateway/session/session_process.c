#include "gateway/session/session_process.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/net/ctl_wire.h"
#include "base/process/thread_activity.h"
#include "base/i18n.h"
#include "base/log.h"
#include "gateway/report/clock_trust.h"
#include "gateway/session/mail_commands.h"
#include "gateway/report/spool_damage.h"
#include "gateway/report/daily_report.h"
#include "gateway/report/disk_watch.h"
#include "gateway/session/dialup.h"
#include "gateway/report/auto_reply_send.h"
#include "gateway/session/secrets.h"
#include "gateway/session/server_gate.h"
#include "gateway/session/session_limits.h"
#include "gateway/session/session_report.h"
#include "gateway/session/session_result.h"
#include "gateway/session/session_sandbox.h"
#include "gateway/session/sorting.h"
#include "spool/maintenance/expire.h"
#include "mail/route.h"
#include "upstream/remote.h"
#include "config/endpoint.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define DAY_SECONDS (24 * 3600)
#define PROGRESS_MS 100 /* minimum interval of an account's progress reports */

struct session {
	const struct conf *conf;
	struct session_request request; /* with what the triggers add */
	struct msgid id;
	struct secrets secrets;
	struct spool spool;
	struct sorting sorting;
	struct triggers triggers;
	struct session_result result;
	struct dialup_outcome line; /* of bringing it up */
	bool is_up;
	struct server_gate gate;
	struct server_gate mailboxes; /* one account at a time reads a mailbox upstream, so that nothing is fetched twice */
	bool clock_is_trusted;
	int event_fd;
	pthread_mutex_t event_lock; /* keeps lines of the threads whole */
};

static bool wants_line(const struct session *session)
{
	return session->request.fetch || session->request.send;
}

/* --- reports to the supervisor */

/* Takes ownership of object. If the supervisor is gone, this process ends at once (child.c). */
static void tell(struct session *session, json_t *object)
{
	struct error error;

	pthread_mutex_lock(&session->event_lock);
	if (ctl_send(session->event_fd, object, &error) != 0)
		log_debug("event=progress-lost reason=%s", LOG_ERROR(&error));
	pthread_mutex_unlock(&session->event_lock);
	json_decref(object);
}

static void tell_queue(struct session *session, const char *state, size_t done, size_t total,
    const struct error *error)
{
	bool failed = error != NULL && error->class != ERROR_NONE;

	tell(session,
	    json_pack("{s:s, s:s, s:I, s:I, s:o}", "event", "queue", "state", state, "done",
		(json_int_t)done, "total", (json_int_t)total, "error",
		failed ? json_string(error->phrase) : json_null()));
}

/* --- accounts, one thread each */

struct account_thread {
	struct session *session;
	struct account_result *result;
	struct sorting_worker sorting;
	pthread_t thread;
	bool started;
	int64_t began; /* to be fetched */
	int64_t told;  /* when progress was last reported */
};

/* Bytes per second since the beginning, and the seconds for the rest at that rate; 0 if not known. */
static void tell_account(struct account_thread *work, const char *state, const struct error *error)
{
	const struct fetch_result *result = &work->result->fetched;
	bool failed = error != NULL && error->class != ERROR_NONE;
	int64_t spent = clock_now_ms() - work->began;
	uint64_t rate = spent > 0 ? result->bytes * 1000 / (uint64_t)spent : 0;
	uint64_t rest = result->bytes_total > result->bytes ? result->bytes_total - result->bytes : 0;

	tell(work->session,
	    json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "event", "account", "account",
		work->result->account->name, "state", state, "done", (json_int_t)result->arrived, "total",
		(json_int_t)result->total, "bytes", (json_int_t)result->bytes, "bytes_total",
		(json_int_t)result->bytes_total, "rate", (json_int_t)rate, "seconds_left",
		(json_int_t)(rate > 0 ? rest / rate : 0), "error",
		failed ? json_string(error->phrase) : json_null()));
}

/* Decides where a fetched message goes: by the rules, without loops. */
static enum fetch_routed route_message(void *context, const struct fetch_arrival *arrival, struct envelope *envelope, struct error *error)
{
	struct account_thread *work = context;
	const struct session *session = work->session;
	struct sorting_result sorted;

	thread_activity_step("sorting the message with UIDL %s", envelope->uidl);
	if (sorting_ask(&work->sorting, arrival, envelope, &sorted, error) != 0)
		return FETCH_NOT_ROUTED;
	/* The only event that no delivery reports. */
	if (sorted.dropped_by != NULL)
		intake_journal(session->spool.intake, envelope->id.text, session->id.text, EVENT_DROPPED, "", sorted.dropped_by);
	return sorted.is_copy ? FETCH_GOES_NOWHERE : FETCH_ROUTED;
}

static int make_stub(void *context, const struct fetch_stub *stub, struct buf *out, struct error *error)
{
	struct account_thread *work = context;

	return sorting_make_stub(&work->sorting, stub, out, error);
}

static enum fetch_leave may_fetch(void *context, uint64_t size, bool can_wait, bool *is_first)
{
	(void)context;
	return session_limits_may_fetch(size, can_wait, is_first);
}

static void bytes_came(void *context, uint64_t bytes, uint64_t promised)
{
	(void)context;
	session_limits_came(bytes, promised);
}

static void show_progress(void *context, const char *account, const struct fetch_result *result)
{
	struct account_thread *work = context;
	int64_t now = clock_now_ms();

	(void)account;
	thread_activity_step("message %zu of %zu", result->arrived, result->total);
	if (result->fetched != result->total && now - work->told < PROGRESS_MS)
		return;
	work->told = now;
	tell_account(work, "fetching", NULL);
}

/* Another account of this session reads the same mailbox upstream. */
static bool has_twin(const struct session *session, const struct conf_account *account, const char *mailbox)
{
	bool found = false;

	for (size_t i = 0; i < session->result.account_count && !found; i++) {
		const struct conf_account *other = session->result.accounts[i].account;
		char *name = conf_mailbox(other);

		found = other != account && strcmp(name, mailbox) == 0;
		free(name);
	}
	return found;
}

/* Waits for its turn at the mailbox, then at the server. The messages that another account has fetched from that mailbox
 * must be recorded before this one lists it. Returns -1 without a turn. */
static int enter(struct account_thread *work, const char *mailbox, const char *host)
{
	struct session *session = work->session;
	struct account_result *result = work->result;

	if (!server_gate_enter(&session->mailboxes, mailbox, session_limits_enough()))
		return error_set(&result->error, ERROR_CANCELLED, N_("cancelled"));
	if (server_gate_enter(&session->gate, host, session_limits_enough())) {
		if (!has_twin(session, result->account, mailbox) || intake_write_notes(session->spool.intake, &result->error) == 0)
			return 0;
		server_gate_leave(&session->gate, host);
	} else {
		error_set(&result->error, ERROR_CANCELLED, N_("cancelled"));
	}
	server_gate_leave(&session->mailboxes, mailbox);
	return -1;
}

static void leave(struct session *session, const char *mailbox, const char *host)
{
	server_gate_leave(&session->gate, host);
	server_gate_leave(&session->mailboxes, mailbox);
}

static int fetch(struct account_thread *work)
{
	struct session *session = work->session;
	struct account_result *result = work->result;
	const struct fetch_job job = {
	    .conf = session->conf,
	    .account = result->account,
	    .spool = &session->spool,
	    .session = session->id.text,
	    .route = route_message,
	    .make_stub = make_stub,
	    .progress = show_progress,
	    .may_fetch = may_fetch,
	    .came = bytes_came,
	    .context = work,
	    .cancel = session_limits_cancelled(),
	    .secrets = &session->secrets.remote,
	    .tries_again = strlist_has(&session->request.again, result->account->name),
	    .clock_is_doubtful = !session->clock_is_trusted,
	};
	int failed;

	thread_activity_who("account %s", result->account->name);
	thread_activity_step("connecting");
	tell_account(work, "connecting", NULL);
	work->began = clock_now_ms();
	sorting_begin(&work->sorting, &session->sorting, result->account);
	failed = fetch_account(&job, &result->fetched, &result->error);
	sorting_hang_up(&work->sorting);
	thread_activity_end();
	return failed;
}

static void *fetch_thread(void *context)
{
	struct account_thread *work = context;
	struct account_result *result = work->result;
	char *mailbox = conf_mailbox(result->account), *host = slice_dup(endpoint_of(result->account->remote.url).place);
	bool entered = enter(work, mailbox, host) == 0, failed = true;

	if (entered) {
		failed = fetch(work) != 0;
		leave(work->session, mailbox, host);
	}
	free(mailbox);
	free(host);
	if (!failed || session_limits_forgive(&result->error))
		result->error = (struct error)ERROR_INIT;
	if (!entered && (result->error.class == ERROR_NONE || result->error.class == ERROR_CANCELLED))
		return NULL; /* it was not started */
	failed = result->error.class != ERROR_NONE;
	result->fetched.arrived = result->fetched.fetched;
	tell_account(work, failed ? "failed" : "done", &result->error);
	log_info("event=account-done session=%s account=%s fetched=%zu deleted=%zu bytes=%llu error=%s",
	    work->session->id.text, LOG_CSTR(result->account->name), result->fetched.fetched, result->fetched.deleted,
	    (unsigned long long)result->fetched.bytes, LOG_ERROR(&result->error));
	return NULL;
}

static void choose_accounts(struct session *session)
{
	const struct conf *conf = session->conf;
	struct session_result *result = &session->result;

	result->accounts = xcalloc(conf->account_count + 1, sizeof(*result->accounts));
	for (size_t i = 0; i < conf->account_count && session->request.fetch; i++) {
		const struct conf_account *account = &conf->accounts[i];
		bool named = strlist_has(&session->request.accounts, account->name);

		/* A named account is fetched even if it is disabled for the schedule. */
		if (named || (session_request_wants_all(&session->request) && account->enabled))
			result->accounts[result->account_count++].account = account;
	}
}

static struct account_thread *start_accounts(struct session *session)
{
	size_t count = session->result.account_count;
	struct account_thread *threads = xcalloc(count + 1, sizeof(*threads));

	for (size_t i = 0; i < count; i++) {
		struct account_thread *work = &threads[i];

		work->session = session;
		work->result = &session->result.accounts[i];
		work->started = pthread_create(&work->thread, NULL, fetch_thread, work) == 0;
		if (!work->started)
			error_set(&work->result->error, ERROR_TEMPORARY, N_("cannot start a thread"));
	}
	return threads;
}

/* --- the queue */

static void queue_progress(void *context, size_t done, size_t total)
{
	tell_queue(context, "sending", done, total, NULL);
}

static void flush_queue(struct session *session, bool all)
{
	struct session_result *result = &session->result;
	struct outbound_result sent;
	const struct outbound_job job = {
	    .conf = session->conf,
	    .spool = &session->spool,
	    .session = session->id.text,
	    .all = all,
	    .progress = queue_progress,
	    .context = session,
	    .cancel = session_limits_cancelled(),
	    .secrets = &session->secrets.remote,
	    .keys = &session->secrets.keys,
	    .enough = session_limits_enough(),
	};
	bool failed;

	if (!session->request.send || result->queue_error.class != ERROR_NONE)
		return;
	result->sending = true;
	failed = outbound_flush(&job, result->hosts, &sent, &result->queue_error) != 0;
	if (!failed || session_limits_forgive(&result->queue_error))
		result->queue_error = (struct error)ERROR_INIT;
	result->sent.sent += sent.sent;
	result->sent.refused += sent.refused;
	result->sent.deferred += sent.deferred;
	log_info("event=queue-flushed session=%s sent=%zu refused=%zu deferred=%zu error=%s",
	    session->id.text, sent.sent, sent.refused, sent.deferred,
	    LOG_ERROR(&result->queue_error));
}

static void tell_queue_done(struct session *session)
{
	const struct session_result *result = &session->result;

	if (result->sending)
		tell_queue(session, result->queue_error.class != ERROR_NONE ? "failed" : "done",
		    result->sent.sent,
		    result->sent.sent + result->sent.refused + result->sent.deferred,
		    &result->queue_error);
}

/* --- the whole */

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

/* `expire` of the users. */
static void expire_mail(const struct session *session)
{
	const struct conf *conf = session->conf;
	struct expired expired;
	struct error error;

	for (size_t i = 0; i < conf->user_count && session->clock_is_trusted; i++) {
		const struct conf_user *user = &conf->users[i];

		if (user->expire == 0)
			continue;
		if ((user->archive ? expire_to_archive(&session->spool, user->name,
					 clock_wall() - user->expire, &expired, &error)
				   : expire_mailbox(&session->spool, user->name,
					 clock_wall() - user->expire, NULL, &expired, &error)) != 0)
			log_warnx("event=mail-not-expired user=%s reason=%s", user->name,
			    LOG_ERROR(&error));
		else if (expired.messages > 0)
			log_info("event=mail-expired user=%s messages=%zu bytes=%llu", user->name,
			    expired.messages, (unsigned long long)expired.bytes);
	}
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

	if (dialup_disconnect(session->conf, &session->secrets, &outcome, &error) == 0)
		error = (struct error)ERROR_INIT;
	else
		log_warnx("event=line-down-failed reason=%s", LOG_ERROR(&error));
	dialup_journal(session->spool.intake, &session->id, &outcome);
	session_report_change(&report, "hanging up", PHRASE(N_("disconnecting the line")), &error);
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

static void work(struct session *session)
{
	const struct session_report report = report_of(session);
	struct session_result *result = &session->result;
	struct account_thread *threads;

	dialup_journal(session->spool.intake, &session->id, &session->line);
	if (session->is_up) {
		server_gate_init(&session->gate, (size_t)session->conf->line.max_per_server);
		server_gate_init(&session->mailboxes, 1);
		thread_activity_step("fetching and sending");
		threads = start_accounts(session);
		flush_queue(session, session->request.flush);
		for (size_t i = 0; i < result->account_count; i++)
			if (threads[i].started)
				pthread_join(threads[i].thread, NULL);
		free(threads);
		server_gate_clear(&session->gate);
		server_gate_clear(&session->mailboxes);
		thread_activity_step("writing replies");
		auto_reply_send_due(&(struct reporter){session->conf, &session->spool, session->id.text});
		/* Sends forwards and replies of rules, and mail that users wrote meanwhile, while the
		 * line is up. */
		thread_activity_step("sending");
		flush_queue(session, false);
		tell_queue_done(session);
	}
	thread_activity_step("hanging up the line");
	hang_up(session);
	thread_activity_step("reporting");
	result->ended = clock_wall();
	result->waiting = count_waiting(&session->spool);
	result->end = session_limits_reached();
	session_report_problems(&report, wants_line(session), session->is_up);
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
		tell(session, json_pack("{s:b}", SESSION_HAS_WORK, 1));
}

static void bring_up(struct session *session)
{
	struct session_result *result = &session->result;

	thread_activity_step("bringing up the line");
	session->is_up = dialup_connect(session->conf, &session->secrets, &session->id, session_limits_cancelled(), &session->line,
			     &result->line_error) == 0;
	if (session->is_up)
		result->line_error = (struct error)ERROR_INIT;
}

static int open_spool(struct session *session, const struct spool_options *options, struct error *error)
{
	if (spool_open(&session->spool, session->conf, options, error) != 0)
		return -1;
	spool_damage_report(session->conf, &session->spool, "");
	return 0;
}

/* The line first: connecting replaces files of the resolver (resolv.conf), and a sandbox allows only files that existed
 * when it was entered. The requests are in the spool, which has threads, and those must have ended. */
static int open_line(struct session *session, const struct session_request *request, struct error *error)
{
	if (open_spool(session, &(struct spool_options){.writer = "session", .reports_damage = true}, error) != 0)
		return -1;
	take_request(session, request);
	spool_close(&session->spool, NULL);
	if (wants_line(session))
		bring_up(session);
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
	bool has_line = job->conf->line.connect_command[0] != '\0';

	/* Before any thread, lock or open file exists. */
	if (secrets_start(&session->secrets, job->conf, error) != 0 ||
	    sorting_start(&session->sorting, job->conf, session_limits_cancelled(), error) != 0 ||
	    (has_line && open_line(session, job->request, error) != 0))
		return -1;
	clock_trust_prepare();
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

int session_process_run(void *context, int event_fd)
{
	const struct session_job *job = context;
	struct session session = {
	    .conf = job->conf,
	    .id = *job->id,
	    .event_fd = event_fd,
	    .event_lock = PTHREAD_MUTEX_INITIALIZER,
	};
	const struct reporter reporter = {session.conf, &session.spool, session.id.text};
	struct error error;

	thread_activity_who("session %s", session.id.text);
	session.result = (struct session_result){.id = session.id.text, .begun = clock_wall()};
	session_limits_start(&job->conf->line);
	if (open_all(&session, job, &error) != 0) {
		log_warnx("event=session-failed reason=%s", LOG_ERROR(&error));
		tell(&session, json_pack("{s:b, s:s}", "ok", 0, "error", error.phrase));
		return 1;
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	session.clock_is_trusted = clock_trust_check(session.conf, &session.spool, session.id.text);
	choose_accounts(&session);
	session.result.hosts = xcalloc(session.conf->smarthost_count + 1, sizeof(*session.result.hosts));
	if (wants_line(&session))
		work(&session);
	thread_activity_step("removing old mail");
	expire_mail(&session);
	thread_activity_step("reporting");
	daily_report_send_due(&reporter);
	disk_watch_report(session.conf, &session.spool, session.id.text);
	spool_damage_report(session.conf, &session.spool, session.id.text);
	mail_commands_answer(&session.triggers, &reporter, &session.result);
	spool_close(&session.spool, NULL);
	tell(&session, session_result_json(&session.result));
	session_result_clear(&session.result);
	sorting_stop(&session.sorting);
	secrets_stop(&session.secrets);
	state_triggers_clear(&session.triggers);
	session_request_clear(&session.request);
	return 0;
}
