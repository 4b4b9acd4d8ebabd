#include "lan-server/server/lan_server_priv.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/cond.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/net/net.h"
#include "lan-server/imap/imapd_indexer.h"
#include "lan-server/login/certificate.h"
#include "lan-server/pop3/maildrop.h"
#include "lan-server/server/learner.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define STACK_SIZE (256 * 1024)
#define DRAIN_MS 5000
#define ACCEPTS_PER_TURN 64
#define OUT_OF_FILES_PAUSE_MS 100
#define LOGIN_DELAY_MS 1000

/* --- configurations */

static struct snapshot *snapshot_new(struct auth *auth, struct conf *take, struct error *error)
{
	struct tls_context *tls;
	struct snapshot *snapshot;

	if (certificate_load(auth, &tls, error) != 0) {
		conf_free(take);
		return NULL;
	}
	snapshot = xmalloc(sizeof(*snapshot));
	*snapshot = (struct snapshot){.conf = take, .tls = tls, .offers = auth_offers(auth), .users = 1};
	return snapshot;
}

struct snapshot *lan_server_hold(struct lan_server *server)
{
	struct snapshot *snapshot;

	pthread_mutex_lock(&server->lock);
	snapshot = server->current;
	snapshot->users++;
	pthread_mutex_unlock(&server->lock);
	return snapshot;
}

void lan_server_release(struct snapshot *snapshot)
{
	if (--snapshot->users > 0)
		return;
	conf_free(snapshot->conf);
	tls_context_free(snapshot->tls);
	free(snapshot);
}

/* New sessions get this configuration; takes ownership of it. If its certificate is unusable,
 * the old configuration stays and -1 is returned. */
static int lan_server_reload(struct lan_server *server, struct conf *take, struct error *error)
{
	struct snapshot *snapshot = snapshot_new(server->auth, take, error);

	if (snapshot == NULL)
		return -1;
	imapd_indexer_switch(server->indexer, take->lan.search_index);
	pthread_mutex_lock(&server->lock);
	lan_server_release(server->current);
	server->current = snapshot;
	pthread_mutex_unlock(&server->lock);
	return 0;
}

/* --- the accept loop */

/* A connection that was already closed is ignored; a lack of descriptors or memory must not
 * cause a busy loop. */
static void accept_failed(struct lan_server *server)
{
	static const struct in6_addr nobody = IN6ADDR_ANY_INIT;
	struct pollfd stop = {.fd = server->options.stop_fd, .events = POLLIN};

	if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM)
		return;
	if (admission_should_log(&server->notes, &nobody, clock_now_ms()))
		log_warn("event=accept-failed");
	poll(&stop, 1, OUT_OF_FILES_PAUSE_MS);
}

static void accept_clients(struct lan_server *server, const struct lan_listener *listener)
{
	struct in6_addr address;
	int fd;

	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		if (net_accept(listener->fd, &fd, &address) != 0) {
			accept_failed(server);
			return;
		}
		lan_server_take_client(server, fd, listener->kind, &address);
	}
}

static void reload(struct lan_server *server)
{
	struct conf *conf = server->options.reload(server->options.context);
	struct error error;

	if (conf == NULL)
		return;
	if (lan_server_reload(server, conf, &error) != 0)
		log_warnx("event=reload-failed reason=%s", LOG_ERROR(&error));
	else
		log_info("event=reloaded");
}

static void wake_sessions(struct lan_server *server)
{
	uint64_t one = 1;

	if (write(server->stop_event, &one, sizeof(one)) != sizeof(one))
		log_warn("event=stop-failed");
}

static void hang_up_all(struct lan_server *server)
{
	for (struct client *at = server->clients; at != NULL; at = at->next)
		shutdown(at->session.stream.fd, SHUT_RDWR);
}

/* Lets commands and messages in progress end, then disconnects. */
static void drain(struct lan_server *server)
{
	int64_t deadline = clock_now_ms() + DRAIN_MS;

	wake_sessions(server);
	pthread_mutex_lock(&server->lock);
	server->is_ending = true;
	pthread_cond_broadcast(&server->handing);
	while (server->client_count > 0 && cond_wait_until(&server->ended, &server->lock, deadline))
		;
	if (server->client_count > 0)
		log_info("event=hanging-up sessions=%zu", server->client_count);
	hang_up_all(server);
	while (server->client_count > 0 || server->thread_count > 0)
		pthread_cond_wait(&server->ended, &server->lock);
	pthread_mutex_unlock(&server->lock);
}

