/*
 * The supervisor's part in logins: it keeps the process with the verifiers running, and sends it the users.
 *
 * Both ends of the socket between that process and the LAN server are created once and kept open here. So each of the two
 * can be restarted without the other: questions meanwhile wait in the socket.
 */
#include "gateway/supervisor/supervisor_priv.h"

#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/rand.h"
#include "gateway/services/auth_process.h"
#include "gateway/services/auth_config_child.h"
#include "spool/layout.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOAD_MS 10000

/* The key for the salts of unknown names is persistent; otherwise a restart would reveal which names are unknown. */
static void read_salt_key(const struct spool *spool, char key[AUTH_SALT_KEY_LEN])
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

int supervisor_auth_open(struct supervisor *supervisor, struct error *error)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, supervisor->auth_fds) != 0)
		return error_errno(error, N_("cannot make a socket pair"));
	child_close_in_children(supervisor->auth_fds[AUTH_FD_LAN]);
	child_close_in_children(supervisor->auth_fds[AUTH_FD_OWN]);
	read_salt_key(SPOOL_OF(supervisor->conf), supervisor->salt_key);
	login_notes_open(&supervisor->login_notes, SPOOL_OF(supervisor->conf));
	return 0;
}

static bool is_event(const json_t *object, const char *name)
{
	const char *event = json_string_value(json_object_get(object, "event"));

	return event != NULL && strcmp(event, name) == 0;
}

/* Returns false for other events. */
static bool take_note(struct supervisor *supervisor, const json_t *object)
{
	const char *line = json_string_value(json_object_get(object, "line"));

	if (!is_event(object, "note") || line == NULL)
		return false;
	login_notes_add(&supervisor->login_notes, line);
	return true;
}

void supervisor_auth_events(struct supervisor *supervisor, int most)
{
	json_t *object;

	for (int i = 0; i < most && child_take_event(&supervisor->auth, &object); i++) {
		take_note(supervisor, object);
		json_decref(object);
	}
}

static int wait_for_answer(struct supervisor *supervisor, struct error *error)
{
	int64_t deadline = clock_now_ms() + LOAD_MS;
	bool is_note, is_loaded;
	json_t *object;

	do {
		if (ctl_read(&supervisor->auth.reader, &object, deadline, error) != CTL_OBJECT)
			return error_set(error, ERROR_TEMPORARY, N_("the %s process does not answer"), "auth");
		is_note = take_note(supervisor, object);
		is_loaded = is_event(object, "loaded");
		if (!is_note)
			supervisor->auth_has_tls = json_is_true(json_object_get(object, "tls"));
		json_decref(object);
	} while (is_note);
	return is_loaded ? 0 : error_set(error, ERROR_PERMANENT, N_("the %s process does not answer"), "auth");
}

int supervisor_auth_load(struct supervisor *supervisor, const struct conf *conf, struct error *error)
{
	struct buf notes = BUF_INIT(BAN_NOTES_TEXT_MAX);
	int fd, result;

	if (supervisor->auth.pid == 0) /* it gets the newest when it starts */
		return 0;
	login_notes_write(&supervisor->login_notes, &notes);
	fd = auth_config_make(conf, supervisor->salt_key, buf_slice(&notes), error);
	buf_clear(&notes);
	if (fd < 0)
		return -1;
	result = auth_process_send(supervisor->auth.fd, fd, error);
	close(fd);
	return result != 0 ? -1 : wait_for_answer(supervisor, error);
}

void supervisor_auth_start(struct supervisor *supervisor)
{
	struct auth_job job = {supervisor->auth_fds[AUTH_FD_OWN], supervisor->conf};
	struct error error;
	int result;

	supervisor->auth_restarts.at = 0;
	supervisor->auth_hangs = false;
	auth_watch_reset(&supervisor->auth_watch, clock_now_ms());
	child_closed(job.fd);
	result = child_start(&supervisor->auth, "auth", auth_process_run, &job, &error);
	child_close_in_children(job.fd);
	if (result == 0)
		result = supervisor_auth_load(supervisor, supervisor->conf, &error);
	if (result == 0)
		return;
	log_warnx("event=auth-not-started reason=%s", LOG_ERROR(&error));
	if (supervisor->auth.pid != 0)
		kill(supervisor->auth.pid, SIGKILL); /* its end triggers the next attempt */
	else
		supervisor->auth_restarts.at = clock_now_ms() + RESTART_MAX_MS;
}

void supervisor_auth_ended(struct supervisor *supervisor, int status)
{
	const struct crash crash = {.process = "auth", .status = status, .hung = supervisor->auth_hangs ? AUTH_WATCH_PATIENCE_MS / 1000 : 0};
	int64_t delay;

	child_take_no_more(&supervisor->auth);
	supervisor_auth_events(supervisor, INT_MAX);
	delay = supervisor_child_ended(supervisor, &supervisor->auth, &supervisor->auth_restarts, &crash);
	if (delay < 0)
		return;
	log_warnx("event=auth-ended status=%d restart_in_ms=%lld", status, (long long)delay);
	if (delay == 0)
		supervisor_auth_start(supervisor);
}

/* The new process answers questions asked meanwhile. */
static void watch(struct supervisor *supervisor, int64_t now)
{
	if (supervisor->auth.pid == 0 || supervisor->auth_hangs ||
	    auth_watch_look(&supervisor->auth_watch, supervisor->auth_fds[AUTH_FD_LAN], now))
		return;
	log_warnx("event=auth-hangs seconds=%d", AUTH_WATCH_PATIENCE_MS / 1000);
	supervisor->auth_hangs = true;
	kill(supervisor->auth.pid, SIGKILL);
}

int64_t supervisor_auth_due(const struct supervisor *supervisor)
{
	int64_t due = supervisor->auth.pid == 0 || supervisor->auth_hangs ? supervisor->auth_restarts.at : auth_watch_due(&supervisor->auth_watch);

	if (supervisor->login_notes.write_at != 0 && (due == 0 || supervisor->login_notes.write_at < due))
		due = supervisor->login_notes.write_at;
	return due;
}

void supervisor_auth_look(struct supervisor *supervisor, int64_t now)
{
	login_notes_save(&supervisor->login_notes, now);
	watch(supervisor, now);
	if (supervisor->auth_restarts.at != 0 && now >= supervisor->auth_restarts.at)
		supervisor_auth_start(supervisor);
	supervisor_child_look(supervisor, &supervisor->auth, &supervisor->auth_restarts, now);
}

void supervisor_auth_stop(struct supervisor *supervisor)
{
	if (supervisor->auth.pid != 0) {
		kill(supervisor->auth.pid, SIGKILL);
		waitpid(supervisor->auth.pid, NULL, 0);
	}
	child_take_no_more(&supervisor->auth);
	supervisor_auth_events(supervisor, INT_MAX);
	child_gone(&supervisor->auth);
	auth_watch_reset(&supervisor->auth_watch, 0);
	login_notes_close(&supervisor->login_notes);
	close(supervisor->auth_fds[AUTH_FD_LAN]);
	close(supervisor->auth_fds[AUTH_FD_OWN]);
	explicit_bzero(supervisor->salt_key, sizeof(supervisor->salt_key));
}
