/*
 * The supervisor's part in logins: it keeps the process that holds the verifiers running, and tells it who may log in.
 *
 * Both ends of the socket between that process and the LAN server are made once and held open here. So either of the two can
 * be started anew without the other: what was asked meanwhile waits in the socket.
 */
#include "gateway/supervisor/supervisor_priv.h"

#include "base/fsx.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/rand.h"
#include "gateway/services/auth_process.h"
#include "gateway/services/auth_view_child.h"
#include "gateway/report/crash_report.h"
#include "spool/layout.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOAD_MS 10000

int64_t supervisor_restart_delay(unsigned *crashes, bool was_healthy)
{
	int64_t delay;

	if (was_healthy)
		*crashes = 0;
	delay = *crashes == 0 ? 0 : 500 << (*crashes & 15);
	if (*crashes < 15)
		++*crashes;
	return delay < RESTART_MAX_MS ? delay : RESTART_MAX_MS;
}

/* The key of the salts that strangers are shown outlives the gateway, or a restart would tell strangers from users. */
static void read_salt_key(const char *spool, char key[AUTH_SALT_KEY_LEN])
{
	char *path = layout_login_key(spool), *bytes = NULL;
	struct error error;
	size_t len = 0;

	if (fsx_read(path, AUTH_SALT_KEY_LEN, &bytes, &len, &error) == 0 && len == AUTH_SALT_KEY_LEN) {
		memcpy(key, bytes, len);
	} else {
		rand_bytes(key, AUTH_SALT_KEY_LEN);
		if (fsx_replace(path, slice_make(key, AUTH_SALT_KEY_LEN), 0600, &error) != 0)
			log_warnx("event=login-key-not-kept reason=%s", LOG_ERROR(&error));
	}
	free(bytes);
	free(path);
}

int auth_open(struct supervisor *supervisor, struct error *error)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, supervisor->auth_fds) != 0)
		return error_errno(error, N_("cannot make a socket pair"));
	child_close_in_children(supervisor->auth_fds[AUTH_FD_LAN]);
	child_close_in_children(supervisor->auth_fds[AUTH_FD_OWN]);
	read_salt_key(supervisor->conf->gateway.spool, supervisor->salt_key);
	return 0;
}

static int wait_for_answer(struct supervisor *supervisor, struct error *error)
{
	json_t *object;
	const char *event;
	int result = -1;

	if (ctl_read(&supervisor->auth.reader, &object, clock_now_ms() + LOAD_MS, error) != CTL_OBJECT)
		return error_set(error, ERROR_TEMPORARY, N_("the %s process does not answer"), "auth");
	event = json_string_value(json_object_get(object, "event"));
	supervisor->auth_has_tls = json_is_true(json_object_get(object, "tls"));
	if (event != NULL && strcmp(event, "loaded") == 0)
		result = 0;
	else
		error_set(error, ERROR_PERMANENT, N_("the %s process does not answer"), "auth");
	json_decref(object);
	return result;
}

int auth_load(struct supervisor *supervisor, const struct conf *conf, struct error *error)
{
	int fd, result;

	if (supervisor->auth.pid == 0) /* it gets the newest when it starts */
		return 0;
	fd = auth_view_make(conf, supervisor->salt_key, error);
	if (fd < 0)
		return -1;
	result = auth_process_send(supervisor->auth.fd, fd, error);
	close(fd);
	return result != 0 ? -1 : wait_for_answer(supervisor, error);
}

void auth_start(struct supervisor *supervisor)
{
	struct auth_job job = {supervisor->auth_fds[AUTH_FD_OWN], supervisor->conf};
	struct error error;
	int result;

	supervisor->auth_restart_at = 0;
	child_closed(job.fd);
	result = child_start(&supervisor->auth, "auth", auth_process_run, &job, &error);
	child_close_in_children(job.fd);
	if (result == 0)
		result = auth_load(supervisor, supervisor->conf, &error);
	if (result == 0)
		return;
	log_warnx("event=auth-not-started reason=%s", LOG_ERROR(&error));
	if (supervisor->auth.pid != 0)
		kill(supervisor->auth.pid, SIGKILL); /* its end brings the next try */
	else
		supervisor->auth_restart_at = clock_now_ms() + RESTART_MAX_MS;
}

void auth_ended(struct supervisor *supervisor, int status)
{
	bool was_healthy = clock_now_ms() - supervisor->auth.started > HEALTHY_MS;
	int64_t delay;

	child_gone(&supervisor->auth);
	if (supervisor->stopping)
		return;
	crash_report(supervisor->conf, "auth", status, NULL);
	delay = supervisor_restart_delay(&supervisor->auth_crashes, was_healthy);
	log_warnx("event=auth-ended status=%d restart_in_ms=%lld", status, (long long)delay);
	supervisor->auth_reported = true;
	supervisor->auth_restart_at = clock_now_ms() + delay;
	if (delay == 0)
		auth_start(supervisor);
}

void auth_look(struct supervisor *supervisor, int64_t now)
{
	if (supervisor->auth_restart_at != 0 && now >= supervisor->auth_restart_at)
		auth_start(supervisor);
	if (supervisor->auth_reported && supervisor->auth.pid != 0 && now - supervisor->auth.started > HEALTHY_MS) {
		crash_recovered(supervisor->conf, "auth");
		supervisor->auth_reported = false;
	}
}

void auth_stop(struct supervisor *supervisor)
{
	if (supervisor->auth.pid != 0) {
		kill(supervisor->auth.pid, SIGKILL);
		waitpid(supervisor->auth.pid, NULL, 0);
	}
	child_gone(&supervisor->auth);
	close(supervisor->auth_fds[AUTH_FD_LAN]);
	close(supervisor->auth_fds[AUTH_FD_OWN]);
	explicit_bzero(supervisor->salt_key, sizeof(supervisor->salt_key));
}
