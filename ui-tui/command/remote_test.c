/*
 * Tests the connection to a provider or a smarthost step by step, with advice for the failed step: lanpost account
 * test, smarthost test.
 *
 * It connects as a session does (upstream/remote.h) but fetches and sends nothing and changes nothing on the server.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "message/line_reader.h"
#include "ui-tui/command/cli_json.h"
#include "mail/sign_in.h"
#include "upstream/login.h"
#include "upstream/provider_hint.h"
#include "upstream/remote.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/remote_test.h"
#include "ui-tui/widgets/text_width.h"
#include "ui-tui/widgets/tui_text.h"
#include "config/endpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LINE_MAX_BYTES 8192
#define LINES_MAX 1000
#define ANSWER_MS 60000
#define LABEL_WIDTH 12
#define TEXT_WIDTH (79 - LABEL_WIDTH - 1)

/* --- the commands after the login */

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
		return error_set(error, ERROR_PROTOCOL, N_("STAT: %s"), talk->line);
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
			return error_set(error, ERROR_PROTOCOL, N_("INBOX: %s"), talk->line);
		return say(talk, "T3 LOGOUT\r\n", error);
	}
	return error_set(error, ERROR_PROTOCOL, N_("INBOX: %s"), talk->line);
}

/* --- output */

struct test {
	const char *name;
	const struct conf_remote *remote;
	int64_t timeout;
	const char *sender; /* for a smarthost: the sender of its mail; "": not known. NULL: an account */
	int64_t most;	    /* the largest message that lanpost would send; 0: no limit */
	json_t *report; /* NULL: each step is printed when it is done */
	bool has_secret; /* a password, or a token from the provider of a sign-in */
};

/* step: for programs; label: for people. */
static void show(const struct test *test, const char *step, const char *label, const char *text)
{
	int width = (int)text_width(label);
	struct strlist lines = {0};

	if (test->report != NULL) {
		json_array_append_new(json_object_get(test->report, "steps"),
		    json_pack("{s:s, s:o}", "step", step, "result", cli_json_text(text)));
		return;
	}
	/* Terminals break words; otherwise a step is one line. */
	tui_text_wrap(text, isatty(STDOUT_FILENO) == 1 ? TEXT_WIDTH : SIZE_MAX / 2, &lines);
	for (size_t i = 0; i < lines.count; i++) {
		int used = i == 0 ? width : 0;

		printf("%s%*s %s\n", i == 0 ? label : "", used < LABEL_WIDTH ? LABEL_WIDTH - used : 0, "", lines.items[i]);
	}
	strlist_clear(&lines);
	fflush(stdout);
}

static const char *step_hint(const struct test *test, enum remote_step step)
{
	static const char *const hints[] = {
	    [REMOTE_NAME] = N_("Check the host name in url and the internet connection. Try: getent "
	        "hosts NAME"),
	    [REMOTE_CONNECT] = N_("Check the port in url (995 for pop3s, 993 for imaps), the "
	        "firewalls and [line] proxy."),
	    [REMOTE_TLS] = N_("Check the scheme of url, and tls, ca_file and pin_sha256 of the account."),
	    [REMOTE_LOGIN] = N_("Check user and password. Many providers require a separate "
	        "password for mail programs, and POP3 or IMAP must be enabled in the settings of "
	        "the mailbox."),
	    [REMOTE_READY] = N_("The login works, but the mailbox cannot be read: ask the provider."),
	};
	static const char *const smtp_hints[] = {
	    [REMOTE_NAME] = N_("Check the host name in url and the internet connection. Try: getent "
	        "hosts NAME"),
	    [REMOTE_CONNECT] = N_("Check the port in url (465 for smtps, 587 for smtp) and the "
	        "firewalls. Many internet providers block port 25."),
	    [REMOTE_TLS] = N_("Check the scheme of url, and tls, ca_file and pin_sha256 of the smarthost."),
	    [REMOTE_LOGIN] = N_("Check user, password and auth of the smarthost. Many providers "
	        "require a separate password for mail programs."),
	    [REMOTE_READY] = N_("The server does not accept mail from this sender. Set "
	        "default_sender of the smarthost to an address that belongs to its login."),
	};

	return _(test->sender == NULL ? hints[step] : smtp_hints[step]);
}

