/*
 * lanpost trace: all events of the matching messages, or of a session, oldest first.
 */
#include "base/clock.h"
#include "base/i18n.h"
#include "config/value.h"
#include "mail/limits_now.h"
#include "spool/event.h"
#include "spool/log/wal.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/command/cli_json.h"
#include "ui-tui/command/control_client.h"
#include "ui-tui/widgets/text_width.h"
#include "ui-tui/verbs/verbs.h"

#include <poll.h>
#include <stdio.h>
#include <time.h>

#define EVENTS_MAX 10000
#define JOURNAL_MS 5000 /* the journal is one checkpoint behind */
#define POLL_MS 50

struct trace {
	json_t *messages; /* for --json; else NULL */
	char id[64];	  /* id of the message shown last */
	size_t events;
	size_t width; /* of the widest word for an event in this language */
	const struct spool *spool;
	struct limits_now limits;
};

static const char *shown(char *out, size_t size, const char *text)
{
	return str_printable(out, size, slice_of(text == NULL ? "" : text));
}

static json_t *safe(const char *text)
{
	return cli_json_text(text == NULL ? "" : text);
}

static void add_json(struct trace *trace, bool is_new, const struct journal_message *message,
    const struct journal_event *event)
{
	json_t *last;

	if (is_new)
		json_array_append_new(trace->messages,
		    json_pack("{s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:[], s:n}", "id", safe(message->id),
			"message_id", safe(message->message_id), "sender", safe(message->sender),
			"recipients", safe(message->recipients), "subject", safe(message->subject),
			"time", (json_int_t)message->time, "size", (json_int_t)message->size, "events", "limit"));
	last = json_array_get(trace->messages, json_array_size(trace->messages) - 1);
	json_array_append_new(json_object_get(last, "events"),
	    json_pack("{s:f, s:o, s:o, s:o, s:o}", "time", (double)event->time_us / 1e6, "event",
		safe(event->event), "session", safe(event->session), "place", safe(event->place),
		"detail", safe(event->detail)));
}

static size_t widest_event(void)
{
	size_t widest = 0;

	for (enum event event = 0; event < EVENT_COUNT; event++) {
		size_t width = text_width(event_word(event_code(event)));

		widest = width > widest ? width : widest;
	}
	return widest;
}

static void print_event(const struct trace *trace, bool is_new, const struct journal_message *message,
    const struct journal_event *event)
{
	char time[32], size[32], a[512], b[PHRASE_MAX], c[1024];
	size_t width;

	if (is_new && strcmp(message->id, event->session) == 0) {
		printf(_("%s  communication session\n"), shown(c, sizeof(c), message->id));
	} else if (is_new) {
		printf(_("%s  %s, from <%s> to %s\n"), shown(c, sizeof(c), message->id),
		    i18n_size(size, sizeof(size), message->size),
		    shown(a, sizeof(a), message->sender), shown(b, sizeof(b), message->recipients));
		printf(_("  Subject: %s\n"), shown(b, sizeof(b), message->subject));
		printf(_("  Message-ID: %s\n"), shown(b, sizeof(b), message->message_id));
	}
	shown(a, sizeof(a), event_word(event->event));
	width = text_width(a);
	printf("  %s  %s%*s  %s\n", i18n_time(time, sizeof(time), event->time_us / 1000000), a,
	    width < trace->width ? (int)(trace->width - width) : 0, "",
	    PHRASE_SAID(event_where(b, sizeof(b), event->event, event->place, event->detail == NULL ? "" : event->detail)));
}

/* Behind the last event of a message: the limit that keeps it in the queue. */
static void end_message(const struct trace *trace)
{
	struct queue_item item = {.state = QUEUE_ACTIVE};
	struct envelope envelope;
	struct error error;
	char text[PHRASE_MAX];
	const char *why;

	if (!limits_now_keep_any(&trace->limits) || !msgid_is(slice_of(trace->id)))
		return;
	memcpy(item.id.text, trace->id, MSGID_LEN);
	if (queue_find(trace->spool, &item.id, &item.state, &error) != 1 || (item.state != QUEUE_ACTIVE && item.state != QUEUE_DEFERRED) ||
	    queue_read(trace->spool, &item, &envelope, &error) != 0)
		return;
	why = limits_now_why(&trace->limits, &envelope, text);
	envelope_clear(&envelope);
	if (why != NULL && trace->messages != NULL)
		json_object_set_new(json_array_get(trace->messages, json_array_size(trace->messages) - 1), "limit", json_string(why));
	else if (why != NULL)
		printf("  %s\n", PHRASE_SAID(why));
}

