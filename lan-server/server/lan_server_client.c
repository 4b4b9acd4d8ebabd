/*
 * The clients of the LAN server: whether one is admitted, and the thread that serves it. A thread whose client has left serves
 * the next one.
 */
#include "lan-server/server/lan_server_priv.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/cond.h"
#include "base/log.h"
#include "base/net/net.h"
#include "base/process/thread_activity.h"
#include "lan-server/server/service.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define SPARE_THREADS 8
#define SPARE_MS 5000

static void client_join(struct lan_server *server, struct client *client)
{
	pthread_mutex_lock(&server->lock);
	client->next = server->clients;
	client->link = &server->clients;
	if (client->next != NULL)
		client->next->link = &client->next;
	server->clients = client;
	server->client_count++;
	pthread_mutex_unlock(&server->lock);
}

/* The socket is closed under the lock, so that drain() never shuts down a reused descriptor. */
static void client_leave(struct client *client)
{
	struct lan_server *server = client->server;

	connections_leave(server->connections, &client->session.connection);
	pthread_mutex_lock(&server->lock);
	*client->link = client->next;
	if (client->next != NULL)
		client->next->link = client->link;
	stream_close(&client->session.stream);
	lan_server_release(client->snapshot);
	server->client_count--;
	pthread_cond_signal(&server->ended);
	pthread_mutex_unlock(&server->lock);
	free(client);
}

/* With the lock held. */
static struct client *take_handed(struct lan_server *server)
{
	struct client *client = server->handed;

	assert(cond_is_locked(&server->lock));
	if (client == NULL)
		return NULL;
	server->handed = client->next_handed;
	server->handed_count--;
	return client;
}

/* The next client of this thread; NULL: the thread must end, and must not use the server any more. */
static struct client *wait_for_client(struct lan_server *server)
{
	int64_t until = clock_now_ms() + SPARE_MS;
	struct client *client;

	pthread_mutex_lock(&server->lock);
	if (server->spare_count < SPARE_THREADS && !server->is_ending) {
		server->spare_count++;
		while (server->handed == NULL && !server->is_ending && cond_wait_until(&server->handing, &server->lock, until))
			;
		server->spare_count--;
	}
	client = take_handed(server);
	server->thread_count -= client == NULL;
	pthread_cond_signal(&server->ended);
	pthread_mutex_unlock(&server->lock);
	return client;
}

static void *client_thread(void *arg)
{
	struct client *client = arg;

	while (client != NULL) {
		struct lan_server *server = client->server;

		session_run(&client->session);
		thread_activity_end();
		client_leave(client);
		client = wait_for_client(server);
	}
	return NULL;
}

static void note_thread_ended(struct lan_server *server)
{
	pthread_mutex_lock(&server->lock);
	server->thread_count--;
	pthread_mutex_unlock(&server->lock);
}

/* Returns false if no thread waits: then one is counted that the caller starts. */
static bool hand_over(struct lan_server *server, struct client *client)
{
	bool has_spare;

	pthread_mutex_lock(&server->lock);
	has_spare = server->spare_count > server->handed_count;
	if (has_spare) {
		client->next_handed = server->handed;
		server->handed = client;
		server->handed_count++;
		pthread_cond_signal(&server->handing);
	}
	server->thread_count += !has_spare;
	pthread_mutex_unlock(&server->lock);
	return has_spare;
}

