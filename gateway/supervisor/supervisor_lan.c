/* The LAN server under the supervisor: started, restarted after a crash, reloaded and stopped. */
#include "gateway/services/lan_child.h"
#include "gateway/supervisor/supervisor_priv.h"

#include "base/log.h"

#include <limits.h>

void supervisor_lan_start(struct supervisor *supervisor)
{
	struct error error;

	supervisor->lan_restarts.at = 0;
	if (!supervisor->auth_has_tls && supervisor_auth_load(supervisor, supervisor->conf, &error) != 0) /* its files may have been
	 * repaired */
		log_warnx("event=auth-not-loaded reason=%s", LOG_ERROR(&error));
	if (lan_child_start(&supervisor->lan, supervisor->lan_program, supervisor->conf, &supervisor->listeners,
		supervisor->auth_fds[AUTH_FD_LAN], supervisor->filter_fds[FILTER_FD_ASK], &error) == 0)
		return;
	log_warnx("event=lan-not-started reason=%s", LOG_ERROR(&error));
	supervisor->lan_restarts.at = clock_now_ms() + RESTART_MAX_MS;
}

void supervisor_lan_events(struct supervisor *supervisor, int most)
{
	json_t *object;

	for (int i = 0; i < most && child_take_event(&supervisor->lan, &object); i++) {
		const char *event = json_string_value(json_object_get(object, "event"));

		if (event != NULL && strcmp(event, "trigger") == 0)
			supervisor_session_by_mail(supervisor);
		else if (event != NULL && strcmp(event, "urgent") == 0)
			supervisor_session_urgent(supervisor);
		else if (event != NULL && strcmp(event, "login") == 0)
			supervisor_session_at_login(supervisor, json_string_value(json_object_get(object, "user")));
		json_decref(object);
	}
}

void supervisor_lan_ended(struct supervisor *supervisor, int status)
{
	const struct crash crash = {.process = "lan", .status = status, .doing = supervisor->lan.doing};
	int64_t delay;

	child_take_no_more(&supervisor->lan);
	supervisor_lan_events(supervisor, INT_MAX);
	delay = supervisor_child_ended(supervisor, &supervisor->lan, &supervisor->lan_restarts, &crash);
	if (delay < 0)
		return;
	log_warnx("event=lan-ended status=%d restart_in_ms=%lld", status, (long long)delay);
	if (delay == 0)
		supervisor_lan_start(supervisor);
}

void supervisor_lan_stop(struct supervisor *supervisor)
{
	if (supervisor->lan.pid == 0)
		return;
	child_end(&supervisor->lan, STOP_MS);
	supervisor->lan_restarts.at = clock_now_ms();
}

void supervisor_lan_take_up(struct supervisor *supervisor)
{
	struct error error;

	if (supervisor->lan.pid == 0 && supervisor->lan_restarts.at <= clock_now_ms())
		supervisor_lan_start(supervisor);
	else if (supervisor->lan.pid != 0 && lan_child_reload(&supervisor->lan, supervisor->conf, &error) != 0)
		log_warnx("event=reload-failed reason=%s", LOG_ERROR(&error));
}