static void add_event(void *context, const struct journal_message *message,
    const struct journal_event *event)
{
	struct trace *trace = context;
	bool is_new = trace->events == 0 || strcmp(trace->id, message->id) != 0;

	if (is_new)
		end_message(trace);
	snprintf(trace->id, sizeof(trace->id), "%s", message->id);
	trace->events++;
	if (trace->messages != NULL)
		add_json(trace, is_new, message, event);
	else
		print_event(trace, is_new, message, event);
}

/* "7d" ago, or "2026-11-23", or "2026-11-23 09:15" of local time. False after a message. */
static bool read_moment(const struct cli *cli, const char *option, int64_t *moment)
{
	const struct value_limits limits = {.max = INT64_MAX / 2};
	const char *text = cli_option(cli, option), *end;
	struct tm tm = {.tm_isdst = -1};
	struct error error;
	int64_t age;

	if (text == NULL)
		return true;
	if (value_parse(VALUE_DURATION, slice_of(text), &limits, &age, &error) == 0) {
		*moment = clock_wall() - age;
		return true;
	}
	end = strptime(text, "%Y-%m-%d %H:%M", &tm);
	if (end == NULL)
		end = strptime(text, "%Y-%m-%d", &tm);
	if (end != NULL && *end == '\0') {
		*moment = (int64_t)mktime(&tm);
		return true;
	}
	cli_fail(CLI_USAGE, _("%s: `%s` is neither an age nor a date (examples: 7d, 2026-11-23)"), option, text);
	return false;
}

/* The last events of a running gateway are still in its log: what it has there now is waited for. */
static void await_journal(const struct conf *conf, const struct spool *spool)
{
	int64_t deadline = clock_now_ms() + JOURNAL_MS;
	struct wal_names names;
	struct error ignored;

	if (control_client_gateway_pid(conf) == 0 || wal_list_records(spool, &names, &ignored) != 0)
		return;
	while (wal_have_records(spool, &names) && clock_left_ms(deadline) > 0)
		poll(NULL, 0, POLL_MS);
	wal_names_clear(&names);
}

static int run_trace(const struct cli *cli, const struct conf *conf, const struct spool *spool)
{
	struct trace trace = {.messages = cli->json ? json_array() : NULL, .width = widest_event(), .spool = spool};
	struct trace_query query = {.words = cli->count > 0 ? cli->words[0] : "", .until = INT64_MAX, .limit = EVENTS_MAX};
	struct error error = ERROR_INIT;
	int result;

	if (!read_moment(cli, "--since", &query.since) || !read_moment(cli, "--until", &query.until)) {
		json_decref(trace.messages);
		return CLI_USAGE;
	}
	await_journal(conf, spool);
	limits_now_load(&trace.limits, conf, spool->state, clock_wall(), true);
	result = state_trace(spool->state, &query, add_event, &trace, &error);
	end_message(&trace);
	limits_now_clear(&trace.limits);
	if (result != 0) {
		json_decref(trace.messages);
		return cli_fail_error(&error);
	}
	if (trace.messages != NULL)
		return cli_print_json(trace.messages);
	if (trace.events == 0)
		return cli_fail(CLI_FAILED, _("no message matches `%s` (searched: id, Message-ID, sender, recipients, subject, user, account and rule)"), query.words);
	return CLI_DONE;
}

int cmd_trace(struct cli *cli)
{
	if (cli->count == 0 && cli_option(cli, "--since") == NULL && cli_option(cli, "--until") == NULL)
		return cli_fail(CLI_USAGE, _("usage: lanpost %s %s"), cli->verb->name, cli->verb->words);
	return cli_with_state(cli, run_trace);
}
