#include "gateway/session/session_result.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "base/log.h"
#include "mail/usage.h"
#include "upstream/remote_portal.h"

#include <stdio.h>
#include <stdlib.h>

void session_result_clear(struct session_result *result)
{
	for (size_t i = 0; i < result->account_count; i++)
		fetch_result_clear(&result->accounts[i].fetched);
	free(result->accounts);
	free(result->hosts);
	byte_shares_clear(&result->sent.shares);
	json_decref(result->usage);
	*result = (struct session_result){0};
}

static bool session_result_failed(const struct session_result *result)
{
	bool failed = result->queue_error.class != ERROR_NONE || result->line_error.class != ERROR_NONE ||
		      result->end == END_TIMEOUT;

	for (size_t i = 0; i < result->account_count; i++)
		failed = failed || result->accounts[i].error.class != ERROR_NONE;
	return failed;
}

static json_t *error_json(const struct error *error)
{
	return error->class == ERROR_NONE ? json_null() : json_string(error->phrase);
}

static const char held_back[] = N_("%zu messages wait for %s: %s");
static const char by_rule[] = N_("rule %s leaves it there");
static const char by_rule_stub[] = N_("rule %s leaves it there; a stub was delivered instead");
static const char too_large[] = N_("larger than max_size; a stub was delivered instead");
static const char comes_later[] = N_("larger than max_size, or with large attachments: a stub, or its text, was delivered instead");

/* next: when it is retried; 0: by the next session, or never */
static void add_waiting(json_t *list, uint64_t size, const char *why, int64_t next)
{
	const char *text = next == 0 ? why : PHRASE(N_("%s; next try: %s"), why, PHRASE_TIME(next));

	json_array_append_new(list,
	    json_pack("{s:I, s:s, s:I}", "size", (json_int_t)size, "why", text, "next_try", (json_int_t)next));
}

/* Why what was not fetched waits. */
static const char *held_phrase(char text[PHRASE_MAX], const struct fetch_result *fetched)
{
	const char *limit = fetched->held_by, *until = limit == NULL ? N_("the next session") : line_use_waits_for(limit);

	if (limit != NULL)
		return phrase_set(text, PHRASE_MAX, held_back, fetched->held, PHRASE_WORD(until), PHRASE(N_("%s is reached"), limit));
	return phrase_set(text, PHRASE_MAX, held_back, fetched->held, PHRASE_WORD(until),
	    PHRASE_WORD(fetched->held_why != NULL ? fetched->held_why : N_("this session was stopped")));
}

/* The first messages that wait on the server, and why. */
static json_t *waiting_json(const struct fetch_result *fetched)
{
	json_t *list = json_array();
	char text[PHRASE_MAX];

	for (size_t i = 0; i < fetched->named_count; i++)
		add_waiting(list, fetched->named[i].size, fetched->named[i].why, fetched->named[i].next_try);
	for (size_t i = 0; i < fetched->large && i < FETCH_SKIPPED_MAX; i++)
		add_waiting(list, fetched->large_sizes[i], PHRASE_WORD(fetched->is_later ? comes_later : too_large), 0);
	for (size_t i = 0; i < fetched->by_rule && i < FETCH_SKIPPED_MAX; i++)
		add_waiting(list, fetched->ruled[i].size, PHRASE(fetched->ruled[i].rule->stub ? by_rule_stub : by_rule, fetched->ruled[i].rule->name), 0);
	if (fetched->held > 0)
		add_waiting(list, fetched->held_bytes, held_phrase(text, fetched), 0);
	return list;
}

static json_int_t left_on_server(const struct fetch_result *fetched)
{
	return (json_int_t)(fetched->skipped + fetched->large + fetched->held + fetched->by_rule);
}

static json_t *account_json(const struct account_result *account, int64_t time)
{
	return json_pack("{s:I, s:I, s:I, s:o, s:I, s:I, s:o}", "last_time", (json_int_t)time, "last_fetched",
	    (json_int_t)account->fetched.fetched, "left", left_on_server(&account->fetched), "waiting",
	    waiting_json(&account->fetched), "line_received", (json_int_t)account->fetched.line_received, "line_sent",
	    (json_int_t)account->fetched.line_sent, "error", error_json(&account->error));
}

