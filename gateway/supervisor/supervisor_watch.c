/* The supervisor's part in watching: on a line that is always up, it keeps the process running that waits for new mail, and starts a session for it. */
#include "gateway/supervisor/supervisor_priv.h"

#include "base/log.h"
#include "gateway/session/line_watch.h"

#include <limits.h>

#define END_MS 2000

static void forget_states(struct supervisor *supervisor)
{
	json_decref(supervisor->watched);
	supervisor->watched = NULL;
}

/* object: of the process; shown by `lanpost status`. */
static void take_state(struct supervisor *supervisor, json_t *object)
{
	const char *name = json_string_value(json_object_get(object, LINE_WATCH_STATE));

	if (name == NULL || conf_find_account(supervisor->conf, name) == NULL)
		return;
	if (supervisor->watched == NULL)
		supervisor->watched = json_object();
	json_object_set(supervisor->watched, name, object);
}

void supervisor_watch_start(struct supervisor *supervisor)
{
	struct error error;

	forget_states(supervisor);
	supervisor->watch_restarts.at = 0;
	if (!line_watch_is_wanted(supervisor->conf) || child_start(&supervisor->watch, "watch", line_watch_run, supervisor->conf, &error) == 0)
		return;
	log_warnx("event=watch-not-started reason=%s", LOG_ERROR(&error));
	supervisor->watch_restarts.at = clock_now_ms() + RESTART_MAX_MS;
}

void supervisor_watch_events(struct supervisor *supervisor, int most)
{
	json_t *object;

	for (int i = 0; i < most && child_take_event(&supervisor->watch, &object); i++) {
		const char *name = json_string_value(json_object_get(object, LINE_WATCH_NEWS));
		struct session_request request = {.fetch = true};

		if (name != NULL && conf_find_account(supervisor->conf, name) != NULL) {
			session_request_add_account(&request, name);
			supervisor_session_want(supervisor, &request);
			session_request_clear(&request);
		}
		take_state(supervisor, object);
		json_decref(object);
	}
}

void supervisor_watch_ended(struct supervisor *supervisor, int status)
{
	const struct crash crash = {.process = "watch", .status = status, .doing = supervisor->watch.doing};
	int64_t delay;

	child_take_no_more(&supervisor->watch);
	supervisor_watch_events(supervisor, INT_MAX);
	delay = supervisor_child_ended(supervisor, &supervisor->watch, &supervisor->watch_restarts, &crash);
	forget_states(supervisor);
	if (delay < 0)
		return;
	log_warnx("event=watch-crashed status=%d restart_in_ms=%lld", status, (long long)delay);
	if (delay == 0)
		supervisor_watch_start(supervisor);
}

void supervisor_watch_look(struct supervisor *supervisor, int64_t now)
{
	if (supervisor->watch_restarts.at != 0 && now >= supervisor->watch_restarts.at)
		supervisor_watch_start(supervisor);
	supervisor_child_look(supervisor, &supervisor->watch, &supervisor->watch_restarts, now);
}

void supervisor_watch_stop(struct supervisor *supervisor)
{
	if (supervisor->watch.pid != 0)
		child_end(&supervisor->watch, END_MS);
	forget_states(supervisor);
}

void supervisor_watch_restart(struct supervisor *supervisor)
{
	supervisor_watch_stop(supervisor);
	supervisor_watch_start(supervisor);
}
