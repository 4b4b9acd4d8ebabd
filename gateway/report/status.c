#include "gateway/report/status.h"

#include "base/clock.h"
#include "base/i18n.h"
#include "fetcher/fetch_watch.h"
#include "mail/lesson.h"
#include "mail/limits_now.h"
#include "mail/usage.h"
#include "spool/storage/storage.h"

#include <stdlib.h>

static json_t *or_null(json_t *value)
{
	return value == NULL ? json_null() : value;
}

/* How new mail of this account is noticed on a line that is always up; null: the line is not. */
static json_t *watched(const struct conf *conf, const struct conf_account *account, const json_t *states)
{
	json_t *state = json_deep_copy(json_object_get(states, account->name));

	json_object_del(state, "watch");
	if (state != NULL)
		return state;
	if (!conf->line.permanent || !account->enabled)
		return json_null();
	if (fetch_watch_is_wanted(conf, account))
		return json_pack("{s:s}", "state", "starting");
	return json_pack("{s:s, s:s}", "state", "polled", "error",
	    PHRASE_WORD(account->idle ? N_("POP3 cannot report new mail; the schedule asks") : N_("idle = no; the schedule asks")));
}

static json_t *accounts(const struct conf *conf, struct state *state, const json_t *states)
{
	json_t *list = json_array();

	for (size_t i = 0; i < conf->account_count; i++) {
		const struct conf_account *account = &conf->accounts[i];
		json_t *last = or_null(state_session_account_get(state, account->name));
		json_t *item = json_pack("{s:s, s:s, s:b}", "name", account->name, "url",
		    account->remote.url, "enabled", account->enabled);

		if (json_is_object(last))
			json_object_update(item, last);
		json_object_set_new(item, "watch", watched(conf, account, states));
		json_object_del(item, "error_en"); /* from versions before phrases */
		json_object_del(item, "error_ru");
		json_array_append_new(list, item);
		json_decref(last);
	}
	return list;
}

static void add_mailbox(json_t *list, const struct spool *spool, const char *user)
{
	struct error error;
	size_t messages;
	uint64_t bytes;

	if (mailbox_bytes(spool, user, &bytes, &messages, &error) == 0)
		json_array_append_new(list,
		    json_pack("{s:s, s:I, s:I}", "user", user, "messages", (json_int_t)messages, "bytes",
			(json_int_t)bytes));
}

static json_t *mailboxes(const struct conf *conf)
{
	json_t *list = json_array();
	struct strlist names = {NULL, 0};

	conf_mailbox_names(conf, &names);
	for (size_t i = 0; i < names.count; i++)
		add_mailbox(list, SPOOL_OF(conf), names.items[i]);
	strlist_clear(&names);
	return list;
}

static json_t *queue(const struct conf *conf)
{
	json_t *counts = json_object();

	for (int state = 0; state < QUEUE_STATES; state++) {
		struct queue_items items;
		struct error error;

		if (queue_list(SPOOL_OF(conf), 1u << state, &items, &error) != 0)
			continue;
		json_object_set_new(counts, queue_state_names[state],
		    json_integer((json_int_t)items.count));
		queue_items_clear(&items);
	}
	return counts;
}

static json_t *scanners(const struct conf *conf, const struct scanner_watch *watches)
{
	json_t *list = json_array();

	for (size_t i = 0; i < conf->scanner_count; i++) {
		const struct scanner_watch *watch = &watches[i];

		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:I, s:s?}", "name", conf->scanners[i].name, "url", conf->scanners[i].url,
		    "state", !watch->is_known ? "unknown" : watch->is_away ? "away" : "good", "since", (json_int_t)watch->since, "error",
		    watch->is_away ? watch->error : NULL));
	}
	return list;
}

/* Of this month; null: it cannot be read. */
static json_t *usage(struct state *state)
{
	json_t *month;

	if (state == NULL)
		return json_null();
	month = usage_load(state, clock_wall());
	usage_shorten(month);
	return month;
}

/* null: nobody learns. */
static json_t *learning(const struct conf *conf, struct state *state)
{
	char *why = lesson_trouble_get(state);
	json_t *object = conf_learns(conf) ? json_pack("{s:I, s:s?}", "waiting", (json_int_t)lesson_waiting(SPOOL_OF(conf)), "error", why) : json_null();

	free(why);
	return object;
}

/* What keeps mail back now. */
static json_t *limits(const struct conf *conf, struct state *state, const json_t *queue)
{
	bool mail_waits = json_integer_value(json_object_get(queue, queue_state_names[QUEUE_ACTIVE])) +
			      json_integer_value(json_object_get(queue, queue_state_names[QUEUE_DEFERRED])) > 0;
	struct limits_now now;
	json_t *list;

	if (state == NULL)
		return json_array();
	limits_now_load(&now, conf, state, clock_wall(), true);
	list = limits_now_json(&now, mail_waits);
	limits_now_clear(&now);
	return list;
}

json_t *status_build(const struct conf *conf, const struct status_facts *facts)
{
	struct state *state = NULL;
	struct error error;
	json_t *status;

	if (state_open(&state, SPOOL_OF(conf), NULL, &error) != 0)
		state = NULL;
	status = json_pack("{s:b, s:{s:i, s:s, s:s, s:I, s:s, s:s}, s:s, s:{s:b, s:s?, s:I, s:o}}", "ok", 1,
	    "gateway", "pid", facts->pid, "version", LANPOST_VERSION, "hostname",
	    conf->gateway.hostname, "since", (json_int_t)facts->since, "spool", conf->gateway.spool,
	    "language", conf_language_code(conf->gateway.language), "line",
	    conf_line_is_dialled(conf) ? "on demand" : "always on", "session", "running",
	    facts->session != NULL, "id", facts->session, "next", (json_int_t)facts->next, "last",
	    or_null(state_session_get(state)));
	json_object_set_new(status, "accounts", accounts(conf, state, facts->watched));
	json_object_set_new(status, "mailboxes", mailboxes(conf));
	json_object_set_new(status, "queue", queue(conf));
	json_object_set_new(status, "limits", limits(conf, state, json_object_get(status, "queue")));
	if (conf->scanner_count > 0 && facts->scanners != NULL)
		json_object_set_new(status, "scanners", scanners(conf, facts->scanners));
	json_object_set_new(status, "learning", learning(conf, state));
	json_object_set_new(status, "usage", usage(state));
	json_object_set_new(status, "clients", json_integer((json_int_t)facts->clients));
	state_close(state);
	return status;
}