/* A limit of bytes has ended fetching, or (a plan) would. */
static const char *limit_phrase(char text[PHRASE_MAX], const struct session_result *result)
{
	const char *limit = result->fetch_limit;

	if (result->is_plan && result->end == END_BYTES)
		return phrase_set(text, PHRASE_MAX, N_("Not all of it would come in one session: %s."), PHRASE(N_("the limit is %s"), limit));
	if (line_use_is_of_session(limit))
		return phrase_set(text, PHRASE_MAX, N_("The session reached its limit of bytes (%s); the next one continues."), limit);
	return phrase_set(text, PHRASE_MAX, N_("A limit of bytes is reached (%s); nothing more is fetched until %s."), limit,
	    PHRASE_WORD(line_use_waits_for(limit)));
}

/* A phrase; NULL if nothing ended it early. */
static const char *end_phrase(char text[PHRASE_MAX], const struct session_result *result)
{
	static const char *const texts[] = {
	    [END_CANCELLED] = N_("The session was stopped before it had finished."),
	    [END_MINUTES] = N_("The session reached its time limit (max_minutes); the next one continues."),
	    [END_TIMEOUT] = N_("The session exceeded session_timeout and was stopped; the next one continues."),
	};

	if (result->not_connected[0] != '\0')
		return result->not_connected;
	if (result->end == END_NONE)
		return NULL;
	return result->end == END_BYTES ? limit_phrase(text, result) : phrase_word(text, PHRASE_MAX, texts[result->end]);
}

static void append_phrase(char text[PHRASE_MAX], const char *more)
{
	char before[PHRASE_MAX];

	snprintf(before, sizeof(before), "%s", text);
	if (before[0] == '\0')
		snprintf(text, PHRASE_MAX, "%s", more);
	else
		phrase_set(text, PHRASE_MAX, "%s; %s", before, more);
}

void session_result_not_connected(struct session_result *result, const struct limits_now *limits, struct limits_wish wish)
{
	json_t *list = limits_now_json(limits, wish.sends), *one;
	char reasons[PHRASE_MAX] = "";
	size_t i;

	json_array_foreach(list, i, one)
		append_phrase(reasons, json_string_value(json_object_get(one, "text")));
	phrase_set(result->not_connected, sizeof(result->not_connected), N_("The line was not connected. %s"), reasons);
	json_decref(list);
}

/* What limits keep in the queue; NULL: nothing. */
static const char *send_phrase(char text[PHRASE_MAX], const struct session_result *result)
{
	const struct outbound_plan *outgoing = &result->outgoing;
	char until[PHRASE_MAX], reached[PHRASE_MAX];

	text[0] = '\0';
	if (result->send_limit != NULL && outgoing->held > 0) {
		const struct limit_now limit = {.setting = result->send_limit};

		append_phrase(text, PHRASE(N_("%zu messages (%s) wait in the queue until %s: %s"), outgoing->held, PHRASE_SIZE(outgoing->held_bytes),
		    limits_now_until(&limit, until), limits_now_reached(&limit, reached)));
	}
	for (size_t i = 0; i < result->host_count && result->send_limit == NULL; i++) {
		const struct outbound_host *host = &result->hosts[i];

		if (host->held > 0)
			append_phrase(text, PHRASE(N_("%zu messages wait in the queue until %s: %s"), host->held, limits_now_until(&host->limit, until),
			    limits_now_reached(&host->limit, reached)));
	}
	return text[0] == '\0' ? NULL : text;
}

/* What a server answered, or who answered for it. */
static const char *strange_answer(const struct session_result *result)
{
	for (size_t i = 0; i < result->account_count; i++)
		if (result->accounts[i].error.class != ERROR_NONE)
			return result->accounts[i].error.phrase;
	return result->queue_error.phrase;
}

