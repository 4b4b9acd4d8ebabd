#include "gateway/session/mail_commands.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/map.h"
#include "fetcher/fetch.h"
#include "gateway/report/report.h"
#include "gateway/report/status.h"
#include "gateway/session/release_mail.h"
#include "message/fold.h"
#include "mail/route.h"
#include "mail/filter/release_request.h"
#include "message/stub_reply.h"

#include <stdio.h>
#include <stdlib.h>

#define SUBJECT_MAX 200 /* bytes of the request */

enum daemon_command { DAEMON_SESSION, DAEMON_STATUS, DAEMON_QUEUE, DAEMON_FETCH, DAEMON_FETCH_WHOLE, DAEMON_HELP, DAEMON_RELEASE };

/* The command words, folded. */
static const struct {
	const char *word;
	enum daemon_command command;
	bool has_argument;
} words[] = {
    {"status", DAEMON_STATUS, false},
    {"статус", DAEMON_STATUS, false},
    {"состояние", DAEMON_STATUS, false},
    {"queue", DAEMON_QUEUE, false},
    {"очередь", DAEMON_QUEUE, false},
    {"fetch", DAEMON_FETCH, true},
    {"получить", DAEMON_FETCH, true},
    {"забрать", DAEMON_FETCH, true},
    {"help", DAEMON_HELP, false},
    {"помощь", DAEMON_HELP, false},
    {"справка", DAEMON_HELP, false},
};

static enum daemon_command find_word(struct slice word, bool has_argument)
{
	enum daemon_command command = DAEMON_SESSION;
	struct buf folded = BUF_INIT(256);

	fold_text(slice_make(word.ptr, word.len < 60 ? word.len : 60), &folded);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (words[i].has_argument == has_argument && slice_is(buf_slice(&folded), words[i].word))
			command = words[i].command;
	buf_clear(&folded);
	return command;
}

/* "Re: fetch sales" -> DAEMON_FETCH, "sales". A fetch of an unknown account counts as one, too: the report says so. */
static enum daemon_command parse_subject(const char *subject, struct slice *argument)
{
	struct slice rest = slice_trim(slice_of(subject)), word;

	if (release_request_read(slice_of(subject), &word, argument))
		return DAEMON_RELEASE;
	if (stub_reply_id(rest, argument))
		return DAEMON_FETCH_WHOLE;
	while (slice_begins_nocase(rest, "re:"))
		rest = slice_trim(slice_from(rest, 3));
	word = slice_cut(&rest, ' ');
	*argument = slice_trim(rest);
	return find_word(word, argument->len > 0);
}

static const struct conf_account *find_account(const struct conf *conf, struct slice name)
{
	for (size_t i = 0; i < conf->account_count; i++)
		if (slice_is_nocase(name, conf->accounts[i].name))
			return &conf->accounts[i];
	return NULL;
}

static void want_account(struct session_request *request, const struct conf_account *account)
{
	if (account != NULL)
		session_request_add_account(request, account->name);
}

/* The account of the message of this stub; NULL, with a note in the log, if there is none. */
static const struct conf_account *want_whole(const struct conf *conf, struct state *state, struct slice id)
{
	const struct conf_account *account = NULL;
	char *text = slice_dup(id);
	struct error error;
	bool failed = fetch_wanted_add(conf, state, text, &account, &error) != 0;

	if (failed || account == NULL)
		log_info("event=stub-not-found id=%s reason=%s", LOG_CSTR(text), failed ? LOG_ERROR(&error) : "\"\"");
	free(text);
	return failed ? NULL : account;
}

void mail_commands_expand(const struct triggers *triggers, const struct conf *conf, struct state *state,
    struct session_request *request)
{
	bool all = session_request_wants_all(request);

	for (size_t i = 0; i < triggers->count; i++) {
		struct slice argument;
		enum daemon_command command = parse_subject(triggers->items[i].subject, &argument);

		switch (command) {
		case DAEMON_SESSION:
			all = request->fetch = request->send = true;
			break;
		case DAEMON_FETCH:
			want_account(request, find_account(conf, argument));
			break;
		case DAEMON_FETCH_WHOLE:
			want_account(request, want_whole(conf, state, argument));
			break;
		case DAEMON_STATUS:
		case DAEMON_QUEUE:
		case DAEMON_HELP:
		case DAEMON_RELEASE:
			break;
		}
	}
	if (all)
		strlist_clear(&request->accounts);
}

/* --- answers */

/* The user of a sender address; NULL if there is none. */
static const char *user_of(const struct conf *conf, const char *address)
{
	struct addr addr;
	const char *user;

	return addr_parse(slice_of(address), &addr) && route_address(conf, &addr, &user) == ROUTE_MAILBOX ? user : NULL;
}

/* Users may see their own mail, and that of their shared mailboxes; postmaster, and the user who reads postmaster's mail,
 * everything. */
