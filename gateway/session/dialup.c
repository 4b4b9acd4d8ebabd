#include "gateway/session/dialup.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/net/net.h"
#include "upstream/remote.h"
#include "spool/layout.h"
#include "config/endpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define OUTPUT_MAX 2048
#define SAID_MAX 400 /* of the output, in a report */
#define ROUTE_STEP_MS 250
#define MARK_MAX 256

/* --- the file that marks that the line may be up */

/* session: the id of the session that connects; NULL: disconnected. The name of the line follows, if it has one. */
static void mark(const struct conf *conf, const struct msgid *session)
{
	char *path = layout_line_up(SPOOL_OF(conf)), *text = NULL;
	const char *way = conf->line.way;
	struct error error;

	if (session != NULL)
		text = way == NULL ? xstrdup(session->text) : xasprintf("%s %s", session->text, way);
	if ((session != NULL ? fsx_replace(path, slice_of(text), 0600, &error) : fsx_unlink(path, &error)) != 0)
		log_warnx("event=line-not-marked reason=%s", LOG_ERROR(&error));
	free(text);
	free(path);
}

bool dialup_was_left_up(const struct conf *conf)
{
	char *path = layout_line_up(SPOOL_OF(conf));
	bool left = access(path, F_OK) == 0;

	free(path);
	return left;
}

void dialup_take_over(struct conf *conf, struct msgid *session)
{
	char *path = layout_line_up(SPOOL_OF(conf)), *text = NULL, *name;
	const struct conf_way *way;
	struct slice rest, ident;
	struct error error;
	size_t len = 0;

	*session = msgid_new();
	if (fsx_read(path, MARK_MAX, &text, &len, &error) != 0)
		len = 0;
	rest = slice_make(text, len);
	ident = slice_cut(&rest, ' ');
	if (msgid_is(ident))
		snprintf(session->text, sizeof(session->text), "%.*s", SLICE_PRINT(ident));
	name = slice_dup(rest);
	way = conf_find_way(conf, name);
	if (way != NULL)
		conf_way_use(conf, way);
	else if (name[0] != '\0')
		log_warnx("event=line-unknown line=%s", LOG_CSTR(name)); /* removed from the configuration since */
	free(name);
	free(text);
	free(path);
}

/* --- the commands */

/* Of a line with a name, its name comes first. */
static void name_line(const struct conf *conf, struct dialup_outcome *outcome)
{
	char text[PHRASE_MAX];

	if (conf->line.way == NULL)
		return;
	snprintf(text, sizeof(text), "%s", outcome->text);
	phrase_set(outcome->text, sizeof(outcome->text), "%s: %s", conf->line.way, text);
}

/* failure: why it could not be run to its end; else NULL. */
static void describe(struct dialup_outcome *outcome, const struct error *failure, int status, struct slice printed)
{
	const char *how = failure != NULL ? failure->phrase : PHRASE(N_("exit code %d"), status);

	if (printed.len == 0)
		snprintf(outcome->text, sizeof(outcome->text), "%s", how);
	else
		phrase_set(outcome->text, sizeof(outcome->text), "%s: %.*s", how, SLICE_PRINT(printed));
}

static int run(const struct conf *conf, struct secrets *secrets, bool is_down, const atomic_bool *cancel,
    struct dialup_outcome *outcome, struct error *error)
{
	const char *what = is_down ? "disconnect_command" : "connect_command";
	struct buf output = BUF_INIT(OUTPUT_MAX);
	struct slice printed;
	char said[SAID_MAX];
	int status = 0;
	int result = secrets != NULL ? secrets_run_dialup(secrets, is_down, cancel, &output, &status, error)
				     : secrets_dialup_command(conf, is_down, cancel, &output, &status, error);

	printed = slice_trim(buf_slice(&output));
	str_printable(said, sizeof(said), printed);
	if (result != 0)
		error_context(error, "%s", what);
	else if (status != 0)
		result = printed.len == 0
			     ? error_set(error, ERROR_TEMPORARY, N_("%s ended with exit code %d"), what, status)
			     : error_set(error, ERROR_TEMPORARY, N_("%s ended with exit code %d: %s"), what, status, said);
	log_info("event=line line=%s command=%s status=%d output=%s", LOG_CSTR(conf->line.way == NULL ? "" : conf->line.way), what, status,
	    LOG_TEXT(printed));
	outcome->command = what;
	describe(outcome, result != 0 && status == 0 ? error : NULL, status, printed);
	name_line(conf, outcome);
	buf_clear(&output);
	return result;
}

/* --- the route */

/* The first server that will be contacted; "" if there is none. */
static const char *first_url(const struct conf *conf)
{
	if (conf->line.proxy[0] != '\0')
		return conf->line.proxy;
	for (size_t i = 0; i < conf->account_count; i++)
		if (conf->accounts[i].enabled)
			return conf->accounts[i].remote.url;
	return conf->smarthost_count > 0 ? conf->smarthosts[0].remote.url : "";
}

/* "socks5h://me:secret@host:1080" -> "host:1080"; new memory. */
static char *host_and_port(const char *url)
{
	return slice_dup(endpoint_of(url).place);
}