/* The answer is shown, too: a wrong name in the only url looks the same. */
bool session_result_blame_portal(struct session_result *result)
{
	if (!remote_portal_was_met())
		return false;
	error_set(&result->line_error, ERROR_TEMPORARY,
	    N_("a captive portal answers in place of the mail servers; no password was sent. Open a web page over this line and log in "
	       "there, then start a session. If there is no portal, check url. The answer was: %s"),
	    strange_answer(result));
	for (size_t i = 0; i < result->account_count; i++)
		result->accounts[i].error = (struct error)ERROR_INIT;
	result->queue_error = (struct error)ERROR_INIT;
	return true;
}

struct remote_bytes session_result_bytes(const struct session_result *result)
{
	struct remote_bytes bytes = {result->line_received + result->while_up.bytes.received, result->line_sent + result->while_up.bytes.sent};

	for (size_t i = 0; i < result->account_count; i++) {
		bytes.received += result->accounts[i].fetched.line_received;
		bytes.sent += result->accounts[i].fetched.line_sent;
	}
	return bytes;
}

void session_result_planned(const struct session_result *result, uint64_t *messages, uint64_t *bytes)
{
	*messages = *bytes = 0;
	for (size_t i = 0; i < result->account_count; i++) {
		const struct fetch_result *fetched = &result->accounts[i].fetched;

		*messages += fetched->total;
		*bytes += fetched->bytes_total;
	}
}

static json_t *plan_json(const struct session_result *result)
{
	json_t *accounts = json_array();
	uint64_t messages, bytes;

	session_result_planned(result, &messages, &bytes);
	for (size_t i = 0; i < result->account_count; i++) {
		const struct fetch_result *fetched = &result->accounts[i].fetched;

		json_array_append_new(accounts,
		    json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s?}", "name", result->accounts[i].account->name, "messages",
			(json_int_t)fetched->total, "bytes", (json_int_t)fetched->bytes_total, "headers", (json_int_t)fetched->looked, "header_bytes",
			(json_int_t)fetched->looked_bytes, "deletes", (json_int_t)fetched->removed, "held", (json_int_t)fetched->held, "held_bytes",
			(json_int_t)fetched->held_bytes, "held_by", fetched->held_by));
	}
	return json_pack("{s:o, s:I, s:I, s:I, s:I, s:o, s:o, s:I, s:I}", "accounts", accounts, "messages", (json_int_t)messages, "bytes",
	    (json_int_t)bytes, "send_messages", (json_int_t)result->outgoing.count, "send_bytes", (json_int_t)result->outgoing.bytes, "seconds",
	    result->seconds < 0 ? json_null() : json_integer(result->seconds), "price",
	    result->has_price ? json_real((double)result->price / LINE_PRICE_UNIT) : json_null(), "send_held", (json_int_t)result->outgoing.held,
	    "send_held_bytes", (json_int_t)result->outgoing.held_bytes);
}

/* What a session adds to its answer. */
static void add_price(const struct session_result *result, json_t *answer)
{
	if (result->is_plan)
		json_object_set_new(answer, "plan", plan_json(result));
	else if (result->has_price)
		json_object_set_new(answer, "price", json_real((double)result->price / LINE_PRICE_UNIT));
}

static json_t *while_up_json(const struct while_up *ran)
{
	return json_pack("{s:I, s:o, s:o, s:s, s:o}", "seconds", (json_int_t)ran->seconds, "line_received",
	    ran->has_bytes ? json_integer((json_int_t)ran->bytes.received) : json_null(), "line_sent",
	    ran->has_bytes ? json_integer((json_int_t)ran->bytes.sent) : json_null(), "output", ran->said, "error", error_json(&ran->error));
}

static json_t *text_or_null(const char *text)
{
	return text == NULL ? json_null() : json_string(text);
}

static json_t *smarthost_limits(const struct session_result *result)
{
	json_t *limits = json_object();

	for (size_t i = 0; i < result->host_count; i++)
		if (result->hosts[i].held > 0)
			json_object_set_new(limits, result->hosts[i].limit.smarthost, json_string(result->hosts[i].limit.setting));
	return limits;
}

