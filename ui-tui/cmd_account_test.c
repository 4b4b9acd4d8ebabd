/*
 * lanpost account test: the way to a provider, step by step, and what to do where it ends.
 *
 * It takes the way of a session (mail/remote.h) but fetches nothing and changes nothing on the server.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "mail/line_reader.h"
#include "mail/login.h"
#include "mail/provider_hint.h"
#include "mail/remote.h"
#include "ui-tui/account_test.h"
#include "ui-tui/cli.h"

#include <stdio.h>
#include <stdlib.h>

#define LINE_MAX_BYTES 8192
#define LINES_MAX 1000
#define ANSWER_MS 60000

/* --- the few words that are said after the login */

struct talk {
	struct remote *remote;
	struct line_reader lines;
	struct slice input;
	char chunk[4096];
	char line[LINE_MAX_BYTES + 1]; /* the last one */
};

static int say(struct talk *talk, const char *command, struct error *error)
{
	enum remote_result result =
	    remote_send(talk->remote, slice_of(command), clock_now_ms() + ANSWER_MS);

	return result == REMOTE_OK ? 0 : remote_error(talk->remote, result, command, error);
}

static int hear(struct talk *talk, struct error *error)
{
	int64_t deadline = clock_now_ms() + ANSWER_MS;
	struct slice line;
	size_t got;

	while (line_read(&talk->lines, &talk->input, &line) == LINE_MORE) {
		enum remote_result result =
		    remote_recv(talk->remote, talk->chunk, sizeof(talk->chunk), &got, deadline);

		if (result != REMOTE_OK)
			return remote_error(talk->remote, result, N_("waiting for a reply"), error);
		talk->input = slice_make(talk->chunk, got);
	}
	str_printable(talk->line, sizeof(talk->line), line);
	return 0;
}

static void add_word(struct buf *words, const char *line)
{
	if (words->len < 1500)
		buf_printf(words, "%s%s", words->len > 0 ? ", " : "", line);
}

static int ask_pop3(struct talk *talk, struct buf *can, unsigned long long *count, struct error *error)
{
	if (say(talk, "CAPA\r\n", error) != 0 || hear(talk, error) != 0)
		return -1;
	if (talk->line[0] == '+')
		for (int i = 0; i < LINES_MAX; i++) {
			if (hear(talk, error) != 0)
				return -1;
			if (strcmp(talk->line, ".") == 0)
				break;
			add_word(can, talk->line);
		}
	if (say(talk, "STAT\r\n", error) != 0 || hear(talk, error) != 0)
		return -1;
	if (sscanf(talk->line, "+OK %llu", count) != 1)
		return error_set(error, ERROR_PROTOCOL, "STAT: %s", talk->line);
	return say(talk, "QUIT\r\n", error);
}

static int ask_imap(struct talk *talk, struct buf *can, unsigned long long *count, struct error *error)
{
	const char *at;

	*count = 0;
	if (say(talk, "T1 CAPABILITY\r\nT2 EXAMINE INBOX\r\n", error) != 0)
		return -1;
	for (int i = 0; i < LINES_MAX; i++) {
		if (hear(talk, error) != 0)
			return -1;
		if (strncasecmp(talk->line, "* CAPABILITY ", 13) == 0)
			add_word(can, talk->line + 13);
		at = strstr(talk->line, " EXISTS");
		if (at != NULL && talk->line[0] == '*')
			*count = strtoull(talk->line + 1, NULL, 10);
		if (strncmp(talk->line, "T2 ", 3) != 0)
			continue;
		if (strncasecmp(talk->line + 3, "OK", 2) != 0)
			return error_set(error, ERROR_PROTOCOL, "INBOX: %s", talk->line);
		return say(talk, "T3 LOGOUT\r\n", error);
	}
	return error_set(error, ERROR_PROTOCOL, "INBOX: %s", talk->line);
}

/* --- what is shown */

struct test {
	const struct conf_account *account;
	json_t *report; /* NULL: each step is printed as it is done */
};

/* step: for programs; label: for people. */
static void show(const struct test *test, const char *step, const char *label, const char *text)
{
	int width = (int)text_width(label);

	if (test->report != NULL) {
		json_array_append_new(json_object_get(test->report, "steps"),
		    json_pack("{s:s, s:o}", "step", step, "result", cli_json_text(text)));
		return;
	}
	printf("%s%*s %s\n", label, width < 12 ? 12 - width : 0, "", text);
	fflush(stdout);
}

static const char *const step_names[] = {
    [REMOTE_NAME] = N_("name"),
    [REMOTE_CONNECT] = N_("connection"),
    [REMOTE_TLS] = N_("encryption"),
    [REMOTE_LOGIN] = N_("login"),
    [REMOTE_READY] = N_("mailbox"),
};

static void show_step(const struct test *test, enum remote_step step, const char *text)
{
	show(test, step_names[step], _(step_names[step]), text);
}

