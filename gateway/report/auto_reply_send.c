#include "gateway/report/auto_reply_send.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "gateway/report/report.h"
#include "message/compose.h"
#include "mail/route.h"
#include "sorter/auto_reply.h"
#include "spool/problem.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define REPLY_MAX (64u << 10)
#define SUBJECT_MAX 400 /* bytes of the other's subject */
#define DAY_SECONDS 86400
#define HOUR_SECONDS 3600
#define HOURLY_MAX 30 /* per rule: forged senders must not cause a flood of replies */

static const struct conf_rule *find_rule(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->rule_count; i++)
		if (strcmp(conf->rules[i].name, name) == 0 && conf->rules[i].reply[0] != '\0')
			return &conf->rules[i];
	return NULL;
}

/* The full name of the address's user; NULL if there is none. */
static const char *name_of(const struct conf *conf, const struct addr *addr)
{
	const struct conf_user *user = NULL;
	const char *name;

	if (route_address(conf, addr, &name) == ROUTE_MAILBOX)
		user = conf_find_user(conf, name);
	return user != NULL ? user->full_name : NULL;
}

static bool is_in_domain_of(const char *alias, const struct addr *addr)
{
	struct addr ours;

	return addr_parse(slice_of(alias), &ours) && ours.domain[0] != '\0' && strcmp(ours.domain, addr->domain) == 0;
}

/* Whether it is in a domain in which we have addresses. */
static bool is_in_our_domain(const struct conf *conf, const struct addr *addr)
{
	for (size_t i = 0; i < conf->user_count; i++)
		if (is_in_domain_of(conf->users[i].external_alias, addr))
			return true;
	for (size_t i = 0; i < conf->shared_count; i++)
		if (is_in_domain_of(conf->shareds[i].external_alias, addr))
			return true;
	return false;
}

/* Finds the address of ours that was written to; if the login at the provider is not an address, any address in our
 * domains counts. */
static bool find_written_to(const struct conf *conf, const struct conf_account *account, const char *written_to, bool any, struct addr *addr)
{
	struct addr_item item;
	size_t at = 0;

	while (addr_list_next(slice_of(written_to), &at, &item))
		if (item.valid && item.addr.domain[0] != '\0' &&
		    (any ? is_in_our_domain(conf, &item.addr) : auto_reply_is_ours(conf, account, &item.addr))) {
			*addr = item.addr;
			return true;
		}
	return false;
}

static bool find_author(const struct conf *conf, const struct reply_due *reply, struct addr *addr)
{
	const struct conf_account *account = conf_find_account(conf, reply->account);

	return find_written_to(conf, account, reply->written_to, false, addr) ||
	       (account != NULL && addr_parse(slice_of(account->remote.user), addr) && addr->domain[0] != '\0') ||
	       find_written_to(conf, account, reply->written_to, true, addr);
}

/* RFC 3834 section 3.1.5 */
static void write_subject(const struct reply_due *reply, struct buf *out)
{
	struct slice subject = slice_trim(slice_of(reply->subject));

	if (subject.len > SUBJECT_MAX)
		subject.len = SUBJECT_MAX;
	while (subject.len > 0 && !utf8_is_valid(subject))
		subject.len--;
	buf_append_text(out, slice_begins_nocase(subject, "Auto:") ? "" : "Auto: ");
	buf_append_slice(out, subject);
}

/* \n in the configuration's line is a new line. */
static void write_text(const char *text, struct buf *out)
{
	for (; *text != '\0'; text++) {
		if (text[0] == '\\' && text[1] == 'n') {
			buf_append_byte(out, '\n');
			text++;
		} else {
			buf_append_byte(out, *text);
		}
	}
	buf_append_byte(out, '\n');
}

/* From the address of ours that received the message; else from the account's; else from the gateway's, which is rewritten
 * when the message is sent. */
static int write_reply(const struct conf *conf, const struct reply_due *reply, const struct addr *to, const struct msgid *id,
    struct buf *out, struct error *error)
{
	const struct conf_rule *rule = find_rule(conf, reply->rule);
	struct buf subject = BUF_INIT(SUBJECT_MAX * 2), body = BUF_INIT(REPLY_MAX);
	struct addr author;
	int result;

	if (!find_author(conf, reply, &author))
		author = route_own_address(conf, CONF_POSTMASTER);
	write_subject(reply, &subject);
	assert(rule != NULL); /* write_one() asked */
	write_text(rule->reply, &body);
	result = compose_message(
	    &(struct compose){
		.kind = COMPOSE_AUTO_REPLY,
		.from_name = name_of(conf, &author),
		.from = &author,
		.to = to,
		.subject = buf_slice(&subject),
		.date = clock_wall(),
		.id = id,
		.host = conf->gateway.hostname,
		.answers = slice_of(reply->message_id),
		.parts = {{COMPOSE_TEXT, buf_slice(&body)}},
		.part_count = 1,
	    },
	    out, error);
	buf_clear(&subject);
	buf_clear(&body);
	return result;
}