/* The limits that have ended fetching and sending. */
static void add_limits(const struct session_result *result, json_t *answer)
{
	const char *limit = result->end == END_BYTES ? result->fetch_limit : NULL;
	char text[PHRASE_MAX];

	json_object_set_new(answer, SESSION_LIMIT_REACHED, json_boolean(limit != NULL && !line_use_is_of_session(limit)));
	json_object_set_new(answer, "fetch_limit", text_or_null(limit));
	json_object_set_new(answer, LIMITS_SEND, text_or_null(result->send_limit));
	json_object_set_new(answer, LIMITS_SMARTHOSTS, smarthost_limits(result));
	json_object_set_new(answer, "send_note", text_or_null(send_phrase(text, result)));
}

json_t *session_result_json(const struct session_result *result)
{
	const struct remote_bytes bytes = session_result_bytes(result);
	json_t *accounts = json_array(), *answer;
	char note[PHRASE_MAX];

	for (size_t i = 0; i < result->account_count; i++) {
		const struct account_result *account = &result->accounts[i];

		json_array_append_new(accounts,
		    json_pack("{s:s, s:I, s:I, s:I, s:I, s:o, s:I, s:I, s:I, s:o}", "name", account->account->name,
			"fetched", (json_int_t)account->fetched.fetched, "deleted",
			(json_int_t)account->fetched.deleted, "skipped",
			(json_int_t)account->fetched.skipped, "left",
			left_on_server(&account->fetched), "waiting", waiting_json(&account->fetched), "bytes",
			(json_int_t)account->fetched.bytes, "line_received", (json_int_t)account->fetched.line_received, "line_sent",
			(json_int_t)account->fetched.line_sent, "error", error_json(&account->error)));
	}
	answer = json_pack("{s:b, s:s, s:b, s:I, s:o, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:s?}", "ok", 1, "session",
	    result->id, "failed", session_result_failed(result), "time", (json_int_t)result->ended,
	    "accounts", accounts, "sent", (json_int_t)result->sent.sent, "refused",
	    (json_int_t)result->sent.refused, "deferred", (json_int_t)result->sent.deferred, "line_received",
	    (json_int_t)bytes.received, "line_sent", (json_int_t)bytes.sent, "queue_error", error_json(&result->queue_error), "line_error",
	    error_json(&result->line_error), "note", end_phrase(note, result));
	add_price(result, answer);
	json_object_set_new(answer, "while_up", result->while_up.was_run ? while_up_json(&result->while_up) : json_null());
	if (result->usage != NULL)
		json_object_set(answer, "usage", result->usage);
	add_limits(result, answer);
	json_object_set_new(answer, "line", result->way != NULL ? json_string(result->way) : json_null());
	return answer;
}

static void note_stored(int result, const char *what, const struct error *error)
{
	if (result != 0)
		log_warnx("event=state-not-stored key=%s reason=%s", LOG_CSTR(what), LOG_ERROR(error));
}

void session_result_store(const struct session_result *result, struct state *state)
{
	json_t *whole = session_result_json(result);
	struct error error;

	json_object_del(whole, "ok");
	note_stored(state_session_put(state, whole, &error), "last-session", &error);
	json_decref(whole);
	for (size_t i = 0; i < result->account_count; i++) {
		const struct account_result *account = &result->accounts[i];
		json_t *value;

		if (!account->was_asked && result->fetch_limit != NULL)
			continue; /* what it is known to keep back is not forgotten */
		value = account_json(account, result->ended);
		note_stored(state_session_account_put(state, account->account->name, value, &error), account->account->name, &error);
		json_decref(value);
	}
}

