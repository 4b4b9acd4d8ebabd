#include "gateway/supervisor/supervisor_priv.h"

#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/log.h"
#include "gateway/services/clients.h"
#include "gateway/process/log_setup.h"
#include "gateway/services/lan_child.h"
#include "gateway/supervisor/sd_notify.h"
#include "gateway/process/privileges.h"
#include "gateway/supervisor/reload.h"
#include "gateway/supervisor/spool_lock.h"
#include "gateway/supervisor/spool_modes.h"
#include "gateway/supervisor/spool_version.h"
#include "gateway/report/status.h"
#include "spool/storage/storage.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define TICK_MS 30000	      /* maximum interval between checks of the schedule: clocks jump */
#define ANSWERS_MAX 16	      /* simultaneous processes that count mailboxes */
#define BIND_RETRY_MS 3000    /* a gateway that was just killed may hold the ports for a moment */

/* --- requests of the control socket */

struct status_job {
	struct conf *conf; /* a copy in the child */
	struct status_facts facts;
	int fd;
};

static int status_run(void *context, int event_fd)
{
	const struct status_job *job = context;
	struct error error;
	json_t *status;

	(void)event_fd;
	conf_wipe_secrets(job->conf, NULL); /* it reads the spool */
	status = status_build(job->conf, &job->facts);
	return ctl_send(job->fd, status, &error) == 0 ? 0 : 1;
}

static bool session_runs(void *context)
{
	const struct supervisor *supervisor = context;

	return supervisor->session.pid != 0 && !supervisor->running.is_housekeeping;
}

/* A child answers, since counting large mailboxes takes time. It needs the client's descriptor, which other children must
 * not have: hence a copy. */
static void answer_status(void *context, int fd)
{
	struct supervisor *supervisor = context;
	struct status_job job = {
	    .conf = supervisor->conf,
	    .facts =
		{
		    .since = supervisor->since,
		    .next = supervisor_session_next(supervisor),
		    .session = session_runs(supervisor) ? supervisor->session_id.text : NULL,
		    .pid = (int)getpid(),
		    .clients = clients_count(supervisor->lan.pid == 0 ? NULL : supervisor->lan.doing),
		    .scanners = supervisor->scanners,
		    .watched = supervisor->watched,
		},
	    .fd = dup(fd),
	};
	struct child child;
	struct error error;

	if (job.fd < 0 || supervisor->answers >= ANSWERS_MAX || child_start(&child, "status", status_run, &job, &error) != 0) {
		log_warn("event=status-failed");
	} else {
		supervisor->answers++;
		child_gone(&child); /* it needs no supervision: reaped with the others */
	}
	if (job.fd >= 0)
		close(job.fd);
}

static json_t *clients(void *context)
{
	const struct supervisor *supervisor = context;

	return clients_build(supervisor->lan.pid == 0 ? NULL : supervisor->lan.doing);
}

static int listen_anew(struct supervisor *supervisor, const struct conf_lan *lan, struct error *error)
{
	if (listeners_open(&supervisor->listeners, lan, error) != 0)
		return -1;
	if (listeners_listen(&supervisor->listeners, error) == 0)
		return 0;
	listeners_close(&supervisor->listeners);
	return -1;
}

static int reload(void *context, struct error *error)
{
	struct supervisor *supervisor = context;
	struct conf *next = reload_read(supervisor->path, supervisor->conf, error);
	bool same;

	if (next == NULL)
		return -1;
	same = listeners_same(&supervisor->conf->lan, &next->lan);
	if (!same || !lan_child_can_reload(supervisor->conf, next))
		supervisor_lan_stop(supervisor);
	if (!same) {
		/* The ports can be bound again only when no process listens on them. */
		listeners_close(&supervisor->listeners);
		if (listen_anew(supervisor, &next->lan, error) != 0) {
			struct error again;

			if (listen_anew(supervisor, &supervisor->conf->lan, &again) != 0)
				log_warnx("event=listen-failed reason=%s", LOG_ERROR(&again));
			supervisor_lan_start(supervisor);
			conf_free(next);
			return -1;
		}
	}
	if (supervisor_auth_load(supervisor, next, error) != 0) {
		log_warnx("event=auth-not-loaded reason=%s", LOG_ERROR(error));
		if (supervisor->auth.pid != 0)
			kill(supervisor->auth.pid, SIGKILL); /* it gets the new configuration when it restarts */
	}
	session_due_clear(&supervisor->due);
	conf_free(supervisor->conf);
	supervisor->conf = next;
	session_due_start(&supervisor->due, next, moment_now());
	supervisor_session_take_up(supervisor);
	i18n_start(conf_language_code(next->gateway.language));
	log_setup(&next->log, "supervisor");
	supervisor_filter_restart(supervisor);
	supervisor_watch_restart(supervisor);
	supervisor_lan_take_up(supervisor);
	log_info("event=reloaded");
	return 0;
}

