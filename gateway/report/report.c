#include "gateway/report/report.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "message/decode.h"
#include "message/header.h"
#include "mail/route.h"
#include "spool/state/state_problems.h"

#include <stdio.h>

static void add_lines(struct slice text, struct buf *out)
{
	while (text.len > 0) {
		buf_append_slice(out, slice_cut(&text, '\n'));
		buf_append_text(out, "\r\n");
	}
}

static void add_part(const char *type, struct slice text, struct buf *out)
{
	buf_printf(out, "Content-Type: %s; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n", type);
	add_lines(text, out);
}

/* Mail programs show an answer under its question by these (RFC 5322 section 3.6.4); programs that answer mail must not
 * answer this (RFC 3834 section 3.1.8). */
static void add_kind(const struct report *report, struct buf *out)
{
	const char *id = report->answers;

	if (id != NULL && header_is_message_id(slice_of(id)))
		buf_printf(out, "In-Reply-To: %s\r\nReferences: %s\r\n", id, id);
	buf_printf(out, "Auto-Submitted: %s\r\nPrecedence: bulk\r\nMIME-Version: 1.0\r\n",
	    report->answers != NULL ? "auto-replied" : "auto-generated");
}

/* The id is the boundary, too: it is nowhere else. */
static void write_message(const struct conf *conf, const struct msgid *id, const struct report *report, struct buf *out)
{
	const struct conf_gateway *gateway = &conf->gateway;
	struct buf encoded = BUF_INIT(4096);
	char date[64];

	encode_text(slice_of(report->subject), &encoded);
	buf_printf(out, "From: lanpost <%s@%s>\r\nTo: <%s", CONF_POSTMASTER, gateway->local_domain, report->to);
	if (strchr(report->to, '@') == NULL) /* an answer to a bare name goes nowhere from most mail programs */
		buf_printf(out, "@%s", gateway->local_domain);
	buf_append_text(out, ">\r\n");
	buf_printf(out, "Subject: %s\r\nDate: %s\r\nMessage-ID: <%s@%s>\r\n", buf_text(&encoded),
	    clock_rfc5322(date, sizeof(date), clock_wall()), id->text, gateway->hostname);
	add_kind(report, out);
	if (report->html.len == 0) {
		add_part("text/plain", report->text, out);
	} else {
		buf_printf(out, "Content-Type: multipart/alternative; boundary=\"%s\"\r\n\r\n--%s\r\n", id->text, id->text);
		add_part("text/plain", report->text, out);
		buf_printf(out, "\r\n--%s\r\n", id->text);
		add_part("text/html", report->html, out);
		buf_printf(out, "\r\n--%s--\r\n", id->text);
	}
	buf_clear(&encoded);
}

int report_send(const struct conf *conf, struct intake *intake, const struct report *report, const struct fact *facts,
    size_t fact_count, struct error *error)
{
	struct buf message = BUF_INIT(2 * REPORT_TEXT_MAX);
	struct envelope envelope;
	struct addr addr;
	int result;

	envelope_init(&envelope);
	envelope_set(&envelope.origin, SLICE_LITERAL("gateway"));
	envelope_set(&envelope.session, slice_of(report->session));
	strlist_add(&envelope.recipients, report->to);
	if (!addr_parse(slice_of(report->to), &addr) ||
	    route_add(conf, &envelope, &addr, slice_of(PHRASE(N_("report")))) == ROUTE_UNKNOWN ||
	    envelope.place_count == 0)
		route_add_mailbox(conf, &envelope, CONF_POSTMASTER, slice_of(PHRASE(N_("report"))));
	write_message(conf, &envelope.id, report, &message);
	result = intake_accept_text(intake, &envelope, buf_slice(&message), facts, fact_count, error);
	buf_clear(&message);
	return result;
}

