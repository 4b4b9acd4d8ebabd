/*
 * lanpost demo: one whole mail session of an office, on loopback, explained step by step.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "message/header.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/control_client.h"
#include "ui-tui/demo/demo.h"
#include "ui-tui/command/progress.h"
#include "ui-tui/command/table.h"
#include "ui-tui/verbs/verbs.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define JOURNAL_MS 5000
#define DAEMON_ADDRESS "daemon@office.lan"

static const char *bold, *dim, *plain; /* terminal attributes, "" where there is no terminal */

static void choose_colours(void)
{
	bool on_terminal = isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == NULL;

	bold = on_terminal ? "\033[1m" : "";
	dim = on_terminal ? "\033[2m" : "";
	plain = on_terminal ? "\033[0m" : "";
}

static void step(int number, const char *text)
{
	printf("\n%s%d  %s%s\n", bold, number, text, plain);
	fflush(stdout);
}

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...)
{
	va_list args;

	fputs("   ", stdout);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

/* --- a session with its bars */

static int run_session(struct demo *demo, struct error *error)
{
	struct progress progress;
	json_t *answer = NULL;
	int result = 0;

	progress_init(&progress);
	if (control_client_call(demo->branch.conf, json_pack("{s:s}", "verb", "session"), 0, progress_event,
		&progress, &answer) != CLI_DONE)
		result = error_set(error, ERROR_TEMPORARY, N_("the session did not finish"));
	else if (!progress_summary(&progress, answer))
		result = error_set(error, ERROR_TEMPORARY, N_("the session failed"));
	json_decref(answer);
	progress_clear(&progress);
	return result;
}

/* --- recipients */

/* The journal shows why a message was delivered to a mailbox. */
struct reason {
	const char *user;
	char *why;
};

static void find_reason(void *context, const struct journal_message *message,
    const struct journal_event *event)
{
	struct reason *reason = context;

	(void)message;
	if (strcmp(event->place, reason->user) != 0 || event->detail[0] == '\0' || reason->why != NULL)
		return;
	reason->why = xstrdup(PHRASE_SAID(event->detail));
}

struct listing {
	struct state *state;
	const char *user;
	struct table *table;
};

static void list_message(void *context, const struct mailbox_message *message, struct slice bytes)
{
	struct listing *listing = context;
	struct reason reason = {.user = listing->user};
	char *subject = demo_header(bytes, "Subject");
	struct error ignored;

	state_trace(listing->state, &(struct trace_query){message->uidl, 0, INT64_MAX, 100}, find_reason, &reason, &ignored);
	table_addf(listing->table, "   %s", listing->user);
	table_add(listing->table, subject);
	table_add(listing->table, reason.why == NULL ? "" : reason.why);
	free(reason.why);
	free(subject);
}

/* The session's process writes the journal at its end: waits for the events of the newest message. */
static bool journal_is_written(struct state *state, const struct conf *conf)
{
	struct mailbox_list list;
	struct reason reason = {.user = "ivan"};
	struct error ignored;
	bool is_written;

	if (mailbox_list(SPOOL_OF(conf), "ivan", &list, &ignored) != 0)
		return true;
	if (list.count > 0)
		state_trace(state, &(struct trace_query){list.items[list.count - 1].uidl, 0, INT64_MAX, 100}, find_reason, &reason, &ignored);
	mailbox_list_clear(&list);
	is_written = reason.why != NULL;
	free(reason.why);
	return is_written;
}

static int show_mailboxes(struct demo *demo, struct error *error)
{
	struct table table = TABLE_INIT("lll");
	struct listing listing = {.table = &table};
	int64_t deadline = clock_now_ms() + JOURNAL_MS;
	int result = 0;

	if (state_open(&listing.state, SPOOL_OF(demo->branch.conf), NULL, error) != 0)
		return -1;
	while (!journal_is_written(listing.state, demo->branch.conf) && clock_now_ms() < deadline &&
	       !demo_interrupted())
		poll(NULL, 0, 50);
	table_addf(&table, "   %s", _("MAILBOX"));
	table_add(&table, _("SUBJECT"));
	table_add(&table, _("WHY"));
	for (const struct demo_person *person = demo_people; person->name != NULL && result == 0; person++) {
		listing.user = person->name;
		result = demo_each(demo->branch.conf, person->name, list_message, &listing, error);
	}
	table_print(&table);
	state_close(listing.state);
	return result;
}

/* --- single messages */

struct shown {
	bool body;
	size_t skip; /* number of messages that were there before */
};

static void show_header(struct slice bytes, const char *name)
{
	char *value = demo_header(bytes, name);

	if (value[0] != '\0')
		say("%s%s: %s%s", dim, name, value, plain);
	free(value);
}

static void show_body(struct slice bytes)
{
	struct slice rest = slice_from(bytes, header_length(bytes));
	char safe[400];

	while (rest.len > 0)
		say("%s| %s%s", dim,
		    str_printable(safe, sizeof(safe), slice_trim(slice_cut(&rest, '\n'))), plain);
}

static void show_message(void *context, const struct mailbox_message *message, struct slice bytes)
{
	struct shown *shown = context;

	(void)message;
	if (shown->skip > 0) {
		shown->skip--;
		return;
	}
	show_header(bytes, "From");
	show_header(bytes, "To");
	show_header(bytes, "Subject");
	show_header(bytes, "X-Envelope-To");
	if (shown->body)
		show_body(bytes);
}

static int send_outside(struct demo *demo, struct error *error)
{
	struct demo_outgoing letter = {.port = demo->smtp,
	    .sender = "anna@office.lan",
	    .recipient = "headoffice@example.ru",
	    .subject = _("Report for November"),
	    .text = _("Dear colleagues,\n\neverything is fine here.\n\nAnna\n")};
	struct shown shown = {.body = true}, copy = {.body = false};

	copy.skip = demo_count(demo->branch.conf, "director");
	say(_("anna@office.lan writes to headoffice@example.ru. The gateway accepts the letter at once,"));
	say(_("connected or not, and puts it into the queue."));
	if (demo_send(&letter, error) != 0)
		return -1;
	if (run_session(demo, error) != 0 ||
	    demo_await(demo->provider.conf, "headoffice", 1, error) != 0)
		return -1;
	say(_("It has arrived at the provider; her LAN address was replaced by her external address:"));
	if (demo_each(demo->provider.conf, "headoffice", show_message, &shown, error) != 0)
		return -1;
	if (demo_await(demo->branch.conf, "director", copy.skip + 1, error) != 0)
		return -1;
	say(_("The boss (director) has got a copy that shows the envelope:"));
	return demo_each(demo->branch.conf, "director", show_message, &copy, error);
}

static int trigger_daemon(struct demo *demo, struct error *error)
{
	struct demo_outgoing letter = {.port = demo->smtp,
	    .sender = "ivan@office.lan",
	    .recipient = DAEMON_ADDRESS,
	    .subject = "go",
	    .text = "\n"};
	struct shown shown = {.body = true};

	shown.skip = demo_count(demo->branch.conf, "ivan");
	say(_("A new letter has arrived at the provider. Ivan does not wait for the schedule,"));
	say(_("but writes to %s. The letter and a report arrive:"), DAEMON_ADDRESS);
	if (demo_deliver_late(demo->provider.conf, error) != 0 || demo_send(&letter, error) != 0 ||
	    demo_await(demo->branch.conf, "ivan", shown.skip + 2, error) != 0)
		return -1;
	return demo_each(demo->branch.conf, "ivan", show_message, &shown, error);
}

/* --- the end of the story */

static void show_settings(const struct demo *demo, const char *program)
{
	say(_("Thunderbird: New account > Existing mail > Configure manually. On this computer:"));
	say(_("  incoming  POP3  127.0.0.1  port %u (no encryption) or %u (SSL/TLS)"), demo->pop3,
	    demo->pop3s);
	say(_("  outgoing  SMTP  127.0.0.1  port %u (no encryption) or %u (STARTTLS)"), demo->smtp,
	    demo->submission);
	say(_("The certificate is self-signed, so the mail program asks once whether to trust it."));
	for (const struct demo_person *person = demo_people; person->name != NULL; person++)
		say(_("  user name %-10s password %-14s (%s@office.lan, %s)"), person->name,
		    person->password, person->name, person->full_name);
	say(_("The admin's view: %s -c %s status"), program, demo->branch.config);
}

static int tell(struct demo *demo, const char *program, bool once, struct error *error)
{
	size_t letters;

	step(1, _("A provider: head office, example.ru"));
	if (demo_open(demo, error) != 0 || demo_fill(demo->provider.conf, &letters, error) != 0 ||
	    demo_start_provider(demo, error) != 0)
		return -1;
	say(_("%zu letters wait in 3 mailboxes; `branch` is a catch-all for several people."), letters);
	step(2, _("A branch office: its gateway, office.lan"));
	if (demo_start_branch(demo, error) != 0)
		return -1;
	say(_("It fetches by POP3 over TLS and sends by SMTP with STARTTLS and a login."));
	step(3, _("A session: all accounts in parallel"));
	if (run_session(demo, error) != 0)
		return -1;
	step(4, _("Who got what, and why"));
	if (show_mailboxes(demo, error) != 0)
		return -1;
	step(5, _("A letter leaves the office"));
	if (send_outside(demo, error) != 0)
		return -1;
	step(6, _("A session by mail"));
	if (trigger_daemon(demo, error) != 0)
		return -1;
	step(7, _("Your own mail program"));
	show_settings(demo, program);
	if (once)
		return 0;
	printf("\n%s%s%s\n", bold, _("The gateway runs until you press Ctrl-C."), plain);
	fflush(stdout);
	demo_wait(demo);
	return 0;
}

int cmd_demo(struct cli *cli)
{
	struct demo demo = {0};
	struct error error = ERROR_INIT;
	int result;

	choose_colours();
	printf(_("%slanpost demo%s: the mail of a small office, on this computer only\n"), bold, plain);
	result = tell(&demo, cli->program, cli_option(cli, "--once") != NULL, &error);
	demo_close(&demo);
	if (demo_interrupted()) {
		printf("\n%s\n", _("The demo has ended; its folder was removed."));
		return CLI_DONE;
	}
	if (result != 0)
		return cli_fail_error(&error);
	printf("\n%s\n", _("The demo has ended; its folder was removed."));
	return CLI_DONE;
}