static void stop(void *context)
{
	struct supervisor *supervisor = context;

	supervisor->stopping = true;
}

static bool cancel(void *context)
{
	struct supervisor *supervisor = context;

	if (!session_runs(supervisor))
		return false;
	session_request_clear(&supervisor->pending);
	supervisor->is_pending = false;
	log_info("event=session-cancelled session=%s", supervisor->session_id.text);
	kill(supervisor->session.pid, SIGTERM);
	return true;
}

static bool account_exists(void *context, const char *name)
{
	const struct supervisor *supervisor = context;

	return conf_find_account(supervisor->conf, name) != NULL;
}

/* --- the loop */

static void reap(struct supervisor *supervisor)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == supervisor->lan.pid)
			supervisor_lan_ended(supervisor, status);
		else if (pid == supervisor->session.pid)
			supervisor_session_ended(supervisor, status);
		else if (pid == supervisor->hang_up.pid)
			supervisor_session_hung_up(supervisor);
		else if (pid == supervisor->auth.pid)
			supervisor_auth_ended(supervisor, status);
		else if (pid == supervisor->filter.pid)
			supervisor_filter_ended(supervisor, status);
		else if (pid == supervisor->watch.pid)
			supervisor_watch_ended(supervisor, status);
		else if (supervisor->answers > 0) /* or a report, which is rare: the count is only an upper bound */
			supervisor->answers--;
	}
}

