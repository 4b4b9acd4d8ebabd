/*
 * lanpost status: the state of the gateway, as text or as JSON.
 */
#include "base/alloc.h"
#include "base/buf.h"
#include "base/net/ctl_wire.h"
#include "base/i18n.h"
#include "base/str.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/command/cli_json.h"
#include "ui-tui/command/control_client.h"
#include "ui-tui/command/table.h"
#include "ui-tui/verbs/verbs.h"

#include <stdio.h>

#define STATUS_SECONDS 60
#define SAFE_MAX 1024
/* The answering process may be compromised. (A table does this itself.) */
#define SAFE_TEXT_OF(object, name) str_printable((char[SAFE_MAX]){0}, SAFE_MAX, slice_of(text_of((object), (name))))

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text == NULL ? "" : text;
}

static long long number_of(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static const char *time_text(char *out, size_t size, long long wall)
{
	if (wall == 0)
		return "-";
	return i18n_time(out, size, wall);
}

/* Accounts that the last session does not mention: it may only have sent, or fetched from
 * others. */
static bool is_account_in_trouble(const json_t *accounts)
{
	for (size_t i = 0; i < json_array_size(accounts); i++) {
		const json_t *account = json_array_get(accounts, i);

		if (json_is_true(json_object_get(account, "enabled")) && text_of(account, "error")[0] != '\0')
			return true;
	}
	return false;
}

static const char *last_text(const json_t *last, const json_t *accounts)
{
	if (json_is_true(json_object_get(last, "failed")))
		return _("with errors");
	return is_account_in_trouble(accounts) ? _("finished, but some accounts have problems (see "
	    "below)") : _("successful");
}

static void print_note(const json_t *object, const char *field)
{
	if (json_is_string(json_object_get(object, field)))
		printf("          %s\n", PHRASE_SAID(text_of(object, field)));
}

/* What keeps mail back now: at the providers, or in the queue. */
static void print_limits(const json_t *limits)
{
	for (size_t i = 0; i < json_array_size(limits); i++)
		print_note(json_array_get(limits, i), "text");
}

static void print_session(const json_t *session, const json_t *accounts, const char *line)
{
	const json_t *last = json_object_get(session, "last");
	char time[32], next[32], received[32], sent[32];

	printf(_("Line:     %s\n"), strcmp(line, "always on") == 0 ? _("always connected") : _("on demand"));
	if (json_is_true(json_object_get(session, "running")))
		printf(_("Session:  running now (%s)\n"), SAFE_TEXT_OF(session, "id"));
	else if (number_of(session, "next") == 0)
		puts(_("Session:  none is scheduled; `lanpost session` starts one"));
	else
		printf(_("Session:  next %s\n"), time_text(next, sizeof(next), number_of(session, "next")));
	if (json_is_object(last))
		printf(_("          last %s, %s\n"), time_text(time, sizeof(time), number_of(last, "time")),
		    last_text(last, accounts));
	print_note(last, "note");
	if (json_is_string(json_object_get(last, "line")))
		printf(_("          line %s\n"), text_of(last, "line"));
	if (number_of(last, "line_received") > 0)
		printf(_("          on the line: %s received, %s sent\n"),
		    i18n_size(received, sizeof(received), (unsigned long long)number_of(last, "line_received")),
		    i18n_size(sent, sizeof(sent), (unsigned long long)number_of(last, "line_sent")));
}

static void print_accounts(const json_t *accounts)
{
	struct table table = TABLE_SPARE("LlrW", "0010");

	if (json_array_size(accounts) == 0)
		return;
	table_add(&table, _("ACCOUNT"));
	table_add(&table, _("LAST SESSION"));
	table_add(&table, _("FETCHED"));
	table_add(&table, _("STATE"));
	for (size_t i = 0; i < json_array_size(accounts); i++) {
		const json_t *account = json_array_get(accounts, i);
		const char *error = text_of(account, "error");
		char time[32];

		table_add(&table, text_of(account, "name"));
		table_add(&table, time_text(time, sizeof(time), number_of(account, "last_time")));
		table_addf(&table, "%lld", number_of(account, "last_fetched"));
		if (!json_is_true(json_object_get(account, "enabled")))
			table_add(&table, _("off"));
		else
			table_add(&table, error[0] == '\0' ? _("good") : error);
	}
	puts("");
	table_print(&table);
}

/* "INBOX: at once (IDLE); Clients, Spam: by the schedule"; new memory. */
static char *folders_text(const json_t *watch)
{
	static const struct {
		const char *way, *text;
	} ways[] = {{"idle", N_("at once (IDLE)")}, {"notify", N_("at once (NOTIFY)")}, {"polled", N_("by the schedule")}};
	struct buf text = BUF_INIT(1u << 20);
	const json_t *folder;
	size_t at;

	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		bool is_first = true;

		json_array_foreach(json_object_get(watch, "folders"), at, folder) {
			if (strcmp(text_of(folder, "way"), ways[i].way) != 0)
				continue;
			buf_printf(&text, "%s%s", is_first ? (text.len > 0 ? "; " : "") : ", ", text_of(folder, "name"));
			is_first = false;
		}
		if (!is_first)
			buf_printf(&text, ": %s", _(ways[i].text));
	}
	if (number_of(watch, "more") > 0)
		buf_printf(&text, _("; %lld folders more"), number_of(watch, "more"));
	return buf_take(&text);
}