void lan_server_run(struct lan_server *server)
{
	struct pollfd *polled = server->polled;
	size_t count = server->options.listener_count;

	for (;;) {
		if (poll(polled, 2 + count, -1) < 0)
			continue; /* EINTR */
		if (polled[0].revents != 0)
			break;
		if (polled[1].revents != 0)
			reload(server);
		for (size_t i = 0; i < count; i++)
			if (polled[2 + i].revents != 0)
				accept_clients(server, &server->listeners[i]);
	}
	drain(server);
}

/* --- life */

static void init_threads(struct lan_server *server)
{
	pthread_mutex_init(&server->lock, NULL);
	cond_init(&server->ended);
	cond_init(&server->handing);
	pthread_attr_init(&server->thread);
	pthread_attr_setdetachstate(&server->thread, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&server->thread, STACK_SIZE);
	signal(SIGPIPE, SIG_IGN); /* OpenSSL writes without MSG_NOSIGNAL */
}

/* A session needs at most a socket, a message's body and a mailbox file; the usual soft limit of
 * 1024 descriptors would be reached before max_sessions. */
static void raise_file_limit(const struct conf *conf)
{
	rlim_t wanted = (rlim_t)conf->lan.max_sessions * 3 + 256;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted)
		log_warnx("event=few-descriptors limit=%llu wanted=%llu reason=\"max_sessions may "
		          "not be reached\"",
		    (unsigned long long)limit.rlim_cur, (unsigned long long)wanted);
}

static void init_polled(struct lan_server *server)
{
	size_t count = server->options.listener_count;

	server->listeners = xcalloc(count + 1, sizeof(*server->listeners));
	server->polled = xcalloc(count + 2, sizeof(*server->polled));
	server->polled[0] = (struct pollfd){.fd = server->options.stop_fd, .events = POLLIN};
	server->polled[1] = (struct pollfd){.fd = server->options.reload_fd, .events = POLLIN};
	for (size_t i = 0; i < count; i++) {
		server->listeners[i] = server->options.listeners[i];
		server->polled[2 + i] =
		    (struct pollfd){.fd = server->listeners[i].fd, .events = POLLIN};
	}
}

static struct auth *make_auth(const struct lan_server_options *server)
{
	int64_t delay = server->login_delay_ms;
	struct auth_options options = {
	    .fd = server->auth_fd,
	    .delay_ms = delay == 0  ? LOGIN_DELAY_MS
	                : delay < 0 ? 0
	                            : delay,
	};

	return auth_new(&options);
}

int lan_server_new(
    struct lan_server **out, const struct lan_server_options *options, struct error *error)
{
	int stop_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct lan_server *server;
	struct snapshot *snapshot;
	struct auth *auth;

	if (stop_event < 0) {
		error_errno(error, N_("cannot create an eventfd"));
		conf_free(options->conf);
		return -1;
	}
	auth = make_auth(options);
	snapshot = snapshot_new(auth, options->conf, error);
	if (snapshot == NULL) {
		auth_free(auth);
		close(stop_event);
		return -1;
	}
	server = xcalloc(1, sizeof(*server));
	server->options = *options;
	server->stop_event = stop_event;
	server->current = snapshot;
	server->auth = auth;
	server->maildrops = maildrop_locks_new();
	server->connections = connections_new();
	server->send_quota = send_quota_new(server->options.spool->state);
	server->quota = mailbox_quota_new();
	init_polled(server);
	raise_file_limit(snapshot->conf);
	init_threads(server);
	server->indexer = imapd_indexer_start(server->options.spool, snapshot->conf->lan.search_index);
	server->learner = learner_start(server);
	*out = server;
	return 0;
}

void lan_server_free(struct lan_server *server)
{
	if (server == NULL)
		return;
	imapd_indexer_stop(server->indexer);
	learner_stop(server->learner);
	lan_server_release(server->current);
	auth_free(server->auth);
	maildrop_locks_free(server->maildrops);
	connections_free(server->connections);
	send_quota_free(server->send_quota);
	mailbox_quota_free(server->quota);
	close(server->stop_event);
	pthread_attr_destroy(&server->thread);
	pthread_cond_destroy(&server->ended);
	pthread_cond_destroy(&server->handing);
	pthread_mutex_destroy(&server->lock);
	free(server->listeners);
	free(server->polled);
	free(server);
}
