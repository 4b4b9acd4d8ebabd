/*
 * The listening sockets of [lan], bound by the supervisor while it may bind low ports.
 */
#ifndef LANPOST_GATEWAY_LISTENERS_H
#define LANPOST_GATEWAY_LISTENERS_H

#include "config/conf.h"
#include "lan-server/server/lan_server.h"

#define LISTENERS_MAX 64

struct listeners {
	struct lan_listener items[LISTENERS_MAX];
	size_t count;
};

/* Binds every port on every address; clients cannot connect yet. An address family that this machine does not have (no
 * IPv6) is a warning in the log; any other failure is an error, and nothing stays open. */
int listeners_open(struct listeners *listeners, const struct conf_lan *lan, struct error *error);
/* Lets clients connect. */
int listeners_listen(const struct listeners *listeners, struct error *error);
/* Children do not have them, except those that get them by child_exec(). */
void listeners_close(struct listeners *listeners);
/* True if both configurations need the same sockets. */
bool listeners_same(const struct conf_lan *a, const struct conf_lan *b);

#endif