/* How an account's new mail is noticed; new memory. */
static char *watch_text(const json_t *watch)
{
	const char *state = text_of(watch, "state"), *error = text_of(watch, "error");
	char time[32];

	if (strcmp(state, "watching") == 0)
		return folders_text(watch);
	if (strcmp(state, "polled") == 0)
		return xstrdup(error);
	if (strcmp(state, "resting") != 0)
		return xstrdup(_("not connected yet"));
	return xasprintf(_("not watched until %s: %s"), time_text(time, sizeof(time), number_of(watch, "next")),
	    error[0] == '\0' ? _("the server does not report new mail") : error);
}

/* On a line that is always up. */
static void print_watched(const json_t *accounts)
{
	struct table table = TABLE_SPARE("LlW", "010");
	bool is_any = false;

	table_add(&table, _("WATCHED"));
	table_add(&table, _("SINCE"));
	table_add(&table, _("FOLDERS"));
	for (size_t i = 0; i < json_array_size(accounts); i++) {
		const json_t *account = json_array_get(accounts, i), *watch = json_object_get(account, "watch");
		char time[32], *text;

		if (!json_is_object(watch))
			continue;
		is_any = true;
		text = watch_text(watch);
		table_add(&table, text_of(account, "name"));
		table_add(&table, number_of(watch, "since") == 0 ? "-" : time_text(time, sizeof(time), number_of(watch, "since")));
		table_add(&table, text);
		free(text);
	}
	if (!is_any) {
		table_clear(&table);
		return;
	}
	puts("");
	table_print(&table);
}

/* Mail that stays at the providers until the next time, or permanently. */
static void print_left(const json_t *accounts)
{
	struct table table = TABLE_SPARE("LrW", "001");
	size_t rows = 0;

	table_add(&table, _("LEFT ON THE SERVER"));
	table_add(&table, _("SIZE"));
	table_add(&table, _("WHY"));
	for (size_t i = 0; i < json_array_size(accounts); i++) {
		const json_t *account = json_array_get(accounts, i), *waiting = json_object_get(account, "waiting");

		for (size_t j = 0; j < json_array_size(waiting); j++, rows++) {
			const json_t *one = json_array_get(waiting, j);
			char size[32];

			table_add(&table, text_of(account, "name"));
			table_add(&table, i18n_size(size, sizeof(size), (unsigned long long)number_of(one, "size")));
			table_add(&table, text_of(one, "why"));
		}
		if (number_of(account, "left") > (long long)json_array_size(waiting)) {
			table_add(&table, text_of(account, "name"));
			table_add(&table, "");
			table_addf(&table, _("%lld in all"), number_of(account, "left"));
		}
	}
	if (rows > 0)
		puts("");
	if (rows > 0)
		table_print(&table);
	else
		table_clear(&table);
}

