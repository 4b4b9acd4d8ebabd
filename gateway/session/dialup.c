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

/* --- the file that marks that the line may be up */

/* session: the id of the session that connects; NULL: disconnected. */
static void mark(const struct conf *conf, const struct msgid *session)
{
	char *path = layout_line_up(SPOOL_OF(conf));
	struct error error;

	if ((session != NULL ? fsx_replace(path, slice_of(session->text), 0600, &error) : fsx_unlink(path, &error)) != 0)
		log_warnx("event=line-not-marked reason=%s", LOG_ERROR(&error));
	free(path);
}

static struct msgid read_mark(const char *path)
{
	struct msgid session = msgid_new();
	struct error error;
	char *text = NULL;
	size_t len = 0;

	if (fsx_read(path, MSGID_LEN, &text, &len, &error) == 0 && msgid_is(slice_make(text, len)))
		snprintf(session.text, sizeof(session.text), "%.*s", (int)len, text);
	free(text);
	return session;
}

bool dialup_was_left_up(const struct conf *conf, struct msgid *session)
{
	char *path = layout_line_up(SPOOL_OF(conf));
	bool left = access(path, F_OK) == 0;

	if (left && session != NULL)
		*session = read_mark(path);
	free(path);
	return left;
}

/* --- the commands */

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
	log_info("event=line command=%s status=%d output=%s", what, status, LOG_TEXT(printed));
	outcome->command = what;
	describe(outcome, result != 0 && status == 0 ? error : NULL, status, printed);
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
		error_context(error, N_("connect_command succeeded, but there is no route to the servers"));
	if (result == NET_UNKNOWN_NAME)
		log_info("event=line-no-name host=%s", LOG_CSTR(host));
	free(host);
	return result == NET_HAS_NO_ROUTE ? -1 : 0;
}

/* --- both */

int dialup_connect(const struct conf *conf, struct secrets *secrets, const struct msgid *session, const atomic_bool *cancel,
    struct dialup_outcome *outcome, struct error *error)
{
	outcome->command = NULL;
	if (conf->line.connect_command[0] == '\0')
		return 0;
	mark(conf, session);
	if (run(conf, secrets, false, cancel, outcome, error) != 0)
		return -1;
	return wait_for_route(conf, cancel, error);
}

int dialup_disconnect(const struct conf *conf, struct secrets *secrets, struct dialup_outcome *outcome, struct error *error)
{
	int result = 0;

	outcome->command = NULL;
	if (conf->line.disconnect_command[0] != '\0')
		result = run(conf, secrets, true, NULL, outcome, error);
	if (dialup_was_left_up(conf, NULL))
		mark(conf, NULL);
	return result;
}

void dialup_journal(struct intake *intake, const struct msgid *session, const struct dialup_outcome *outcome)
{
	if (outcome->command != NULL)
		intake_journal(intake, session->text, session->text, EVENT_LINE, outcome->command, outcome->text);
}
