/*
 * Declarations that the parts of the LAN server share: its life and the accept loop (lan_server.c), and its clients, from the
 * accepted socket until they leave (lan_server_client.c).
 */
#ifndef LANPOST_LAN_SERVER_LAN_SERVER_PRIV_H
#define LANPOST_LAN_SERVER_LAN_SERVER_PRIV_H

#include "lan-server/server/admission.h"
#include "lan-server/server/connections.h"
#include "lan-server/server/lan_server.h"
#include "lan-server/server/session.h"

#include <pthread.h>

/* A configuration and its derived data, kept as long as a session uses it. */
struct snapshot {
	struct conf *conf;
	struct tls_context *tls;
	unsigned offers; /* enum auth_offers: `auth` has loaded the users of this configuration */
	size_t users; /* under the server's lock; the server itself holds one */
};

/* A session and its thread, in the server's list. */
struct client {
	struct session session;
	struct lan_server *server;
	struct snapshot *snapshot;
	struct client *next, **link;
	struct client *next_handed;
};

struct lan_server {
	struct lan_server_options options;
	struct lan_listener *listeners;
	struct pollfd *polled; /* stop, reload, listeners */
	int stop_event;        /* wakes the sessions */
	struct auth *auth;
	struct imapd_indexer *indexer;
	struct learner *learner;
	struct maildrop_locks *maildrops;
	struct send_quota *send_quota;
	struct mailbox_quota *quota;
	struct connections *connections;
	struct admission_notes notes, eviction_notes;
	pthread_attr_t thread;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t ended; /* a client has left the list */
	struct snapshot *current;
	struct client *clients;
	size_t client_count;
	/* A thread whose client has left waits a moment for the next one, for a new thread costs as much as a login. */
	size_t thread_count, spare_count;
	struct client *handed; /* clients for spare threads, never more than there are of those */
	size_t handed_count;
	pthread_cond_t handing; /* a client was handed over, or all end */
	bool is_ending;
};

/* The configuration as it is now, for lan_server_release(). */
struct snapshot *lan_server_hold(struct lan_server *server);
/* A client uses this configuration no longer. With the lock held. */
void lan_server_release(struct snapshot *snapshot);
/* Serves the accepted socket on a thread, or refuses it with one line; closes it in any case. */
void lan_server_take_client(struct lan_server *server, int fd, enum lan_kind kind, const struct in6_addr *address);

#endif