static void print_scanners(const json_t *scanners)
{
	struct table table = TABLE_SPARE("LlW", "001");

	if (json_array_size(scanners) == 0)
		return;
	table_add(&table, _("SCANNER"));
	table_add(&table, _("SINCE"));
	table_add(&table, _("STATE"));
	for (size_t i = 0; i < json_array_size(scanners); i++) {
		const json_t *scanner = json_array_get(scanners, i);
		const char *state = text_of(scanner, "state");
		char time[32];

		table_add(&table, text_of(scanner, "name"));
		table_add(&table, time_text(time, sizeof(time), number_of(scanner, "since")));
		table_add(&table, strcmp(state, "away") == 0 ? text_of(scanner, "error") : strcmp(state, "good") == 0 ? _("good") : _("not asked yet"));
	}
	puts("");
	table_print(&table);
}

static void print_learning(const json_t *learning)
{
	long long waiting = number_of(learning, "waiting");
	const char *error = text_of(learning, "error");

	if (waiting == 0)
		return;
	puts("");
	printf(_n("Learning: %lld message waits for the scanners for spam\n", "Learning: %lld messages wait for the scanners for spam\n", (unsigned)waiting), waiting);
	if (error[0] != '\0')
		printf("          %s\n", PHRASE_SAID(error));
}

static void print_mailboxes(const json_t *mailboxes)
{
	struct table table = TABLE_INIT("Lrr");

	table_add(&table, _("MAILBOX"));
	table_add(&table, _("MESSAGES"));
	table_add(&table, _("SIZE"));
	for (size_t i = 0; i < json_array_size(mailboxes); i++) {
		const json_t *mailbox = json_array_get(mailboxes, i);
		char size[32];

		table_add(&table, text_of(mailbox, "user"));
		table_addf(&table, "%lld", number_of(mailbox, "messages"));
		table_add(&table, i18n_size(size, sizeof(size),
				      (unsigned long long)number_of(mailbox, "bytes")));
	}
	puts("");
	table_print(&table);
}

static void print_status(const json_t *status)
{
	const json_t *gateway = json_object_get(status, "gateway");
	const json_t *queue = json_object_get(status, "queue");
	char since[32];

	printf(_("Gateway:  %s, version %s, process %lld, since %s\n"), SAFE_TEXT_OF(gateway, "hostname"),
	    SAFE_TEXT_OF(gateway, "version"), number_of(gateway, "pid"),
	    time_text(since, sizeof(since), number_of(gateway, "since")));
	printf(_("Spool:    %s\n"), SAFE_TEXT_OF(gateway, "spool"));
	print_session(json_object_get(status, "session"), json_object_get(status, "accounts"), text_of(status, "line"));
	printf(_("Queue:    %lld to send, %lld deferred, %lld held, %lld damaged\n"),
	    number_of(queue, "active"), number_of(queue, "deferred"), number_of(queue, "hold"),
	    number_of(queue, "corrupt"));
	print_limits(json_object_get(status, "limits"));
	printf(_("Clients:  %lld connected (lanpost who lists them)\n"), number_of(status, "clients"));
	print_accounts(json_object_get(status, "accounts"));
	print_watched(json_object_get(status, "accounts"));
	print_left(json_object_get(status, "accounts"));
	print_scanners(json_object_get(status, "scanners"));
	print_learning(json_object_get(status, "learning"));
	print_mailboxes(json_object_get(status, "mailboxes"));
}

int cmd_status(struct cli *cli)
{
	struct conf *conf = cli_control_conf(cli);
	json_t *status;
	int result;

	if (conf == NULL)
		return CLI_FAILED;
	result = control_client_call(conf, json_pack("{s:s}", "verb", "status"), STATUS_SECONDS, NULL, NULL,
	    &status);
	if (result == CLI_DONE) {
		json_object_del(status, "ok");
		if (cli->json)
			result = cli_print_json(json_incref(status));
		else
			print_status(ctl_say(status, NULL));
		json_decref(status);
	}
	conf_free(conf);
	return result;
}
