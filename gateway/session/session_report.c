#include "gateway/session/session_report.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "gateway/report/report.h"
#include "mail/sign_in.h"
#include "spool/problem.h"

#include <stdlib.h>
#include <string.h>

#define BUSY_SECONDS 3600 /* delay before a temporary login refusal is reported to postmaster */

void session_report_change(const struct session_report *session, const char *key, const char *what, const struct error *error)
{
	const struct reporter reporter = {session->conf, session->spool, session->result->id};

	if (error->class == ERROR_CANCELLED)
		return;
	if (error->class != ERROR_NONE)
		report_problem(&reporter, key, what, error, SLICE_NONE);
	else
		report_recovery(&reporter, key, what);
}

/* Messages that the server lists but does not deliver: each is reported once. */
static void report_skipped(const struct session_report *session, const struct account_result *account)
{
	const struct fetch_result *fetched = &account->fetched;

	for (size_t i = 0; i < fetched->named_count; i++) {
		char *key = xasprintf("message %s %s", account->account->name, fetched->named[i].key);
		char what[128];
		struct error problem;

		/* TRANSLATORS: %s is the name of an account */
		phrase_set(what, sizeof(what), N_("a message of account %s"), account->account->name);
		error_set(&problem, ERROR_PERMANENT,
		    N_("the server does not send it (%s); it stays on the server and is tried again"),
		    fetched->named[i].why);
		session_report_change(session, key, what, &problem);
		free(key);
	}
}

/* Forgets a problem. No report is sent. */
static void forget(const struct session_report *session, const char *key)
{
	struct error error;
	int64_t since;

	if (state_problem_clear(session->spool->state, key, &since, &error) < 0)
		log_warnx("event=problem-not-cleared reason=%s", LOG_ERROR(&error));
}

struct over {
	const struct session_report *session;
	const struct account_result *account;
	struct strlist keys;
};

/* find: puts those that are over into keys. */
static void forget_over(struct over *over, state_problem_fn find)
{
	struct error error;

	if (state_problems(over->session->spool->state, find, over, &error) != 0)
		log_warnx("event=problems-unreadable reason=%s", LOG_ERROR(&error));
	for (size_t i = 0; i < over->keys.count; i++)
		forget(over->session, over->keys.items[i]);
	strlist_clear(&over->keys);
}

static bool is_message_of(const char *key, const struct conf_account *account)
{
	char *begin = xasprintf("message %s ", account->name);
	bool is_its = strncmp(key, begin, strlen(begin)) == 0;

	free(begin);
	return is_its;
}

static void find_fetched(void *context, const char *key, const char *text, int64_t since)
{
	struct over *over = context;

	(void)text;
	(void)since;
	if (is_message_of(key, over->account->account) &&
	    fetch_result_skipped(&over->account->fetched, key + strlen("message ") + strlen(over->account->account->name) + 1) == NULL)
		strlist_add(&over->keys, key);
}

/* Messages that were fetched after all, or that are gone from the server. */
static void forget_skipped(const struct session_report *session, const struct account_result *account)
{
	struct over over = {.session = session, .account = account};

	if (account->error.class == ERROR_NONE && account->fetched.skipped <= account->fetched.named_count)
		forget_over(&over, find_fetched);
}

static bool is_message_of_removed(const struct conf *conf, const char *key)
{
	for (size_t i = 0; i < conf->account_count; i++)
		if (is_message_of(key, &conf->accounts[i]))
			return false;
	return strncmp(key, "message ", strlen("message ")) == 0;
}

/* Of an account, a smarthost or a scanner that is no longer configured. */
static bool is_of_removed(const struct conf *conf, const char *key)
{
	static const struct {
		const char *begin;
		enum { ACCOUNT, SMARTHOST, SCANNER } kind;
	} kinds[] = {{"account ", ACCOUNT}, {"login account ", ACCOUNT}, {"uids ", ACCOUNT}, {"smarthost ", SMARTHOST}, {"login smarthost ", SMARTHOST},
	    {"scanner ", SCANNER}};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const char *name = key + strlen(kinds[i].begin);

		if (strncmp(key, kinds[i].begin, strlen(kinds[i].begin)) != 0)
			continue;
		if (kinds[i].kind == ACCOUNT)
			return conf_find_account(conf, name) == NULL;
		return kinds[i].kind == SMARTHOST ? conf_find_smarthost(conf, name) == NULL : conf_find_scanner(conf, name) == NULL;
	}
	return is_message_of_removed(conf, key);
}

static void find_removed(void *context, const char *key, const char *text, int64_t since)
{
	struct over *over = context;

	(void)text;
	(void)since;
	if (is_of_removed(over->session->conf, key))
		strlist_add(&over->keys, key);
}

/* A provider that has changed all UIDs, and shows no headers: all messages were fetched again, to be
 * compared. */
static void report_compared(const struct session_report *session, const struct account_result *account)
{
	const struct fetch_result *fetched = &account->fetched;
	char *key = xasprintf("uids %s", account->account->name);
	struct error problem;

	if (fetched->is_renumbered && fetched->compared > 0) {
		error_set(&problem, ERROR_PERMANENT,
		    N_("the provider has changed the UIDs of its messages and does not show their "
		       "headers: %zu messages were fetched again, recognised and not delivered a "
		       "second time"),
		    fetched->compared);
		session_report_change(session, key, PROBLEM_NAME(key), &problem);
	} else if (account->error.class == ERROR_NONE) {
		forget(session, key);
	}
	free(key);
}