static void left_text(const struct fetch_result *fetched, struct buf *out)
{
	json_t *list = waiting_json(fetched), *one;
	char size[32];
	size_t i;

	if (fetched->looked > 0)
		buf_printf(out, _("    headers read first: %zu (%s)\n"), fetched->looked, i18n_size(size, sizeof(size), fetched->looked_bytes));
	if (fetched->removed > 0)
		buf_printf(out, _("    deleted on the server by rules: %zu\n"), fetched->removed);
	if (left_on_server(fetched) > 0)
		buf_printf(out, _("    left on the server: %lld\n"), (long long)left_on_server(fetched));
	json_array_foreach(list, i, one)
		buf_printf(out, "        %s: %s\n",
		    i18n_size(size, sizeof(size), (unsigned long long)json_integer_value(json_object_get(one, "size"))),
		    PHRASE_SAID(json_string_value(json_object_get(one, "why"))));
	json_decref(list);
}

/* With TLS, logins and lists. */
static void bytes_text(const struct session_result *result, struct buf *out)
{
	const struct remote_bytes bytes = session_result_bytes(result);
	char received[32], sent[32], price[LINE_PRICE_SIZE], month[LINE_PRICE_SIZE];

	if (result->way != NULL && result->line_error.class == ERROR_NONE)
		buf_printf(out, _("Line: %s\n"), result->way);
	if (bytes.received + bytes.sent > 0)
		buf_printf(out, _("On the line: %s received, %s sent\n"), i18n_size(received, sizeof(received), bytes.received),
		    i18n_size(sent, sizeof(sent), bytes.sent));
	if (result->has_price)
		buf_printf(out, _("Price of this session: %s; of this month so far: %s\n"), line_use_price_text(price, result->price),
		    line_use_price_text(month, result->use.month_cost));
}

static void usage_line(void *context, const char *name, const char *value)
{
	buf_printf(context, "    %s: %s\n", name, value);
}

static void usage_text(const struct session_result *result, struct buf *out)
{
	if (json_array_size(json_object_get(result->usage, "accounts")) == 0)
		return;
	buf_printf(out, "%s\n", _("The line, by account"));
	usage_each(result->usage, "accounts", result->has_price, usage_line, out);
	buf_printf(out, "%s\n", _("The line, by user"));
	usage_each(result->usage, "users", result->has_price, usage_line, out);
}

static void note_text(const char *phrase, struct buf *out)
{
	if (phrase != NULL)
		buf_printf(out, "%s\n", PHRASE_SAID(phrase));
}

void session_result_text(const struct session_result *result, struct buf *out)
{
	char begun[64], size[32], note[PHRASE_MAX];

	buf_printf(out, _("Session of %s\n\n"), i18n_time(begun, sizeof(begun), result->begun));
	if (result->line_error.class != ERROR_NONE)
		buf_printf(out, _("Cannot connect the line: %s\n"), ERROR_SAID(&result->line_error));
	for (size_t i = 0; i < result->account_count; i++) {
		const struct account_result *account = &result->accounts[i];

		if (!account->was_asked && result->fetch_limit != NULL) {
			buf_printf(out, _("Account %s: not asked, %s is reached\n"), account->account->name, result->fetch_limit);
			continue;
		}
		buf_printf(out, _("Account %s: fetched %zu (%s)\n"), account->account->name,
		    account->fetched.fetched,
		    i18n_size(size, sizeof(size), account->fetched.bytes));
		left_text(&account->fetched, out);
		if (account->error.class != ERROR_NONE)
			buf_printf(out, _("    problem: %s\n"), ERROR_SAID(&account->error));
	}
	note_text(end_phrase(note, result), out);
	note_text(send_phrase(note, result), out);
	if (result->while_up.was_run)
		buf_printf(out, _("Command while connected: %s\n"),
		    PHRASE_SAID(while_up_phrase((char[PHRASE_MAX]){0}, PHRASE_MAX, &result->while_up)));
	bytes_text(result, out);
	usage_text(result, out);
	if (!result->sending)
		return;
	buf_printf(out, _("Outgoing: sent %zu, refused %zu, waiting %zu\n"), result->sent.sent,
	    result->sent.refused, result->waiting);
	if (result->queue_error.class != ERROR_NONE)
		buf_printf(out, _("    problem: %s\n"), ERROR_SAID(&result->queue_error));
}
