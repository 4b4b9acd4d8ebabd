#include "gateway/report/report.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "message/compose.h"
#include "mail/route.h"

#include <stdio.h>

static int write_message(const struct conf *conf, const struct msgid *id, const struct report *report, const struct addr *to,
    struct buf *out, struct error *error)
{
	struct addr postmaster = route_own_address(conf, CONF_POSTMASTER);

	return compose_message(
	    &(struct compose){
		.kind = report->answers != NULL ? COMPOSE_ANSWER : COMPOSE_REPORT,
		.from_name = "lanpost",
		.from = &postmaster,
		.to = to,
		.reply_to = report->reply_to,
		.subject = slice_of(report->subject),
		.date = clock_wall(),
		.id = id,
		.host = conf->gateway.hostname,
		.answers = report->answers != NULL ? slice_of(report->answers) : SLICE_NONE,
		.parts = {{COMPOSE_TEXT, report->text}, {COMPOSE_HTML, report->html}},
		.part_count = report->html.len > 0 ? 2 : 1,
	    },
	    out, error);
}

int report_send(const struct reporter *reporter, const struct report *report, const struct fact *facts, size_t fact_count,
    struct error *error)
{
	const struct conf *conf = reporter->conf;
	struct buf message = BUF_INIT(8 * REPORT_TEXT_MAX); /* line ends make text and HTML larger */
	struct envelope envelope;
	struct addr addr;
	int result;

	envelope_init(&envelope);
	origin_set_gateway(&envelope.origin);
	envelope_set(&envelope.session, slice_of(reporter->session));
	strlist_add(&envelope.recipients, report->to);
	if (!addr_parse(slice_of(report->to), &addr))
		addr = route_own_address(conf, CONF_POSTMASTER);
	if (route_add(conf, &envelope, &addr, slice_of(PHRASE(N_("report")))) == ROUTE_UNKNOWN ||
	    envelope.place_count == 0)
		route_add_mailbox(conf, &envelope, CONF_POSTMASTER, slice_of(PHRASE(N_("report"))));
	route_qualify(conf, &addr); /* most mail programs cannot send to a bare name */
	result = write_message(conf, &envelope.id, report, &addr, &message, error);
	if (result == 0)
		result = intake_accept_text(reporter->spool->intake, &envelope, buf_slice(&message), facts, fact_count, error);
	envelope_clear(&envelope);
	buf_clear(&message);
	return result;
}

static void tell_postmaster(const struct reporter *reporter, const char *subject, struct buf *text)
{
	const struct report report = {.to = CONF_POSTMASTER, .subject = subject, .text = buf_slice(text)};
	struct error error;

	if (report_send(reporter, &report, NULL, 0, &error) != 0)
		log_warnx("event=report-failed subject=%s reason=%s", LOG_CSTR(subject),
		    LOG_ERROR(&error));
}

/* Advice for each kind of failure. */
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

/* The command to retry it, or to see details. */
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

void report_problem(const struct reporter *reporter, const char *key, const char *what, const struct error *problem, struct slice details)
{
	struct buf text = BUF_INIT(REPORT_TEXT_MAX);
	char class[16], when[64], subject[160];
	const char *before;
	struct error error;
	int64_t now = clock_wall();
	int news;

	snprintf(class, sizeof(class), "%d", (int)problem->class);
	news = state_problem_set(reporter->spool->state, key, class, problem->phrase, now, &error);
	if (news < 0)
		log_warnx("event=problem-not-noted reason=%s", LOG_ERROR(&error));
	if (news == 0)
		return;
	before = i18n_speak(route_language(reporter->conf, CONF_POSTMASTER));
	/* TRANSLATORS: %s is "account sales", "smarthost default" or similar */
	snprintf(subject, sizeof(subject), _("Problem: %s"), PHRASE_SAID(what));
	buf_printf(&text, _("Since %s there is a problem with %s:\n\n    %s\n\n"),
	    i18n_time(when, sizeof(when), now), PHRASE_SAID(what), ERROR_SAID(problem));
	buf_append_slice(&text, details);
	buf_printf(&text, "%s\n", _(advice(problem->class)));
	add_command(key, &text);
	buf_append_text(&text, _("You will get no further report until this changes.\n"));
	i18n_speak(before);
	tell_postmaster(reporter, subject, &text);
	buf_clear(&text);
}

void report_recovery(const struct reporter *reporter, const char *key, const char *what)
{
	struct buf text = BUF_INIT(REPORT_TEXT_MAX);
	char since_text[64], now_text[64], subject[160];
	const char *before;
	struct error error;
	int64_t since;

	if (state_problem_clear(reporter->spool->state, key, &since, &error) != 1)
		return;
	before = i18n_speak(route_language(reporter->conf, CONF_POSTMASTER));
	snprintf(subject, sizeof(subject), _("Resolved: %s"), PHRASE_SAID(what));
	buf_printf(&text, _("The problem with %s that began at %s was resolved at %s.\n"), PHRASE_SAID(what),
	    i18n_time(since_text, sizeof(since_text), since),
	    i18n_time(now_text, sizeof(now_text), clock_wall()));
	i18n_speak(before);
	tell_postmaster(reporter, subject, &text);
	buf_clear(&text);
}
