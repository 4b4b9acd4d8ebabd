/*
 * Who is connected, counted by address, by network (net_network) and by user, and who leaves first when others need the place.
 *
 * A newcomer always gets in while strangers idle: the one that is not logged in, sends no message and has been silent longest goes first, of those who hold the most. The
 * last tenth of all places is for addresses that hold none. Any thread may call.
 */
#ifndef LANPOST_LAN_SERVER_CONNECTIONS_H
#define LANPOST_LAN_SERVER_CONNECTIONS_H

#include "lan-server/server/admission.h"

#include <stdatomic.h>

struct holder;

/* In the order in which they have to go. */
enum connection_standing {
	CONNECTION_STRANGER, /* neither logged in nor with a message under way */
	CONNECTION_SENDER,   /* has named a recipient, or sends a message: idle when its bytes do not come */
	CONNECTION_STAYS,    /* logged in */
};

/* One of them; a part of its session, whose thread may write the atomic members. */
struct connection {
	/* Set before connections_admit(). */
	int fd;
	struct in6_addr address;
	_Atomic int64_t useful; /* when it last did what it is here for (clock_now_ms) */
	_Atomic int64_t heard;	/* when it last said anything */
	atomic_int standing;
	/* Unknown names that its address, or its network, has asked for lately; set by connections_admit(). */
	unsigned unknown_names;
	/* Its session is to end; what would be read from fd has ended already. */
	atomic_bool is_evicted;
	/* The module's own. */
	struct holder *by_address, *by_network, *by_user;
	struct connection *next, **link;
};

struct connections;

struct connections *connections_new(void);
void connections_free(struct connections *connections); /* when all have left */
/* Asks for a place. ADMISSION_GRANTED: it has one; *evicted is the address of who had to go for it, all zero if nobody had. Any other answer:
 * the newcomer is not among them and must not leave. */
enum admission connections_admit(struct connections *connections, const struct conf_lan *lan, struct connection *newcomer,
    int64_t now_ms, struct in6_addr *evicted);
/* Gives the place back; before its fd is closed. */
void connections_leave(struct connections *connections, struct connection *connection);
/* Counts a login. Returns false if the user has more connections than an address may: this one has to go like a stranger's. */
bool connections_login(struct connections *connections, const struct conf_lan *lan, struct connection *connection, const char *user);
/* Remembers that it asked for this many unknown names: the one that guesses comes again. They are forgotten one by one. */
void connections_note_unknown(struct connections *connections, const struct connection *connection, unsigned count, int64_t now_ms);
/* True if three quarters of the places are taken: time to be short with strangers. */
bool connections_are_many(const struct connections *connections, const struct conf_lan *lan);

#endif
