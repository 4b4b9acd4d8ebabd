/*
 * The accounts of a session, one thread each: each fetches when it is its turn, and has its messages sorted.
 */
#include "gateway/session/session_priv.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/map.h"
#include "base/process/thread_activity.h"
#include "config/endpoint.h"
#include "gateway/session/session_limits.h"
#include "mail/filter/filter_note.h"
#include "mail/filter/filter_owed.h"
#include "mail/filter/filter_policy.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROGRESS_MS 100 /* minimum interval of an account's progress reports */

struct account_thread {
	struct session *session;
	struct account_result *result;
	struct sorting_worker sorting;
	pthread_t thread;
	size_t number; /* in session->order */
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

	session_process_tell(work->session,
	    json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "event", "account", "account",
		work->result->account->name, "state", state, "done", (json_int_t)result->arrived, "total",
		(json_int_t)result->total, "bytes", (json_int_t)result->bytes, "bytes_total",
		(json_int_t)result->bytes_total, "rate", (json_int_t)rate, "seconds_left",
		(json_int_t)(rate > 0 ? rest / rate : 0), "error",
		failed ? json_string(error->phrase) : json_null()));
}

static void apply_policy(const struct session *session, const struct fetch_arrival *arrival, const struct scan_verdict *verdict, struct envelope *envelope)
{
	struct filter_senders senders;

	filter_senders_read(&senders, session->conf, session->spool.state, arrival->message, verdict);
	filter_policy_apply(session->conf, CONF_FETCHED, verdict, &senders, envelope);
}

/* Applies the verdict of the scanners, after the rules. */
static void judge(const struct session *session, const struct fetch_arrival *arrival, struct envelope *envelope)
{
	const struct scan_verdict *verdict = arrival->verdict;

	if (verdict->away != 0)
		filter_owed_note(session->spool.state);
	apply_policy(session, arrival, verdict, envelope);
	filter_note(session->spool.intake, envelope->id.text, session->id.text, "", verdict);
}

/* Decides where a fetched message goes: by the rules, without loops. */
static enum fetch_routed route_message(void *context, const struct fetch_arrival *arrival, struct envelope *envelope, struct error *error)
{
	struct account_thread *work = context;
	const struct session *session = work->session;
	struct sorting_result sorted;

	thread_activity_step("sorting the message with UIDL %s", envelope->uidl);
	if (arrival->verdict != NULL && arrival->verdict->waits) {
		error_set(error, ERROR_TEMPORARY, "%s", arrival->verdict->reason);
		return FETCH_STAYS;
	}
	if (sorting_ask(&work->sorting, arrival, envelope, &sorted, error) != 0)
		return FETCH_NOT_ROUTED;
	if (arrival->verdict != NULL)
		judge(session, arrival, envelope);
	else if (filter_senders_deny_any(session->conf))
		apply_policy(session, arrival, &(const struct scan_verdict){0}, envelope);
	return sorted.is_copy ? FETCH_GOES_NOWHERE : FETCH_ROUTED;
}

static int make_stub(void *context, const struct fetch_stub *stub, struct buf *out, struct error *error)
{
	struct account_thread *work = context;

	return sorting_make_stub(&work->sorting, stub, out, error);
}

static int look(void *context, const struct fetch_arrival *arrival, uint64_t size, struct fetch_look *look, struct error *error)
{
	struct account_thread *work = context;

	return sorting_look(&work->sorting, arrival->message, size, look, error);
}

static bool has_priorities(const struct conf *conf)
{
	for (size_t i = 0; i < conf->user_count; i++)
		if (conf->users[i].priority != PRIORITY_NORMAL)
			return true;
	return false;
}

/* Of all that decides about messages on the server. */
static uint64_t look_version(const struct conf *conf)
{
	struct buf text = BUF_INIT(16u << 20);
	uint64_t version;

	for (size_t i = 0; i < conf->rule_count; i++) {
		const struct conf_rule *rule = &conf->rules[i];

		if (rule->on == RULE_LISTED) /* with its number, which is remembered */
			buf_printf(&text, "%zu %d%d%d%d%d %s\n%s\n", i, rule->fetch, rule->stub, rule->leave, rule->remove, (int)rule->priority, rule->name,
			    rule->when);
	}
	for (size_t i = 0; i < conf->user_count; i++)
		buf_printf(&text, "%d %s\n", (int)conf->users[i].priority, conf->users[i].name);
	version = map_hash(conf->sorter.fold_yo, buf_slice(&text)) & INT64_MAX;
	buf_clear(&text);
	return version;
}

static enum fetch_leave may_fetch(void *context, uint64_t size, bool can_wait, bool *is_first)
{
	(void)context;
	return session_limits_may_fetch(size, can_wait, is_first);
}

static void bytes_came(void *context, struct remote_bytes bytes, uint64_t promised)
{
	(void)context;
	session_limits_came(bytes, promised);
}

static const char *ended_by(void *context)
{
	(void)context;
	return session_limits_fetch_ended_by();
}

static const char *used_up(void *context, bool *alone)
{
	(void)context;
	return session_limits_used_up(alone);
}

