#include "gateway/services/lan_process.h"

#include "base/net/ctl_wire.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/net/pass_fd.h"
#include "base/process/sealed.h"
#include "config/conf_view.h"
#include "gateway/services/lan_sandbox.h"
#include "gateway/process/log_setup.h"
#include "gateway/report/spool_damage.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct lan_process {
	const struct lan_job *job;
	int stop_fd;
	struct spool spool;
	struct lan_server *server;
};

/* A descriptor that becomes readable on the signal, which is blocked for all later threads. */
static int signal_descriptor(int signal_number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal_number);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Called by any session thread: one short line is written atomically. Takes the event. */
static void tell_event(json_t *event)
{
	struct error error;

	if (ctl_send(CHILD_FD_EVENTS, event, &error) != 0)
		log_warnx("event=trigger-not-told reason=%s", LOG_ERROR(&error));
	json_decref(event);
}

static void tell(const char *what)
{
	tell_event(json_pack("{s:s}", "event", what));
}

/* A supervisor that is busy does not keep a login waiting: the next one asks, too. */
static void logged_in(void *context, const char *user)
{
	struct pollfd room = {.fd = CHILD_FD_EVENTS, .events = POLLOUT};

	(void)context;
	if (poll(&room, 1, 0) == 1 && (room.revents & POLLOUT) != 0)
		tell_event(json_pack("{s:s, s:s}", "event", "login", "user", user));
}

static bool is_first_queued(const struct envelope *envelope, const struct place *place)
{
	size_t i = 0;

	while (i < envelope->place_count && envelope->places[i].kind != PLACE_QUEUE)
		i++;
	return i < envelope->place_count && place->kind == PLACE_QUEUE && strcmp(place->name, envelope->places[i].name) == 0;
}

/* A message starts one session, however many recipients it has. */
static void delivered(void *context, const struct envelope *envelope, const struct place *place)
{
	(void)context;
	if (place->kind == PLACE_DAEMON)
		tell("trigger");
	else if (envelope->is_urgent && is_first_queued(envelope, place))
		tell("urgent");
}

/* So that mutt and others find every mailbox, before the first message. */
static void make_mailboxes(const struct conf *conf)
{
	struct strlist names = {NULL, 0};
	struct error error;

	conf_mailbox_names(conf, &names);
	for (size_t i = 0; i < names.count; i++)
		if (mailbox_make(SPOOL_OF(conf), names.items[i], &error) != 0)
			log_warnx("event=mailbox-not-made user=%s reason=%s", names.items[i],
			    LOG_ERROR(&error));
	strlist_clear(&names);
}

/* Reads a view, which the supervisor has checked. Returns NULL if it is not one. */
static struct conf *read_view(int fd)
{
	struct buf text = BUF_INIT(CONF_VIEW_MAX);
	struct conf *conf = NULL;
	struct error error;

	if (sealed_read(fd, &text, &error) == 0)
		conf = conf_view_read(buf_slice(&text), &error);
	if (conf == NULL)
		log_warnx("event=reload-failed reason=%s", LOG_ERROR(&error));
	buf_clear(&text);
	close(fd);
	return conf;
}

/* The newest of the received views; -1: none. Each comes with one byte. */
static int receive_view(void)
{
	struct pollfd poll_fd = {.fd = CHILD_FD_EVENTS, .events = POLLIN};
	int newest = -1, fd;
	bool cut;
	char byte;

	while (poll(&poll_fd, 1, 0) > 0) {
		if (pass_fd_receive(CHILD_FD_EVENTS, &byte, 1, &fd, &cut) <= 0) /* the supervisor is dead, so its child must
		 * end */
			fatalx("event=lan-failed reason=\"the supervisor is gone\"");
		if (fd < 0)
			continue;
		if (newest >= 0)
			close(newest);
		newest = fd;
	}
	return newest;
}

static struct conf *reload(void *context)
{
	int fd = receive_view();
	struct conf *conf = fd < 0 ? NULL : read_view(fd);

	(void)context;
	if (conf != NULL) {
		log_setup(&conf->log, "lan");
		make_mailboxes(conf);
	}
	return conf;
}

static int open_all(struct lan_process *process, struct conf *conf, struct error *error)
{
	struct lan_server_options server = {
	    .listeners = process->job->listeners,
	    .listener_count = process->job->listener_count,
	    .conf = conf,
	    .stop_fd = process->stop_fd,
	    .reload_fd = CHILD_FD_EVENTS,
	    .auth_fd = LAN_FD_AUTH,
	    .filter_fd = LAN_FD_FILTER,
	    .reload = reload,
	    .logged_in = logged_in,
	    .context = process,
	};
	const struct spool_options spool = {.writer = "lan", .reports_damage = true, .delivered = delivered, .context = process};

	if (process->stop_fd < 0)
		return error_errno(error, N_("cannot watch for signals"));
	if (spool_open_state(&process->spool, conf, &spool, error) != 0)
		return -1;
	lan_sandbox_enter(conf);
	if (spool_open_intake(&process->spool, conf, &spool, error) != 0)
		return -1;
	spool_damage_report(conf, &process->spool, "");
	make_mailboxes(conf);
	server.spool = &process->spool;
	return lan_server_new(&process->server, &server, error);
}

int lan_process_run(const struct lan_job *job)
{
	struct lan_process process = {.job = job};
	struct conf *conf = read_view(LAN_FD_VIEW);
	struct error error;
	int code = 0;

	if (conf == NULL)
		return 1;
	log_setup(&conf->log, "lan");
	i18n_start(conf_language_code(conf->gateway.language));
	process.stop_fd = signal_descriptor(SIGTERM);
	if (open_all(&process, conf, &error) == 0) {
		log_info("event=lan-ready");
		lan_server_run(process.server);
	} else {
		log_warnx("event=lan-failed reason=%s", LOG_ERROR(&error));
		code = 1;
	}
	lan_server_free(process.server);
	if (process.spool.intake != NULL)
		spool_close(&process.spool, NULL);
	return code;
}