static void tell_postmaster(const struct conf *conf, struct intake *intake, const char *session,
    const char *subject, struct buf *text)
{
	const struct report report = {.to = CONF_POSTMASTER, .subject = subject, .text = buf_slice(text), .session = session};
	struct error error;

	if (report_send(conf, intake, &report, NULL, 0, &error) != 0)
		log_warnx("event=report-failed subject=%s reason=%s", LOG_CSTR(subject),
		    LOG_ERROR(&error));
}

/* What people should do about each kind of failure. */
static const char *advice(enum error_class class)
{
	switch (class) {
	case ERROR_LOGIN:
		return N_("Check the name and the password in the configuration; the provider may "
		    "require an application password.");
	case ERROR_CONFIG:
	case ERROR_PERMANENT:
	case ERROR_PROTOCOL:
		return N_("This needs your action: check the configuration, or ask the provider.");
	default:
		return N_("The next session tries again; no mail is lost.");
	}
}

/* The command by which the admin tries it again, or sees more of it. */
static void add_command(const char *key, struct buf *text)
{
	static const struct {
		const char *key, *command;
	} looks[] = {{"queue", "queue list"}, {"disk", "mailbox list"}, {"line", "session"}};
	static const char *const tested[] = {"account ", "smarthost "};
	const char *look = "status";

	for (size_t i = 0; i < ARRAY_LEN(tested); i++) {
		size_t len = strlen(tested[i]);

		if (strncmp(key, tested[i], len) == 0) {
			buf_printf(text, _("To test it: lanpost %.*s test %s\n"), (int)len - 1, key, key + len);
			return;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(looks); i++)
		if (strcmp(key, looks[i].key) == 0)
			look = looks[i].command;
	buf_printf(text, _("Details: lanpost %s\n"), look);
}

void report_problem(const struct conf *conf, struct intake *intake, struct state *state,
    const char *session, const char *key, const char *what, const struct error *problem, struct slice details)
{
	struct buf text = BUF_INIT(REPORT_TEXT_MAX);
	char class[16], when[64], subject[160];
	const char *before;
	struct error error;
	int64_t now = clock_wall();
	int news;

	snprintf(class, sizeof(class), "%d", (int)problem->class);
	news = state_problem_set(state, key, class, problem->phrase, now, &error);
	if (news < 0)
		log_warnx("event=problem-not-noted reason=%s", LOG_ERROR(&error));
	if (news == 0)
		return;
	before = i18n_speak(route_language(conf, CONF_POSTMASTER));
	/* TRANSLATORS: %s is "account sales", "smarthost default" and the like */
	snprintf(subject, sizeof(subject), _("Problem: %s"), PHRASE_SAID(what));
	buf_printf(&text, _("Since %s there is a problem with %s:\n\n    %s\n\n"),
	    i18n_time(when, sizeof(when), now), PHRASE_SAID(what), ERROR_SAID(problem));
	buf_append_slice(&text, details);
	buf_printf(&text, "%s\n", _(advice(problem->class)));
	add_command(key, &text);
	buf_append_text(&text, _("You will get no further report until this changes.\n"));
	i18n_speak(before);
	tell_postmaster(conf, intake, session, subject, &text);
	buf_clear(&text);
}

void report_recovery(const struct conf *conf, struct intake *intake, struct state *state,
    const char *session, const char *key, const char *what)
{
	struct buf text = BUF_INIT(REPORT_TEXT_MAX);
	char since_text[64], now_text[64], subject[160];
	const char *before;
	struct error error;
	int64_t since;

	if (state_problem_clear(state, key, &since, &error) != 1)
		return;
	before = i18n_speak(route_language(conf, CONF_POSTMASTER));
	snprintf(subject, sizeof(subject), _("Resolved: %s"), PHRASE_SAID(what));
	buf_printf(&text, _("The problem with %s that began at %s was resolved at %s.\n"), PHRASE_SAID(what),
	    i18n_time(since_text, sizeof(since_text), since),
	    i18n_time(now_text, sizeof(now_text), clock_wall()));
	i18n_speak(before);
	tell_postmaster(conf, intake, session, subject, &text);
	buf_clear(&text);
}