static const char *step_name(const struct test *test, enum remote_step step)
{
	static const char *const names[] = {
	    [REMOTE_NAME] = N_("name"),
	    [REMOTE_CONNECT] = N_("connection"),
	    [REMOTE_TLS] = N_("encryption"),
	    [REMOTE_LOGIN] = N_("login"),
	    [REMOTE_READY] = N_("mailbox"),
	};

	/* TRANSLATORS: a step of a test: the sender of the mail */
	return step == REMOTE_READY && test->sender != NULL ? N_("sender") : names[step];
}

static void show_step(const struct test *test, enum remote_step step, const char *text)
{
	show(test, step_name(test, step), _(step_name(test, step)), text);
}

static int failed(const struct test *test, enum remote_step step, const struct error *error)
{
	bool has_token = conf_remote_has_token(test->remote); /* advice about passwords does not help */
	const char *hint = step == REMOTE_LOGIN ? provider_hint(has_token ? "" : test->remote->url, ERROR_EN(error)) : NULL;
	struct buf line = BUF_INIT(1024);

	if (hint == NULL && step == REMOTE_LOGIN && test->remote->oauth2 != OAUTH2_NONE)
		hint = test->has_secret ? _("The sign-in is valid, but the mail server does not take it for this user: check user and oauth2_scope, and that the "
					    "provider allows POP, IMAP or SMTP for this mailbox.")
					: _("A sign-in begins with: lanpost account login NAME, for a smarthost lanpost smarthost login NAME.");
	if (hint == NULL && step == REMOTE_LOGIN && has_token)
		hint = _("Check user, and run oauth2_token_command as the user of the service: it must print a valid access "
			 "token. If the provider no longer accepts the refresh token, sign in again.");
	if (hint == NULL)
		hint = step_hint(test, step);
	if (test->report != NULL) {
		json_object_set_new(test->report, "failed_step", json_string(step_name(test, step)));
		json_object_set_new(test->report, "error", cli_json_text(error->phrase));
		json_object_set_new(test->report, "hint", json_string(hint));
		return CLI_FAILED;
	}
	/* TRANSLATORS: the result of a failed step of a test */
	buf_printf(&line, _("failed: %s"), ERROR_SAID(error));
	show_step(test, step, buf_text(&line));
	buf_clear(&line);
	return cli_fail(CLI_FAILED, "%s", hint);
}

/* The user, the login method, and the one refused before it. */
static void show_login(const struct test *test, const struct remote_report *report)
{
	struct buf text = BUF_INIT(1024);

	buf_append_text(&text, test->remote->user[0] != '\0' ? test->remote->user : _("no login: "
	    "user is empty"));
	if (report->way != AUTH_AUTO && report->refused != AUTH_AUTO)
		/* TRANSLATORS: a user, the login method, and the one that the server refused */
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
		show_step(test, REMOTE_TLS, report->tls[0] != '\0' ? report->tls : _("none: all "
		    "data is sent in clear text"));
		show_login(test, report);
	}
}

static int look_inside(struct talk *talk, const struct test *test)
{
	bool is_imap = endpoint_of(test->remote->url).protocol == ENDPOINT_IMAP;
	struct buf can = BUF_INIT(16384);
	unsigned long long count = 0;
	char text[64];
	struct error error;
	int result = is_imap ? ask_imap(talk, &can, &count, &error) : ask_pop3(talk, &can, &count, &error);

	if (result != 0) {
		buf_clear(&can);
		return failed(test, REMOTE_READY, &error);
	}
	show(test, "capabilities", _("server supports"), can.len > 0 ? buf_text(&can) : _("not announced"));
	snprintf(text, sizeof(text), _("messages: %llu"), count);
	show_step(test, REMOTE_READY, text);
	if (test->report != NULL)
		json_object_set_new(test->report, "messages", json_integer((json_int_t)count));
	buf_clear(&can);
	return CLI_DONE;
}

/* --- a smarthost */

/* Keywords of the reply to EHLO; the first line is a greeting. *size: its SIZE, 0 if there is none. */
static void read_hello(struct slice hello, struct buf *can, uint64_t *size)
{
	char word[256];

	*size = 0;
	for (slice_cut(&hello, '\n'); hello.len > 0;) {
		struct slice line = slice_trim(slice_cut(&hello, '\n'));

		line = slice_from(line, line.len < 4 ? line.len : 4);
		if (slice_begins_nocase(line, "SIZE ") && !slice_number(slice_trim(slice_from(line, 5)), 0, INT64_MAX, size))
			*size = 0;
		add_word(can, str_printable(word, sizeof(word), line));
	}
}