static int64_t pace(void *context, uint64_t bytes)
{
	(void)context;
	return session_limits_pace(bytes);
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

/* What an account before it has fetched must be recorded. Returns -1 if that fails and it must not be fetched; without the rows of copies it may,
 * copies come again then. */
static int know_what_came(const struct session *session, const struct conf_account *account, const char *mailbox, struct error *error)
{
	bool has_twin_there = has_twin(session, account, mailbox);
	int result = 0;

	if (has_twin_there || account->duplicates == DUPLICATES_DROP)
		result = intake_write_notes(session->spool.intake, error);
	if (result == 0 || has_twin_there)
		return result;
	log_warnx("event=duplicates-unknown account=%s reason=%s", LOG_CSTR(account->name), LOG_ERROR(error));
	*error = (struct error)ERROR_INIT;
	return 0;
}

/* Waits for its turn among the accounts, at the mailbox, then at the server. The messages that another account has fetched from that mailbox
 * must be recorded before this one lists it. Returns -1 without a turn. */
static int enter(struct account_thread *work, const char *mailbox, const char *host)
{
	struct session *session = work->session;
	struct account_result *result = work->result;
	/* A plan looks at all accounts, also for what would not come. */
	const atomic_bool *enough = session->request.plan ? session_limits_cancelled() : session_limits_fetched_enough();

	if (!account_order_wait(&session->order, work->number, enough) || !server_gate_enter(&session->mailboxes, mailbox, enough))
		return error_set(&result->error, ERROR_CANCELLED, N_("cancelled"));
	if (server_gate_enter(&session->gate, host, enough)) {
		if (know_what_came(session, result->account, mailbox, &result->error) == 0)
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
	struct fetch_job job = {
	    .conf = session->conf,
	    .account = result->account,
	    .spool = &session->spool,
	    .session = session->id.text,
	    .route = route_message,
	    .make_stub = make_stub,
	    .progress = show_progress,
	    .may_fetch = may_fetch,
	    .came = bytes_came,
	    .ended_by = ended_by,
	    .used_up = used_up,
	    .pace = pace,
	    .plans_only = session->request.plan,
	    .context = work,
	    .cancel = session_limits_cancelled(),
	    .secrets = &session->secrets.remote,
	    .filter_socket = session->filter_socket,
	    .tries_again = strlist_has(&session->request.again, result->account->name),
	    .clock_is_doubtful = !session->clock_is_trusted,
	};
	int failed;

	if (conf_has_listed_rules(session->conf) || (has_priorities(session->conf) && result->account->deliver_to.count == 0))
		job.look = look;
	job.look_version = look_version(session->conf);
	job.looks_for_order = !conf_has_listed_rules(session->conf);
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

static void fetch_in_turn(struct account_thread *work)
{
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
		return; /* it was not asked */
	result->was_asked = true;
	failed = result->error.class != ERROR_NONE;
	result->fetched.arrived = result->fetched.fetched;
	tell_account(work, failed ? "failed" : "done", &result->error);
	log_info("event=account-done session=%s account=%s fetched=%zu deleted=%zu bytes=%llu error=%s",
	    work->session->id.text, LOG_CSTR(result->account->name), result->fetched.fetched, result->fetched.deleted,
	    (unsigned long long)result->fetched.bytes, LOG_ERROR(&result->error));
}

static void *fetch_thread(void *context)
{
	struct account_thread *work = context;
	const uint64_t one = 1;

	fetch_in_turn(work);
	account_order_done(&work->session->order, work->number);
	if (write(work->session->done_fd, &one, sizeof(one)) != sizeof(one))
		log_debug("event=progress-lost reason=eventfd");
	return NULL;
}

void session_accounts_choose(struct session *session)
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

struct account_thread *session_accounts_start(struct session *session)
{
	size_t count = session->result.account_count;
	struct account_thread *threads = xcalloc(count + 1, sizeof(*threads));

	session->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	account_order_init(&session->order);
	for (size_t i = 0; i < count; i++)
		account_order_add(&session->order, session->result.accounts[i].account);
	for (size_t i = 0; i < count; i++) {
		struct account_thread *work = &threads[i];

		work->session = session;
		work->number = i;
		work->result = &session->result.accounts[i];
		work->started = pthread_create(&work->thread, NULL, fetch_thread, work) == 0;
		if (work->started)
			continue;
		error_set(&work->result->error, ERROR_TEMPORARY, N_("cannot start a thread"));
		account_order_done(&session->order, i);
	}
	return threads;
}

static size_t count_started(const struct account_thread *threads, size_t count)
{
	size_t started = 0;

	for (size_t i = 0; i < count; i++)
		started += threads[i].started;
	return started;
}

bool session_accounts_wait(struct session *session, const struct account_thread *threads)
{
	struct pollfd fds[] = {{.fd = session->done_fd, .events = POLLIN}, {.fd = session->event_fd, .events = POLLIN}};
	size_t all = count_started(threads, session->result.account_count);
	uint64_t done;
	char bytes[64];

	while (session->done_fd >= 0 && session->done_count < all) {
		if (poll(fds, ARRAY_LEN(fds), -1) < 0 && errno != EINTR)
			return false;
		if (read(session->done_fd, &done, sizeof(done)) == sizeof(done))
			session->done_count += (size_t)done;
		else if (recv(session->event_fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
			return true;
	}
	return false;
}

void session_accounts_join(struct session *session, struct account_thread *threads)
{
	for (size_t i = 0; i < session->result.account_count; i++)
		if (threads[i].started)
			pthread_join(threads[i].thread, NULL);
	account_order_clear(&session->order);
	if (session->done_fd >= 0)
		close(session->done_fd);
	free(threads);
}