/* As net_route(). */
static enum net_reach await_route(const char *host, int64_t seconds, const atomic_bool *cancel, struct error *error)
{
	const struct timespec step = {.tv_nsec = ROUTE_STEP_MS * 1000000L};
	int64_t deadline = clock_now_ms() + seconds * 1000;
	enum net_reach result;

	while ((result = net_route(host, error)) != NET_HAS_ROUTE) {
		if (atomic_load(cancel)) {
			error_set(error, ERROR_CANCELLED, N_("the command was stopped"));
			return NET_HAS_NO_ROUTE;
		}
		if (clock_left_ms(deadline) == 0)
			break;
		nanosleep(&step, NULL);
	}
	return result;
}

/* A name that cannot be resolved until the end does not stop the session: only this name may be
 * wrong. */
static int wait_for_route(const struct conf *conf, const atomic_bool *cancel, struct error *error)
{
	int64_t seconds = conf->line.route_timeout;
	char *host = host_and_port(first_url(conf));
	enum net_reach result = NET_HAS_ROUTE;

	if (seconds > 0 && host[0] != '\0')
		result = await_route(host, seconds, cancel, error);
	if (result == NET_HAS_NO_ROUTE && error->class != ERROR_CANCELLED)
		error_context(error, conf->line.connect_command[0] == '\0' ? N_("there is no route to the servers")
									       : N_("connect_command succeeded, but there is no route to the servers"));
	if (result == NET_UNKNOWN_NAME)
		log_info("event=line-no-name host=%s", LOG_CSTR(host));
	free(host);
	return result == NET_HAS_NO_ROUTE ? -1 : 0;
}

/* --- both */

/* Where the outcome of the next command goes: the last place, when there are too many. */
static struct dialup_outcome *add_outcome(struct dialup_outcomes *outcomes)
{
	struct dialup_outcome *outcome;

	if (outcomes->count == DIALUP_OUTCOMES_MAX)
		outcomes->count--;
	outcome = &outcomes->items[outcomes->count++];
	outcome->command = NULL;
	return outcome;
}

static int connect_line(const struct conf *conf, struct secrets *secrets, const struct msgid *session, const atomic_bool *cancel,
    struct dialup_outcomes *outcomes, struct error *error)
{
	bool has_command = conf->line.connect_command[0] != '\0';

	if (!has_command && conf->line.way == NULL)
		return 0;
	mark(conf, session); /* one of several lines without a command, too: scanners with needs_line go by it */
	if (has_command && run(conf, secrets, false, cancel, add_outcome(outcomes), error) != 0)
		return -1;
	return wait_for_route(conf, cancel, error);
}

/* Before the next line is tried: two lines at once would leave it open which of them is used, and paid for. */
static void give_up(const struct conf *conf, struct secrets *secrets, struct dialup_outcomes *outcomes, const struct error *why)
{
	struct error error;

	log_warnx("event=line-not-up line=%s reason=%s", LOG_CSTR(conf->line.way), LOG_ERROR(why));
	if (dialup_disconnect(conf, secrets, add_outcome(outcomes), &error) != 0)
		log_warnx("event=line-down-failed reason=%s", LOG_ERROR(&error));
}

int dialup_connect(struct conf *conf, struct secrets *secrets, const struct msgid *session, const atomic_bool *cancel,
    struct dialup_outcomes *outcomes, struct error *error)
{
	const struct conf_way *way = conf_way_next(conf, NULL, clock_wall()), *next;

	outcomes->count = 0;
	if (conf->way_count == 0)
		return connect_line(conf, secrets, session, cancel, outcomes, error);
	if (way == NULL)
		return error_set(error, ERROR_TEMPORARY, N_("no line may be used at this hour: see hours of the sections [line NAME]"));
	for (;; way = next) {
		conf_way_use(conf, way);
		if (connect_line(conf, secrets, session, cancel, outcomes, error) == 0)
			return 0;
		error_context(error, N_("line %s"), way->name);
		next = conf_way_next(conf, way, clock_wall());
		if (next == NULL || error->class == ERROR_CANCELLED)
			return -1; /* the session disconnects it */
		give_up(conf, secrets, outcomes, error);
	}
}

int dialup_disconnect(const struct conf *conf, struct secrets *secrets, struct dialup_outcome *outcome, struct error *error)
{
	int result = 0;

	outcome->command = NULL;
	if (conf->line.disconnect_command[0] != '\0')
		result = run(conf, secrets, true, NULL, outcome, error);
	if (dialup_was_left_up(conf))
		mark(conf, NULL);
	return result;
}

void dialup_journal(struct intake *intake, const struct msgid *session, const struct dialup_outcome *outcome)
{
	if (outcome->command != NULL)
		intake_journal(intake, session->text, session->text, EVENT_LINE, outcome->command, outcome->text);
}

void dialup_journal_connect(struct intake *intake, const struct msgid *session, const struct dialup_outcomes *outcomes, const char *used)
{
	for (size_t i = 0; i < outcomes->count; i++)
		dialup_journal(intake, session, &outcomes->items[i]);
	if (used != NULL)
		intake_journal(intake, session->text, session->text, EVENT_LINE, "", PHRASE(N_("line %s is used"), used));
}
