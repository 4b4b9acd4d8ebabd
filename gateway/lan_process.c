#include "gateway/lan_process.h"

#include "base/alloc.h"
#include "base/ctl_wire.h"
#include "base/i18n.h"
#include "base/log.h"
#include "gateway/log_setup.h"
#include "gateway/reload.h"
#include "gateway/sandbox.h"
#include "gateway/spool.h"
#include "spool/maildir.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct lan_process {
	const struct lan_job *job;
	int event_fd, stop_fd, reload_fd;
	struct spool spool;
	struct lan_server *server;
};

/* A descriptor that becomes readable when the signal comes; it is blocked for all threads to come. */
static int signal_descriptor(int signal_number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal_number);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Called by any session thread: one short line is written in one piece. */
static void delivered(void *context, const struct place *place)
{
	const struct lan_process *process = context;
	struct error error;
	json_t *event;

	if (place->kind != PLACE_DAEMON)
		return;
	event = json_pack("{s:s}", "event", "trigger");
	if (ctl_send(process->event_fd, event, &error) != 0)
		log_warnx("event=trigger-not-told reason=%s", LOG_ERROR(&error));
	json_decref(event);
}

/* So that mutt and others find every mailbox, before the first letter has come. */
static void make_mailboxes(const struct conf *conf)
{
	struct error error;

	for (size_t i = 0; i <= conf->user_count; i++) {
		const char *user = i < conf->user_count ? conf->users[i].name : CONF_POSTMASTER;

		if (maildir_make(conf->gateway.spool, user, &error) != 0)
			log_warnx("event=mailbox-not-made user=%s reason=%s", user,
			    LOG_ERROR(&error));
	}
}

static struct conf *reload(void *context)
{
	struct lan_process *process = context;
	struct signalfd_siginfo info;
	struct error error;
	struct conf *conf;

	while (read(process->reload_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		;
	conf = reload_read(process->job->conf_path, NULL, &error);
	if (conf != NULL) {
		log_setup(&conf->log, "lan");
		make_mailboxes(conf);
	}
	return conf;
}

static int open_all(struct lan_process *process, struct error *error)
{
	struct conf *conf = process->job->conf;
	struct lan_server_options server = {
	    .listeners = process->job->listeners->items,
	    .listener_count = process->job->listeners->count,
	    .conf = conf,
	    .stop_fd = process->stop_fd,
	    .reload_fd = process->reload_fd,
	    .auth_fd = process->job->auth_fd,
	    .reload = reload,
	    .context = process,
	};

	if (process->stop_fd < 0 || process->reload_fd < 0)
		return error_errno(error, N_("cannot watch for signals"));
	if (spool_open(&process->spool, conf, "lan", delivered, process, error) != 0)
		return -1;
	make_mailboxes(conf);
	server.intake = process->spool.intake;
	server.state = process->spool.state;
	return lan_server_new(&process->server, &server, error);
}

static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL || slash == path ? xstrdup("") : xstrndup(path, (size_t)(slash - path));
}

static void enter_sandbox(const struct lan_job *job)
{
	const struct conf *conf = job->conf;
	char *log = folder_of(conf->log.file), *configuration = folder_of(job->conf_path);
	const char *reads[] = {configuration, "/proc", conf->lan.tls_cert, conf->lan.tls_key, NULL};
	const char *writes[] = {conf->gateway.spool, log, NULL};

	sandbox_enter(&(struct sandbox){.may = SANDBOX_FILES | SANDBOX_ACCEPT, .reads = reads, .writes = writes});
	free(log);
	free(configuration);
}

int lan_process_run(void *context, int event_fd)
{
	struct lan_process process = {
	    .job = context,
	    .event_fd = event_fd,
	    .stop_fd = signal_descriptor(SIGTERM),
	    .reload_fd = signal_descriptor(SIGHUP),
	};
	struct error error;
	int code = 0;

	enter_sandbox(process.job);
	if (open_all(&process, &error) == 0) {
		log_info("event=lan-ready");
		lan_server_run(process.server);
	} else {
		log_warnx("event=lan-failed reason=%s", LOG_ERROR(&error));
		code = 1;
	}
	lan_server_free(process.server);
	spool_close(&process.spool);
	return code;
}