static void take_signals(struct supervisor *supervisor)
{
	struct signalfd_siginfo info;
	struct error error;

	while (read(supervisor->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
			supervisor->stopping = true;
		else if (info.ssi_signo == SIGHUP && reload(supervisor, &error) != 0)
			log_warnx("event=reload-refused reason=%s", LOG_ERROR(&error));
	}
	reap(supervisor); /* signals of one kind merge: always check */
}

static void tick(struct supervisor *supervisor)
{
	struct session_request request = {0};
	int64_t now = clock_now_ms();

	if (session_due_take(&supervisor->due, supervisor->conf, moment_now(), &request))
		supervisor_session_want(supervisor, &request);
	session_request_clear(&request);
	if (supervisor->by_mail.at != 0 && now >= supervisor->by_mail.at)
		supervisor_session_by_mail(supervisor);
	if (supervisor->urgent.at != 0 && now >= supervisor->urgent.at)
		supervisor_session_urgent(supervisor);
	supervisor_session_look(supervisor, now);
	supervisor_auth_look(supervisor, now);
	supervisor_filter_look(supervisor, now);
	supervisor_watch_look(supervisor, now);
	disk_watch_look(&supervisor->disk, supervisor->conf, now);
	if (supervisor->lan_restarts.at != 0 && now >= supervisor->lan_restarts.at)
		supervisor_lan_start(supervisor);
	supervisor_child_look(supervisor, &supervisor->lan, &supervisor->lan_restarts, now);
}

/* at: monotonic, 0: never. */
static int64_t sooner(int64_t wait, int64_t at)
{
	int64_t left = at == 0 ? wait : clock_left_ms(at) + 1;

	return left < wait ? left : wait;
}

static int time_to_wait(const struct supervisor *supervisor)
{
	int64_t wait = TICK_MS, next = session_due_next(&supervisor->due, supervisor->conf, moment_now());

	if (next != 0) {
		int64_t left = next * 1000 - clock_wall_us() / 1000 + 1;

		wait = left < 0 ? 0 : left < wait ? left : wait;
	}
	wait = sooner(wait, supervisor->lan_restarts.at);
	wait = sooner(wait, supervisor_auth_due(supervisor));
	wait = sooner(wait, supervisor->filter_restarts.at);
	wait = sooner(wait, supervisor->watch_restarts.at);
	wait = sooner(wait, supervisor->by_mail.at);
	wait = sooner(wait, supervisor->urgent.at);
	wait = sooner(wait, supervisor->disk.look_at);
	if (supervisor->conf->schedule.when_queued > 0 || supervisor->conf->schedule.when_queued_for > 0)
		wait = sooner(wait, supervisor->queue_look_at);
	return (int)wait;
}

static void loop(struct supervisor *supervisor)
{
	struct pollfd fds[CONTROL_CLIENTS_MAX + 8];

	while (!supervisor->stopping) {
		size_t count = control_poll(&supervisor->control, fds);

		fds[count++] = (struct pollfd){.fd = supervisor->signal_fd, .events = POLLIN};
		fds[count++] = (struct pollfd){.fd = child_poll_fd(&supervisor->lan), .events = POLLIN};
		fds[count++] = (struct pollfd){.fd = child_poll_fd(&supervisor->session), .events = POLLIN};
		fds[count++] = (struct pollfd){.fd = child_poll_fd(&supervisor->auth), .events = POLLIN};
		fds[count++] = (struct pollfd){.fd = supervisor->auth_watch.fd, .events = POLLIN};
		fds[count++] = (struct pollfd){.fd = child_poll_fd(&supervisor->filter), .events = POLLIN};
		fds[count++] = (struct pollfd){.fd = child_poll_fd(&supervisor->watch), .events = POLLIN};
		if (poll(fds, count, control_has_more(&supervisor->control) ? 0 : time_to_wait(supervisor)) < 0 && errno != EINTR)
			fatal("event=poll-failed");
		supervisor_lan_events(supervisor, EVENTS_PER_TURN);
		supervisor_session_events(supervisor, EVENTS_PER_TURN);
		supervisor_auth_events(supervisor, EVENTS_PER_TURN);
		supervisor_filter_events(supervisor, EVENTS_PER_TURN);
		supervisor_watch_events(supervisor, EVENTS_PER_TURN);
		child_end_broken(&supervisor->lan);
		child_end_broken(&supervisor->session);
		child_end_broken(&supervisor->auth);
		child_end_broken(&supervisor->filter);
		child_end_broken(&supervisor->watch);
		take_signals(supervisor);
		control_serve(&supervisor->control);
		tick(supervisor);
	}
}

/* --- start and end */

static void signals_open(struct supervisor *supervisor)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	supervisor->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (supervisor->signal_fd < 0)
		fatal("event=signalfd-failed");
	child_close_in_children(supervisor->signal_fd);
}

static int bind_ports(struct supervisor *supervisor, struct error *error)
{
	int64_t deadline = clock_now_ms() + BIND_RETRY_MS;

	while (listeners_open(&supervisor->listeners, &supervisor->conf->lan, error) != 0) {
		if (error->saved_errno != EADDRINUSE || clock_now_ms() >= deadline)
			return -1;
		poll(NULL, 0, 100);
	}
	return 0;
}

static int open_spool(struct supervisor *supervisor, struct error *error)
{
	const struct spool *spool = SPOOL_OF(supervisor->conf);

	if (fsx_make_dirs(spool->folder, error) != 0 || spool_lock(spool, &supervisor->lock_fd, error) != 0)
		return -1;
	child_close_in_children(supervisor->lock_fd);
	spool_modes_close(spool);
	return spool_version_check(spool, error);
}

/* Ports below 1024 need root, the spool needs its owner. No client is accepted yet. */
static int open_all(struct supervisor *supervisor, const struct privileges *privileges, struct error *error)
{
	struct error port_error;
	bool are_bound = bind_ports(supervisor, &port_error) == 0;

	if (privileges_drop(privileges, error) != 0)
		return -1;
	if (privileges->are_dropped)
		log_setup(&supervisor->conf->log, "supervisor");
	if (open_spool(supervisor, error) != 0) /* another running gateway also has the ports */
		return -1;
	if (!are_bound)
		*error = port_error;
	return are_bound ? 0 : -1;
}