/* The null sender (RFC 3834 section 3.3): no program replies to a reply. */
static int send_reply(const struct reporter *reporter, const struct reply_due *reply, struct error *error)
{
	struct intake *intake = reporter->spool->intake;
	const struct fact done = {.kind = FACT_REPLY_DONE, .id = reply->id.text, .name = "sent"};
	struct buf message = BUF_INIT(4 * REPLY_MAX);
	struct envelope envelope;
	struct addr addr = {.local = ""};
	int result;

	envelope_init(&envelope);
	origin_set_gateway(&envelope.origin);
	envelope_set(&envelope.session, slice_of(reporter->session));
	strlist_add(&envelope.recipients, reply->address);
	if (addr_parse(slice_of(reply->address), &addr))
		route_add(reporter->conf, &envelope, &addr, slice_of(reply->rule));
	result = write_reply(reporter->conf, reply, &addr, &envelope.id, &message, error);
	if (result == 0)
		result = intake_accept_text(intake, &envelope, buf_slice(&message), &done, 1, error);
	envelope_clear(&envelope);
	buf_clear(&message);
	if (result == 0)
		intake_journal(intake, reply->id.text, reporter->session, EVENT_REPLIED, reply->address, reply->rule);
	return result;
}

/* The rule may have been removed meanwhile; then nothing is sent. A rule that has reached its limit is added to
 * limited. */
static int write_one(const struct reporter *reporter, const struct reply_due *reply, struct strlist *limited, struct error *error)
{
	struct intake *intake = reporter->spool->intake;
	struct state *state = reporter->spool->state;
	const struct fact none = {.kind = FACT_REPLY_DONE, .id = reply->id.text, .name = "none"};
	const struct conf_rule *rule = find_rule(reporter->conf, reply->rule);
	int64_t last = 0;
	size_t recent = 0;

	if (state_reply_last(state, reply->rule, reply->address, &last, error) != 0 ||
	    state_reply_count(state, reply->rule, reply->time - HOUR_SECONDS, &recent, error) != 0)
		return -1;
	if (recent >= HOURLY_MAX && rule != NULL && !strlist_has(limited, reply->rule))
		strlist_add(limited, reply->rule);
	else if (recent < HOURLY_MAX && rule != NULL && (last == 0 || reply->time - last >= rule->reply_days * DAY_SECONDS))
		return send_reply(reporter, reply, error);
	if (intake_accept(intake, NULL, NULL, &none, 1, error) != 0)
		return -1;
	intake_journal(intake, reply->id.text, reporter->session, EVENT_NOT_REPLIED, reply->address, reply->rule);
	return 0;
}

/* Once per rule, for any number of suppressed replies. */
static void tell_limited(const struct reporter *reporter, const struct strlist *limited)
{
	for (size_t i = 0; i < limited->count; i++) {
		char *key = xasprintf("replies %s", limited->items[i]);
		struct error problem;

		log_warnx("event=reply-limit rule=%s reason=\"%d replies in an hour\"", LOG_CSTR(limited->items[i]), HOURLY_MAX);
		error_set(&problem, ERROR_PERMANENT,
		    N_("The limit of %d replies per hour was reached; further senders get no reply. "
		       "The senders may be forged: check the condition of the rule."),
		    HOURLY_MAX);
		report_problem(reporter, key, PROBLEM_NAME(key), &problem, SLICE_NONE);
		free(key);
	}
}

static void collect_limits(void *context, const char *key, const char *text, int64_t since)
{
	(void)text;
	(void)since;
	if (slice_begins_nocase(slice_of(key), "replies "))
		strlist_add(context, key);
}

/* A limit has ended when the last hour has fewer replies, or the rule no longer replies. */
static void tell_over(const struct reporter *reporter)
{
	struct state *state = reporter->spool->state;
	struct strlist keys = {NULL, 0};
	struct error error;

	if (state_problems(state, collect_limits, &keys, &error) != 0)
		log_warnx("event=problems-unreadable reason=%s", LOG_ERROR(&error));
	for (size_t i = 0; i < keys.count; i++) {
		const char *rule = keys.items[i] + strlen("replies ");
		size_t recent = 0;

		if (find_rule(reporter->conf, rule) != NULL &&
		    (state_reply_count(state, rule, clock_wall() - HOUR_SECONDS, &recent, &error) != 0 || recent >= HOURLY_MAX))
			continue;
		report_recovery(reporter, keys.items[i], PROBLEM_NAME(keys.items[i]));
	}
	strlist_clear(&keys);
}

void auto_reply_send_due(const struct reporter *reporter)
{
	struct strlist limited = {NULL, 0};
	struct replies replies;
	struct error error;

	if (state_replies(reporter->spool->state, &replies, &error) != 0) {
		log_warnx("event=replies-unreadable reason=%s", LOG_ERROR(&error));
		return;
	}
	for (size_t i = 0; i < replies.count; i++)
		if (write_one(reporter, &replies.items[i], &limited, &error) != 0)
			log_warnx("event=reply-failed to=%s reason=%s",
			    LOG_CSTR(replies.items[i].address), LOG_ERROR(&error));
	state_replies_clear(&replies);
	tell_over(reporter);
	tell_limited(reporter, &limited);
	strlist_clear(&limited);
}