static bool may_know(const struct conf *conf, const char *asks, const struct envelope *envelope)
{
	const char *user = user_of(conf, asks), *owner = user_of(conf, envelope->sender);

	if (user != NULL && (strcmp(user, CONF_POSTMASTER) == 0 || strcmp(user, conf->gateway.postmaster) == 0))
		return true;
	return user != NULL && owner != NULL && (strcmp(user, owner) == 0 || conf_share_of(conf, owner, user) != SHARE_NONE);
}

/* Lists the recipients that are still waiting. Returns whether there are any. */
static bool list_waiting(const struct envelope *envelope, struct buf *out)
{
	bool any = false;
	char when[64];

	for (size_t i = 0; i < envelope->place_count; i++) {
		const struct place *place = &envelope->places[i];

		if (place->kind != PLACE_QUEUE || place->status != PLACE_PENDING)
			continue;
		any = true;
		buf_printf(out, "%s  %s -> %s  %s\n", i18n_time(when, sizeof(when), envelope->time), envelope->sender,
		    place->name, PHRASE_SAID(place->reply));
	}
	return any;
}

static void queue_text(const struct conf *conf, const char *asks, struct buf *out)
{
	struct buf list = BUF_INIT(REPORT_TEXT_MAX);
	struct queue_items items;
	struct error error;
	size_t count = 0;

	if (queue_list(SPOOL_OF(conf), QUEUE_ALL, &items, &error) != 0) {
		buf_printf(out, "%s\n", ERROR_SAID(&error));
		return;
	}
	for (size_t i = 0; i < items.count; i++) {
		struct envelope envelope;

		if (queue_read(SPOOL_OF(conf), &items.items[i], &envelope, &error) != 0)
			continue;
		if (may_know(conf, asks, &envelope))
			count += list_waiting(&envelope, &list);
		envelope_clear(&envelope);
	}
	buf_printf(out, _("Your messages waiting to be sent: %zu\n\n"), count);
	buf_append_slice(out, buf_slice(&list));
	buf_clear(&list);
	queue_items_clear(&items);
}

static void limits_text(const json_t *status, struct buf *out)
{
	const json_t *list = json_object_get(status, "limits");

	for (size_t i = 0; i < json_array_size(list); i++)
		buf_printf(out, "%s\n", PHRASE_SAID(json_string_value(json_object_get(json_array_get(list, i), "text"))));
}

static void status_text(const struct conf *conf, struct buf *out)
{
	json_t *status = status_build(conf, &(struct status_facts){0});
	const json_t *accounts = json_object_get(status, "accounts");
	const json_t *queue = json_object_get(status, "queue");
	json_t *account;
	size_t at;

	json_array_foreach((json_t *)accounts, at, account)
	{
		const char *problem = json_string_value(json_object_get(account, "error"));
		json_int_t last = json_integer_value(json_object_get(account, "last_time"));
		char when[64];

		buf_printf(out, _("Account %s: last session %s, %s\n"),
		    json_string_value(json_object_get(account, "name")),
		    last == 0 ? "-" : i18n_time(when, sizeof(when), last),
		    problem == NULL ? _("no errors") : PHRASE_SAID(problem));
	}
	buf_printf(out, _("Queue: %lld to send, %lld deferred, %lld held, %lld damaged\n"),
	    (long long)json_integer_value(json_object_get(queue, "active")),
	    (long long)json_integer_value(json_object_get(queue, "deferred")),
	    (long long)json_integer_value(json_object_get(queue, "hold")),
	    (long long)json_integer_value(json_object_get(queue, "corrupt")));
	limits_text(status, out);
	json_decref(status);
}

static void no_account_text(const struct conf *conf, struct slice name, struct buf *out)
{
	buf_printf(out, _("There is no account %.*s. The accounts are:\n\n"), SLICE_PRINT(name));
	for (size_t i = 0; i < conf->account_count; i++)
		buf_printf(out, "    %s\n", conf->accounts[i].name);
}

static void help_text(struct buf *out)
{
	buf_append_text(out,
	    _("Write to daemon with one of these commands as the subject:\n\n    status           "
	       "show the state of the accounts and the queue\n    queue            list "
	       "your messages that wait to be sent\n    fetch ACCOUNT    fetch the mail of "
	       "one account now\n    release NUMBER   get a message that was kept back from you\n    help             show this text\n\n"
	       "Any other subject, or none, starts a whole session: mail is fetched and "
	       "sent.\n"));
}

/* The answers of one session. */
struct answers {
	const struct reporter *reporter;
	const struct session_result *result;
	struct map texts; /* command and user -> text */
};

/* The spool is read once for each user and command, however many messages ask: a sender without a login may send hundreds. */
static void spool_text(struct answers *answers, enum daemon_command command, const char *asks, struct buf *out)
{
	const char *user = user_of(answers->reporter->conf, asks);
	char *key = xasprintf("%d %s", (int)command, user == NULL ? "" : user), *text = map_get(&answers->texts, slice_of(key));

	if (text != NULL) {
		buf_append_text(out, text);
	} else {
		if (command == DAEMON_STATUS)
			status_text(answers->reporter->conf, out);
		else
			queue_text(answers->reporter->conf, asks, out);
		map_put(&answers->texts, slice_of(key), slice_dup(buf_slice(out)));
	}
	free(key);
}