/* Sends MAIL with the sender, then RSET. */
static int ask_sender(struct talk *talk, const char *sender, struct error *error)
{
	char *command = xasprintf("MAIL FROM:<%s>\r\n", sender);
	int result = say(talk, command, error);

	free(command);
	do {
		result = result == 0 ? hear(talk, error) : -1;
	} while (result == 0 && strlen(talk->line) > 3 && talk->line[3] == '-');
	if (result == 0 && talk->line[0] != '2')
		return error_set(error, ERROR_PERMANENT, N_("MAIL FROM:<%s>: %s"), sender, talk->line);
	return result == 0 ? say(talk, "RSET\r\nQUIT\r\n", error) : -1;
}

static void show_size(const struct test *test, uint64_t size)
{
	char text[256];

	if (test->report != NULL)
		json_object_set_new(test->report, "max_size", json_integer((json_int_t)size));
	if (size == 0)
		snprintf(text, sizeof(text), "%s", _("no limit announced"));
	else if (test->most == 0 || (uint64_t)test->most > size)
		snprintf(text, sizeof(text), _("%llu bytes; larger messages bounce. Set "
		    "max_outgoing_size to refuse them at once."),
		    (unsigned long long)size);
	else
		snprintf(text, sizeof(text), _("%llu bytes"), (unsigned long long)size);
	show(test, "size", _("size limit"), text);
}

static int look_at_smarthost(struct talk *talk, const struct test *test)
{
	struct buf can = BUF_INIT(16384);
	struct error error;
	uint64_t size;

	read_hello(remote_hello(talk->remote), &can, &size);
	show(test, "capabilities", _("server supports"), can.len > 0 ? buf_text(&can) : _("not announced"));
	buf_clear(&can);
	show_size(test, size);
	if (test->sender[0] == '\0')
		return say(talk, "QUIT\r\n", &error) == 0 ? CLI_DONE : failed(test, REMOTE_READY, &error);
	if (ask_sender(talk, test->sender, &error) != 0)
		return failed(test, REMOTE_READY, &error);
	show_step(test, REMOTE_READY, test->sender);
	return CLI_DONE;
}

/* --- */

static int get_secret(const struct conf *conf, const struct test *test, const char *proxy, char **secret, struct error *error)
{
	if (test->remote->user[0] == '\0')
		return 0;
	return sign_in_secret(&(struct sign_in){.conf = conf, .remote = test->remote, .proxy = proxy, .is_test = true}, secret, error);
}

static int run(const struct conf *conf, struct test *test)
{
	const struct conf_way *way = conf_way_next(conf, NULL, clock_wall());
	struct remote_report report = {.step = REMOTE_LOGIN};
	struct remote_options options = {
	    .remote = test->remote,
	    .hostname = conf->gateway.hostname,
	    .proxy = way != NULL ? way->proxy : conf->line.proxy,
	    .timeout = test->timeout,
	    .report = &report,
	};
	struct talk *talk = xcalloc(1, sizeof(*talk));
	struct error error;
	char *secret = NULL;
	int result;

	if (test->report == NULL)
		printf("%s: %s\n", test->name, test->remote->url);
	line_reader_init(&talk->lines, LINE_MAX_BYTES / 4); /* escaped it may be four times as long */
	result = get_secret(conf, test, options.proxy, &secret, &error);
	options.secret = secret;
	test->has_secret = result == 0;
	if (result == 0)
		result = remote_open(&talk->remote, &options, &error);
	show_steps(test, &report);
	if (result != 0)
		result = failed(test, report.step, &error);
	else
		result = test->sender == NULL ? look_inside(talk, test) : look_at_smarthost(talk, test);
	remote_close(talk->remote);
	line_reader_clear(&talk->lines);
	conf_secret_free(secret);
	free(talk);
	return result;
}

int remote_test_account(const struct conf *conf, const struct conf_account *account, json_t *report)
{
	struct test test = {.name = account->name, .remote = &account->remote, .timeout = account->timeout, .report = report};

	return run(conf, &test);
}

int remote_test_smarthost(const struct conf *conf, const struct conf_smarthost *smarthost, json_t *report)
{
	struct test test = {
	    .name = smarthost->name,
	    .remote = &smarthost->remote,
	    .sender = smarthost->default_sender,
	    .most = conf->limits.max_outgoing_size,
	    .report = report,
	};

	return run(conf, &test);
}
