/*
 * The connected clients, counted by address, by network (net_network) and by user, and the order of eviction when others
 * need a connection.
 *
 * A newcomer is always accepted while clients without a login are idle: of the holders with the most connections, the
 * client that is not logged in, sends no message and has been silent longest is evicted first. The last tenth of all
 * connections is reserved for addresses without one. A sender whose bytes arrive is kept; but if its network or
 * address has half of its limit, the sender is evicted after a minute for a holder with half as many connections.
 * Thread-safe.
 */
#ifndef LANPOST_LAN_SERVER_CONNECTIONS_H
#define LANPOST_LAN_SERVER_CONNECTIONS_H

#include "lan-server/server/admission.h"

#include <stdatomic.h>

struct holder;

/* In the order of eviction. */
enum connection_standing {
	CONNECTION_STRANGER, /* neither logged in nor with a message in progress */
	CONNECTION_SENDER,   /* has named a recipient, or sends a message: idle if no bytes arrive */
	CONNECTION_STAYS,    /* logged in */
};

/* One client; a part of its session, whose thread may write the atomic members. */
struct connection {
	/* Set before connections_admit(). */
	int fd;
	struct in6_addr address;
	_Atomic int64_t useful; /* when it last made progress (clock_now_ms) */
	_Atomic int64_t heard;	/* time of its last activity */
	atomic_int standing;
	/* Recent unknown names from its address or network; set by connections_admit(). */
	unsigned unknown_names;
	/* Its session must end; reading from fd already returns end of file. */
	atomic_bool is_evicted;
	/* Private to the module. */
	struct holder *by_address, *by_network, *by_user;
	struct connection *next, **link;
	int64_t since; /* of its admission */
	bool is_leaving; /* evicted, until connections_leave() */
};

struct connections;

struct connections *connections_new(void);
void connections_free(struct connections *connections); /* when all have left */
/* Requests a connection. ADMISSION_GRANTED: accepted; *evicted is the address of the client that was evicted for it, all
 * zero if none. Any other result: not accepted; connections_leave() must not be called. */
enum admission connections_admit(struct connections *connections, const struct conf_lan *lan, struct connection *newcomer,
    int64_t now_ms, struct in6_addr *evicted);
/* How many evicted clients may still be leaving. Half of that for those that were evicted for their own address or network:
 * then another of it is refused, since it must not keep the others out. */
size_t connections_leaving_max(const struct conf_lan *lan);
/* Releases the connection; called before its fd is closed. */
void connections_leave(struct connections *connections, struct connection *connection);
/* Counts a login. Returns false if the user has more connections than an address may: this one may be evicted as if not
 * logged in. */
bool connections_login(struct connections *connections, const struct conf_lan *lan, struct connection *connection, const char *user);
/* Records the number of unknown names of this client, since a client that guesses reconnects. The count decreases with
 * time. */
void connections_note_unknown(struct connections *connections, const struct connection *connection, unsigned count, int64_t now_ms);
/* True if what this client does wrong should be logged: admission_should_log(), for all sessions together. */
bool connections_should_log(struct connections *connections, const struct connection *connection, int64_t now_ms);
/* True if three quarters of the connections are in use: then limits without a login are short. */
bool connections_are_many(const struct connections *connections, const struct conf_lan *lan);

#endif