static void answers_clear(struct answers *answers)
{
	struct slice key;
	void *text;
	size_t at = 0;

	while (map_next(&answers->texts, &at, &key, &text))
		free(text);
	map_clear(&answers->texts);
}

/* What the filter keeps has been fetched, too. */
static void stub_stays_text(struct state *state, struct slice id, struct buf *out)
{
	char *stub = slice_dup(id), *whole = fetch_wanted_whole(state, stub);

	if (whole == NULL)
		buf_append_text(out, _("The whole message of this stub was not fetched by this session. The stub stays where it is.\n\n"));
	else
		buf_printf(out,
		    _("The whole message of this stub was fetched, but it is not in this mailbox: the filter keeps it, or a rule has decided otherwise. "
		      "The stub stays where it is. The administrator sees the reason by the command:\n\n    lanpost trace %s\n\n"), whole);
	free(whole);
	free(stub);
}

static void answer_text(struct answers *answers, const struct trigger *trigger, struct buf *out)
{
	const struct conf *conf = answers->reporter->conf;
	struct slice argument, owner;
	enum daemon_command command = parse_subject(trigger->subject, &argument);

	switch (command) {
	case DAEMON_STATUS:
	case DAEMON_QUEUE:
		spool_text(answers, command, trigger->sender, out);
		return;
	case DAEMON_HELP:
		help_text(out);
		return;
	case DAEMON_RELEASE:
		release_request_read(slice_of(trigger->subject), &owner, &argument);
		release_mail(answers->reporter, owner, argument, out);
		return;
	case DAEMON_FETCH:
		if (find_account(conf, argument) == NULL) {
			no_account_text(conf, argument, out);
			return;
		}
		break;
	case DAEMON_FETCH_WHOLE:
		if (stub_reply_by_imap(slice_of(trigger->subject), &owner))
			stub_stays_text(answers->reporter->spool->state, argument, out);
		break;
	case DAEMON_SESSION:
		break;
	}
	session_result_text(answers->result, out);
}

/* The kind of the command, and its text. */
static char *answer_subject(const char *asked)
{
	struct slice rest = slice_trim(slice_of(asked)), user, numbers;

	while (slice_begins_nocase(rest, "re:"))
		rest = slice_trim(slice_from(rest, 3));
	if (rest.len == 0 || release_request_read(slice_of(asked), &user, &numbers))
		return xstrdup(_("Report of the mail gateway"));
	if (rest.len > SUBJECT_MAX)
		for (rest.len = SUBJECT_MAX; rest.len > 0 && ((unsigned char)rest.ptr[rest.len] & 0xC0) == 0x80;)
			rest.len--;
	return xasprintf("%s: %.*s", _("Report of the mail gateway"), SLICE_PRINT(rest));
}

static void answer(struct answers *answers, const struct trigger *trigger)
{
	const struct fact done = {.kind = FACT_TRIGGER_DONE, .id = trigger->id.text};
	struct buf text = BUF_INIT(REPORT_TEXT_MAX);
	char *subject = answer_subject(trigger->subject);
	struct error error;
	struct report report;

	answer_text(answers, trigger, &text);
	report = (struct report){.to = trigger->sender, .subject = subject, .text = buf_slice(&text), .answers = trigger->message_id};
	if (report_send(answers->reporter, &report, &done, 1, &error) != 0)
		log_warnx("event=report-failed to=%s reason=%s", LOG_CSTR(trigger->sender), LOG_ERROR(&error));
	free(subject);
	buf_clear(&text);
}

/* A request by IMAP that was carried out needs no report: the message itself is there. */
static bool is_carried_out(const struct reporter *reporter, const struct trigger *trigger)
{
	const struct fact done = {.kind = FACT_TRIGGER_DONE, .id = trigger->id.text};
	struct slice id, owner;
	struct error error;
	bool is_there;
	char *text, *user;

	if (!stub_reply_by_imap(slice_of(trigger->subject), &owner) || !conf_is_mailbox_name(owner) ||
	    !stub_reply_id(slice_of(trigger->subject), &id) || intake_write_notes(reporter->spool->intake, &error) != 0)
		return false;
	text = slice_dup(id);
	user = slice_dup(owner);
	is_there = fetch_wanted_is_there(reporter->spool, user, text);
	free(text);
	free(user);
	return is_there && intake_accept(reporter->spool->intake, NULL, NULL, &done, 1, &error) == 0;
}

void mail_commands_answer(const struct triggers *triggers, const struct reporter *reporter, const struct session_result *result)
{
	struct answers answers = {.reporter = reporter, .result = result};

	for (size_t i = 0; i < triggers->count; i++) {
		if (is_carried_out(reporter, &triggers->items[i]))
			continue;
		i18n_speak(route_language(reporter->conf, triggers->items[i].sender));
		answer(&answers, &triggers->items[i]);
	}
	i18n_speak(NULL);
	answers_clear(&answers);
}
