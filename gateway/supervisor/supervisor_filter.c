/*
 * The supervisor's part in filtering: it keeps the process that asks the scanners running, and reports which of them do not answer.
 *
 * Both ends of the socket between that process and those that ask are created once and kept open here: questions wait in it while the process is
 * started again.
 */
#include "gateway/supervisor/supervisor_priv.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "base/log.h"
#include "gateway/report/scanner_report.h"
#include "gateway/services/filter_process.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define END_MS 2000

int supervisor_filter_open(struct supervisor *supervisor, struct error *error)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, supervisor->filter_fds) != 0)
		return error_errno(error, N_("cannot make a socket pair"));
	child_close_in_children(supervisor->filter_fds[FILTER_FD_ASK]);
	child_close_in_children(supervisor->filter_fds[FILTER_FD_OWN]);
	supervisor->scanners = xcalloc(supervisor->conf->scanner_count + 1, sizeof(*supervisor->scanners));
	return 0;
}

void supervisor_filter_start(struct supervisor *supervisor)
{
	struct filter_job job = {supervisor->filter_fds[FILTER_FD_OWN], supervisor->conf};
	struct error error;
	int result;

	supervisor->filter_restarts.at = 0;
	if (!conf_has_filters(supervisor->conf))
		return;
	child_closed(job.fd);
	result = child_start(&supervisor->filter, "filter", filter_process_run, &job, &error);
	child_close_in_children(job.fd);
	if (result == 0)
		return;
	log_warnx("event=filter-not-started reason=%s", LOG_ERROR(&error));
	supervisor->filter_restarts.at = clock_now_ms() + RESTART_MAX_MS;
}

/* --- the scanners */

static struct scanner_watch *find_watch(struct supervisor *supervisor, const char *name)
{
	for (size_t i = 0; name != NULL && i < supervisor->conf->scanner_count; i++)
		if (strcmp(supervisor->conf->scanners[i].name, name) == 0)
			return &supervisor->scanners[i];
	return NULL;
}

static void take_event(struct supervisor *supervisor, const json_t *object)
{
	const char *name = json_string_value(json_object_get(object, "name")), *error = json_string_value(json_object_get(object, "error"));
	struct scanner_watch *watch = find_watch(supervisor, name);
	bool was_unknown = watch != NULL && !watch->is_known;

	if (watch == NULL)
		return;
	watch->is_reported = watch->is_reported || was_unknown; /* perhaps by an earlier gateway */
	watch->is_known = true;
	watch->is_away = error != NULL;
	watch->since = clock_wall();
	watch->steady = clock_now_ms();
	snprintf(watch->error, sizeof(watch->error), "%s", error == NULL ? "" : error);
	if (watch->is_away && (was_unknown || !watch->is_reported)) {
		watch->is_reported = true;
		scanner_report(supervisor->conf, name, watch->error);
	}
}

void supervisor_filter_events(struct supervisor *supervisor, int most)
{
	json_t *object;

	for (int i = 0; i < most && child_take_event(&supervisor->filter, &object); i++) {
		take_event(supervisor, object);
		json_decref(object);
	}
}

/* A scanner that comes and goes is reported once: it is well again when it has answered for a while. */
static void look_at_scanners(struct supervisor *supervisor, int64_t now)
{
	for (size_t i = 0; i < supervisor->conf->scanner_count; i++) {
		struct scanner_watch *watch = &supervisor->scanners[i];

		if (!watch->is_reported || watch->is_away || now - watch->steady < HEALTHY_MS)
			continue;
		watch->is_reported = false;
		scanner_report(supervisor->conf, supervisor->conf->scanners[i].name, NULL);
	}
}

/* --- the process */

void supervisor_filter_ended(struct supervisor *supervisor, int status)
{
	const struct crash crash = {.process = "filter", .status = status, .doing = supervisor->filter.doing};
	int64_t delay;

	child_take_no_more(&supervisor->filter);
	supervisor_filter_events(supervisor, INT_MAX);
	delay = supervisor_child_ended(supervisor, &supervisor->filter, &supervisor->filter_restarts, &crash);
	if (delay < 0)
		return;
	log_warnx("event=filter-ended status=%d restart_in_ms=%lld", status, (long long)delay);
	if (delay == 0)
		supervisor_filter_start(supervisor);
}

void supervisor_filter_look(struct supervisor *supervisor, int64_t now)
{
	if (supervisor->filter_restarts.at != 0 && now >= supervisor->filter_restarts.at)
		supervisor_filter_start(supervisor);
	look_at_scanners(supervisor, now);
	supervisor_child_look(supervisor, &supervisor->filter, &supervisor->filter_restarts, now);
}

/* Those that wait for an answer ask the new process. */
void supervisor_filter_restart(struct supervisor *supervisor)
{
	if (supervisor->filter.pid != 0)
		child_end(&supervisor->filter, END_MS);
	free(supervisor->scanners);
	supervisor->scanners = xcalloc(supervisor->conf->scanner_count + 1, sizeof(*supervisor->scanners));
	supervisor_filter_start(supervisor);
}

void supervisor_filter_stop(struct supervisor *supervisor)
{
	if (supervisor->filter.pid != 0)
		child_end(&supervisor->filter, 0);
	free(supervisor->scanners);
	close(supervisor->filter_fds[FILTER_FD_ASK]);
	close(supervisor->filter_fds[FILTER_FD_OWN]);
}