static void refuse(struct lan_server *server, int fd, enum lan_kind kind,
    const struct in6_addr *address, enum admission answer)
{
	struct slice line = slice_of(lan_kind_service(kind)->refusals[answer]);
	char text[NET_ADDRESS_MAX];

	if (!lan_kind_has_tls(kind))
		send(fd, line.ptr, line.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
	if (admission_should_log(&server->notes, address, clock_now_ms()))
		log_warnx("event=client-refused ip=%s kind=%s reason=\"%s\"",
		    net_address_text(text, address), lan_kind_name(kind), admission_reason(answer));
}

static void with_conf(void *context, void (*fn)(const struct conf *conf, void *own), void *own)
{
	struct lan_server *server = context;

	pthread_mutex_lock(&server->lock);
	fn(server->current->conf, own);
	pthread_mutex_unlock(&server->lock);
}

static struct client *client_new(struct lan_server *server, struct snapshot *snapshot, int fd,
    enum lan_kind kind, const struct in6_addr *address)
{
	struct client *client = xcalloc(1, sizeof(*client));

	client->server = server;
	client->snapshot = snapshot;
	client->session = (struct session){
	    .kind = kind,
	    .connections = server->connections,
	    .connection = {.fd = fd, .address = *address, .useful = clock_now_ms()},
	    .conf = snapshot->conf,
	    .tls = snapshot->tls,
	    .login = {.auth = server->auth, .conf = snapshot->conf, .offers = snapshot->offers, .address = *address},
	    .spool = server->options.spool,
	    .send_quota = server->send_quota,
	    .quota = server->quota,
	    .maildrops = server->maildrops,
	    .stop_fd = server->stop_event,
	    .filter_fd = server->options.filter_fd,
	    .with_conf = with_conf,
	    .server = server,
	    .logged_in = server->options.logged_in,
	    .logged_in_context = server->options.context,
	};
	stream_init(&client->session.stream, fd, server->stop_event);
	return client;
}

/* Signals are handled by the main thread. */
static int start_thread(struct lan_server *server, struct client *client)
{
	sigset_t all, before;
	pthread_t thread;
	int result;

	if (hand_over(server, client))
		return 0;

	sigfillset(&all);
	sigdelset(&all, SIGBUS); /* synchronous: a mapped file that cannot be read (base/file/mapped.h) */
	pthread_sigmask(SIG_BLOCK, &all, &before);
	result = pthread_create(&thread, &server->thread, client_thread, client);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (result != 0)
		note_thread_ended(server);
	return result;
}

/* The configuration for an accepted client; NULL: *answer says why not. Threads of evicted clients may still be ending. */
static struct snapshot *check_admission(struct lan_server *server, const struct in6_addr *address, enum admission *answer)
{
	struct snapshot *snapshot;
	const struct conf_lan *lan;

	pthread_mutex_lock(&server->lock);
	snapshot = server->current;
	lan = &snapshot->conf->lan;
	*answer = admission_check(lan, address);
	if (*answer == ADMISSION_GRANTED && server->client_count >= (size_t)lan->max_sessions + connections_leaving_max(lan))
		*answer = ADMISSION_FULL;
	snapshot->users += *answer == ADMISSION_GRANTED;
	pthread_mutex_unlock(&server->lock);
	return *answer == ADMISSION_GRANTED ? snapshot : NULL;
}

static void release(struct lan_server *server, struct snapshot *snapshot)
{
	pthread_mutex_lock(&server->lock);
	lan_server_release(snapshot);
	pthread_mutex_unlock(&server->lock);
}

/* Reserves a connection for the client, evicting another if necessary. */
static enum admission admit(struct lan_server *server, struct client *client)
{
	char text[NET_ADDRESS_MAX];
	struct in6_addr evicted;
	int64_t now = clock_now_ms();
	enum admission answer = connections_admit(
	    server->connections, &client->snapshot->conf->lan, &client->session.connection, now, &evicted);

	if (!IN6_IS_ADDR_UNSPECIFIED(&evicted) && admission_should_log(&server->eviction_notes, &evicted, now))
		log_warnx("event=client-evicted ip=%s", net_address_text(text, &evicted));
	return answer;
}

void lan_server_take_client(struct lan_server *server, int fd, enum lan_kind kind, const struct in6_addr *address)
{
	enum admission answer;
	struct snapshot *snapshot = check_admission(server, address, &answer);
	struct client *client;

	if (snapshot == NULL) {
		refuse(server, fd, kind, address, answer);
		return;
	}
	client = client_new(server, snapshot, fd, kind, address);
	answer = admit(server, client);
	if (answer != ADMISSION_GRANTED) {
		refuse(server, fd, kind, address, answer);
		release(server, snapshot);
		free(client);
		return;
	}
	client_join(server, client);
	if (start_thread(server, client) == 0)
		return;
	refuse(server, dup(fd), kind, address, ADMISSION_BROKEN);
	client_leave(client);
}