static int begin(struct supervisor *supervisor, const struct privileges *privileges, struct error *error)
{
	const struct control_hooks hooks = {
	    .context = supervisor,
	    .session = supervisor_session_want,
	    .status = answer_status,
	    .reload = reload,
	    .stop = stop,
	    .account_exists = account_exists,
	    .cancel = cancel,
	    .session_runs = session_runs,
	    .clients = clients,
	};
	const struct spool *spool = SPOOL_OF(supervisor->conf);

	if (open_all(supervisor, privileges, error) != 0)
		return -1;
	if (state_check(spool, error) != 0) /* each child tries again, and reports failures */
		log_warnx("event=state-not-checked reason=%s", LOG_ERROR(error));
	supervisor->lan_program = lan_child_find(error);
	if (supervisor->lan_program < 0)
		return -1;
	child_close_in_children(supervisor->lan_program);
	signals_open(supervisor);
	if (supervisor_auth_open(supervisor, error) != 0 || supervisor_filter_open(supervisor, error) != 0)
		return -1;
	/* When the ports are open, the control socket exists, too. */
	if (control_open(&supervisor->control, spool, &hooks, error) != 0)
		return -1;
	spool_modes_share_socket(spool);
	return listeners_listen(&supervisor->listeners, error);
}

/* The last process that closes state.db removes its log. The LAN server may not do that, and might have
 * been the last one. */
static void tidy_state(const struct spool *spool)
{
	struct state *state;
	struct error error;

	if (state_open(&state, spool, NULL, &error) == 0)
		state_close(state);
}

static void end(struct supervisor *supervisor)
{
	struct child *children[] = {&supervisor->session, &supervisor->lan}; /* disconnecting takes time */
	int64_t deadline = clock_now_ms() + STOP_MS;

	sd_notify_state("STOPPING=1");
	listeners_close(&supervisor->listeners);
	for (size_t i = 0; i < ARRAY_LEN(children); i++)
		if (children[i]->pid != 0)
			kill(children[i]->pid, SIGTERM);
	while (supervisor->lan.pid != 0 || supervisor_session_is_busy(supervisor)) {
		if (clock_now_ms() >= deadline)
			for (size_t i = 0; i < ARRAY_LEN(children); i++)
				if (children[i]->pid != 0)
					kill(children[i]->pid, SIGKILL);
		poll(NULL, 0, 20);
		supervisor_session_events(supervisor, EVENTS_PER_TURN);
		reap(supervisor);
	}
	supervisor_auth_stop(supervisor);
	supervisor_filter_stop(supervisor);
	supervisor_watch_stop(supervisor);
	control_close(&supervisor->control, SPOOL_OF(supervisor->conf));
	close(supervisor->signal_fd);
	close(supervisor->lan_program);
	tidy_state(SPOOL_OF(supervisor->conf));
	spool_unlock(SPOOL_OF(supervisor->conf), supervisor->lock_fd);
	session_request_clear(&supervisor->pending);
	session_due_clear(&supervisor->due);
	login_fetch_clear(&supervisor->logins);
	log_info("event=stopped");
	conf_free(supervisor->conf);
}

int supervisor_run(struct conf *conf, const char *path, const struct privileges *privileges)
{
	struct supervisor supervisor = {
	    .conf = conf,
	    .path = path,
	    .lock_fd = -1,
	    .signal_fd = -1,
	    .lan = {.fd = -1},
	    .session = {.fd = -1},
	    .hang_up = {.fd = -1},
	    .auth = {.fd = -1},
	    .filter = {.fd = -1},
	    .watch = {.fd = -1},
	    .auth_watch = AUTH_WATCH_INIT,
	    .since = clock_wall(),
	};
	struct error error;

	if (begin(&supervisor, privileges, &error) != 0) {
		log_warnx("event=not-started reason=%s", LOG_ERROR(&error));
		conf_free(conf);
		return 1;
	}
	session_due_start(&supervisor.due, conf, moment_now());
	login_fetch_start(&supervisor.logins, conf);
	supervisor_lan_start(&supervisor);
	supervisor_filter_start(&supervisor);
	supervisor_auth_start(&supervisor); /* any order is possible: questions wait in their socket */
	supervisor_session_hang_up(&supervisor); /* after a session that was killed together with its supervisor */
	log_info("event=started version=" LANPOST_VERSION " spool=%s", LOG_CSTR(conf->gateway.spool));
	sd_notify_state("READY=1");
	supervisor_session_first(&supervisor);
	supervisor_watch_start(&supervisor);
	loop(&supervisor);
	end(&supervisor);
	return 0;
}
