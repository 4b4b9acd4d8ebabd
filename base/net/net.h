/*
 * TCP on this machine: listening, accepting, addresses as text and as numbers.
 *
 * Addresses are kept as struct in6_addr, IPv4 as ::ffff:a.b.c.d, so that ranges and counters
 * handle one kind of address.
 */
#ifndef LANPOST_BASE_NET_H
#define LANPOST_BASE_NET_H

#include "base/err.h"

#include <netinet/in.h>

#define NET_ADDRESS_MAX 64 /* of net_address_text(), with NUL */

/* Binds; address is a literal ("0.0.0.0", "::", "127.0.0.1"), port 0 selects any free port. IPv6
 * sockets accept IPv6 only, so that 0.0.0.0 and :: can be used together. *fd is non-blocking and
 * close-on-exec. */
enum net_bound {
	NET_BOUND,
	NET_NO_SUCH_ADDRESS, /* this machine does not support the address family (no IPv6: worth a warning); error is filled */
	NET_NOT_BOUND,	     /* error says what to do */
};
enum net_bound net_bind(const char *address, uint16_t port, int *fd, struct error *error);
/* From now on clients can connect to a bound socket. */
int net_listen(int fd, struct error *error);
/* The port a socket is bound to, 0 if that is not known. */
uint16_t net_port(int fd);
/* Takes a waiting connection: *fd is non-blocking, close-on-exec, without Nagle's delay. Returns -1
 * with errno as accept(2) leaves it. */
int net_accept(int listen_fd, int *fd, struct in6_addr *peer);
/* The network from which one client can choose its addresses: the /64 of an IPv6 address (RFC 4291 section 2.5.4), an IPv4
 * address itself. All limits per address also apply per network. */
struct in6_addr net_network(const struct in6_addr *address);
/* "192.168.1.5" or "fe80::1". Returns out. */
char *net_address_text(char out[NET_ADDRESS_MAX], const struct in6_addr *address);
/* As RFC 5321 section 4.1.3 writes a literal: "[192.168.1.5]" or "[IPv6:fe80::1]". Returns out. */
char *net_address_literal(char out[NET_ADDRESS_MAX], const struct in6_addr *address);

/* Whether there is a route to "name:port", "10.0.0.1:25" or "[::1]:25"; no packet is sent there. */
enum net_reach {
	NET_HAS_ROUTE,
	NET_UNKNOWN_NAME, /* it cannot be resolved (which may take a few seconds) */
	NET_HAS_NO_ROUTE, /* see the error */
};
enum net_reach net_route(const char *host_and_port, struct error *error);

#endif