static void report_smarthosts(const struct session_report *session)
{
	const struct session_result *result = session->result;
	const struct conf *conf = session->conf;
	struct error none_fits = result->queue_error;
	char what[128];

	for (size_t i = 0; i < conf->smarthost_count; i++) {
		const struct outbound_host *host = &result->hosts[i];
		char *key;

		/* If there was nothing to send, its state is not known. */
		if (!host->tried)
			continue;
		key = xasprintf("smarthost %s", conf->smarthosts[i].name);
		/* TRANSLATORS: %s is the name of a smarthost */
		phrase_set(what, sizeof(what), N_("sending through smarthost %s"), conf->smarthosts[i].name);
		session_report_change(session, key, what, &host->error);
		free(key);
		if (host->error.class != ERROR_NONE)
			none_fits = (struct error)ERROR_INIT; /* this was the reason */
	}
	if (result->sending)
		session_report_change(session, "queue", PHRASE(N_("sending the queue")), &none_fits);
}

/* A limit of the line is only noted in the report of the session; the deadline is a problem. */
static void report_end(const struct session_report *session)
{
	struct error problem = ERROR_INIT;

	if (session->result->end == END_CANCELLED)
		return;
	if (session->result->end == END_TIMEOUT)
		error_set(&problem, ERROR_TEMPORARY, N_("it exceeded session_timeout (%lld seconds) "
		    "and was stopped"),
		    (long long)session->conf->line.session_timeout);
	session_report_change(session, "session", PHRASE(N_("the communication session")), &problem);
}

/* A mailbox that is in use, or a busy server, is temporary: it is reported only if it persists. */
static bool is_passing(const struct session_report *session, const char *key, const struct error *problem)
{
	char *name = xasprintf("busy %s", key);
	struct state *state = session->spool->state;
	bool is_busy = problem->class == ERROR_BUSY, passing = is_busy;
	int64_t begun, now = clock_wall(), since = is_busy ? now : 0;
	struct error error;

	if (state_numbers_get(state, name, &begun, 1, &error) < 0)
		log_warnx("event=busy-unknown key=%s reason=%s", LOG_CSTR(key), LOG_ERROR(&error));
	if (is_busy && begun > 0)
		passing = now - begun < BUSY_SECONDS;
	else if ((is_busy || begun > 0) && state_numbers_put(state, name, &since, 1, &error) != 0)
		log_warnx("event=busy-not-noted key=%s reason=%s", LOG_CSTR(key), LOG_ERROR(&error));
	free(name);
	return passing;
}

static void report_account(const struct session_report *session, const struct account_result *account)
{
	char *key = xasprintf("account %s", account->account->name), what[128];

	/* TRANSLATORS: %s is the name of an account */
	phrase_set(what, sizeof(what), N_("account %s"), account->account->name);
	if (!is_passing(session, key, &account->error))
		session_report_change(session, key, what, &account->error);
	free(key);
	report_skipped(session, account);
	forget_skipped(session, account);
	report_compared(session, account);
}

void session_report_problems(const struct session_report *session, bool line_was_used, bool line_was_up)
{
	const struct session_result *result = session->result;

	forget_over(&(struct over){.session = session}, find_removed);
	if (line_was_used)
		session_report_change(session, "line", PHRASE(N_("the line")), &result->line_error);
	report_end(session);
	if (!line_was_up)
		return;
	for (size_t i = 0; i < result->account_count; i++)
		if (result->accounts[i].was_asked || result->fetch_limit == NULL) /* else its problems are as they were */
			report_account(session, &result->accounts[i]);
	report_smarthosts(session);
	session_report_change(session, "process session", PHRASE(N_("the session process")),
	    &(struct error)ERROR_INIT);
}

/* --- sign-ins */

/* end: as secrets_sign_ins() has it. */
static void report_sign_in(const struct session_report *session, const char *kind, const char *name, const struct conf_remote *remote, int64_t end)
{
	char *key = xasprintf("login %s %s", kind, name), verb[128];
	struct error problem = ERROR_INIT;

	if (end > 0 && end - clock_wall() < SIGN_IN_WARN_SECONDS)
		error_set(&problem, ERROR_LOGIN, N_("the provider accepts it until %s only; to renew it, run: %s"), PHRASE_TIME(end),
		    sign_in_verb(session->conf, remote, verb, sizeof(verb)));
	if (end >= 0)
		session_report_change(session, key, PROBLEM_NAME(key), &problem);
	else
		forget(session, key);
	free(key);
}

static bool has_sign_ins(const struct conf *conf)
{
	bool has = false;

	for (size_t i = 0; i < conf->account_count; i++)
		has = has || conf->accounts[i].remote.oauth2 != OAUTH2_NONE;
	for (size_t i = 0; i < conf->smarthost_count; i++)
		has = has || conf->smarthosts[i].remote.oauth2 != OAUTH2_NONE;
	return has;
}

void session_report_sign_ins(const struct session_report *session, struct secrets *secrets)
{
	const struct conf *conf = session->conf;
	size_t count = conf->account_count + conf->smarthost_count;
	int64_t *ends = xcalloc(count + 1, sizeof(*ends));
	struct error error;

	for (size_t i = 0; i < count; i++)
		ends[i] = -1;
	if (has_sign_ins(conf) && secrets_sign_ins(secrets, NULL, ends, &error) != 0) {
		log_warnx("event=sign-ins-unknown reason=%s", LOG_ERROR(&error));
		free(ends);
		return;
	}
	for (size_t i = 0; i < conf->account_count; i++)
		report_sign_in(session, "account", conf->accounts[i].name, &conf->accounts[i].remote, conf->accounts[i].enabled ? ends[i] : -1);
	for (size_t i = 0; i < conf->smarthost_count; i++)
		report_sign_in(session, "smarthost", conf->smarthosts[i].name, &conf->smarthosts[i].remote, ends[conf->account_count + i]);
	free(ends);
}