static const char *step_hint(enum remote_step step)
{
	static const char *const hints[] = {
	    [REMOTE_NAME] = N_("Is the name in url spelled right, and is the line up? Try: getent hosts NAME"),
	    [REMOTE_CONNECT] = N_("Is the port in url right (995 for pop3s, 993 for imaps), and does a firewall or "
				  "[line] proxy stand in between?"),
	    [REMOTE_TLS] = N_("Look at the scheme of url and at tls, ca_file and pin_sha256 of the account."),
	    [REMOTE_LOGIN] = N_("Check user and password; many providers want a password made for mail programs, and "
				"POP3 or IMAP allowed in the settings of the mailbox."),
	    [REMOTE_READY] = N_("The login is good, but the mailbox cannot be read: ask the provider."),
	};

	return _(hints[step]);
}

static int failed(const struct test *test, enum remote_step step, const struct error *error)
{
	const char *hint = step == REMOTE_LOGIN ? provider_hint(test->account->remote.url, ERROR_EN(error)) : NULL;
	struct buf line = BUF_INIT(1024);

	if (hint == NULL)
		hint = step_hint(step);
	if (test->report != NULL) {
		json_object_set_new(test->report, "failed_step", json_string(step_names[step]));
		json_object_set_new(test->report, "error", cli_json_text(error->phrase));
		json_object_set_new(test->report, "hint", json_string(hint));
		return CLI_FAILED;
	}
	/* TRANSLATORS: what a step of a test says that did not succeed */
	buf_printf(&line, _("failed: %s"), ERROR_SAID(error));
	show_step(test, step, buf_text(&line));
	buf_clear(&line);
	return cli_fail(CLI_FAILED, "%s", hint);
}

/* The user, the way, and what was refused before it. */
static void show_login(const struct test *test, const struct remote_report *report)
{
	struct buf text = BUF_INIT(1024);

	buf_append_text(&text, test->account->remote.user);
	if (report->way != AUTH_AUTO && report->refused != AUTH_AUTO)
		/* TRANSLATORS: a user, the way to log in, and the one that the server refused */
		buf_printf(&text, _(" (auth = %s; %s was refused)"), login_name(report->way), login_name(report->refused));
	else if (report->way != AUTH_AUTO)
		buf_printf(&text, " (auth = %s)", login_name(report->way));
	show_step(test, REMOTE_LOGIN, buf_text(&text));
	buf_clear(&text);
}

static void show_steps(const struct test *test, const struct remote_report *report)
{
	if (report->step > REMOTE_NAME && report->address[0] != '\0')
		show_step(test, REMOTE_NAME, report->address);
	if (report->step > REMOTE_CONNECT)
		show_step(test, REMOTE_CONNECT, _("good"));
	if (report->step > REMOTE_LOGIN) {
		show_step(test, REMOTE_TLS, report->tls[0] != '\0' ? report->tls : _("none: everything goes in the clear"));
		show_login(test, report);
	}
}

static int look_inside(struct talk *talk, const struct test *test)
{
	bool is_imap = slice_begins_nocase(slice_of(test->account->remote.url), "imap");
	struct buf can = BUF_INIT(16384);
	unsigned long long count = 0;
	char text[64];
	struct error error;
	int result = is_imap ? ask_imap(talk, &can, &count, &error) : ask_pop3(talk, &can, &count, &error);

	if (result != 0) {
		buf_clear(&can);
		return failed(test, REMOTE_READY, &error);
	}
	show(test, "capabilities", _("server can"), can.len > 0 ? buf_text(&can) : _("it does not say"));
	snprintf(text, sizeof(text), _("messages: %llu"), count);
	show_step(test, REMOTE_READY, text);
	if (test->report != NULL)
		json_object_set_new(test->report, "messages", json_integer((json_int_t)count));
	buf_clear(&can);
	return CLI_DONE;
}

int account_test(const struct conf *conf, const struct conf_account *account, json_t *json)
{
	const struct test test = {account, json};
	struct remote_report report = {.step = REMOTE_LOGIN};
	const struct remote_options options = {
	    .remote = &account->remote,
	    .hostname = conf->gateway.hostname,
	    .proxy = conf->line.proxy,
	    .timeout = account->timeout,
	    .report = &report,
	};
	struct talk *talk = xcalloc(1, sizeof(*talk));
	struct error error;
	int result;

	if (json == NULL)
		printf("%s: %s\n", account->name, account->remote.url);
	line_reader_init(&talk->lines, LINE_MAX_BYTES / 4); /* escaped it may be four times as long */
	result = remote_open(&talk->remote, &options, &error);
	show_steps(&test, &report);
	result = result == 0 ? look_inside(talk, &test) : failed(&test, report.step, &error);
	remote_close(talk->remote);
	line_reader_clear(&talk->lines);
	free(talk);
	return result;
}

static int test_as_json(const struct conf *conf, const struct conf_account *account)
{
	json_t *report = json_pack("{s:s, s:s, s:[]}", "name", account->name, "url", account->remote.url, "steps");
	int result = account_test(conf, account, report);

	json_object_set_new(report, "ok", json_boolean(result == CLI_DONE));
	cli_print_json(report);
	return result;
}

int cmd_account_test(struct cli *cli)
{
	struct conf *conf = cli_conf(cli);
	const struct conf_account *account;
	int result;

	if (conf == NULL)
		return CLI_FAILED;
	str_lower_ascii(cli->words[0]);
	account = conf_find_account(conf, cli->words[0]);
	if (account == NULL)
		result = cli_no_account(conf, cli->words[0]);
	else
		result = cli->json ? test_as_json(conf, account) : account_test(conf, account, NULL);
	conf_free(conf);
	return result;
}
