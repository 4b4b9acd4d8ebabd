#include "base/net/net.h"

#include "base/i18n.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 1024

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* Reads an address literal. Returns its length for bind(2), 0 if it is not one. */
static socklen_t parse_literal(const char *text, uint16_t port, union address *address)
{
	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, text, &address->v4.sin_addr) == 1) {
		address->v4.sin_family = AF_INET;
		address->v4.sin_port = htons(port);
		return sizeof(address->v4);
	}
	if (inet_pton(AF_INET6, text, &address->v6.sin6_addr) == 1) {
		address->v6.sin6_family = AF_INET6;
		address->v6.sin6_port = htons(port);
		return sizeof(address->v6);
	}
	return 0;
}

/* Explains why lanpost cannot listen on a port, and what the admin can do. */
static int bind_error(const char *address, uint16_t port, struct error *error)
{
	switch (errno) {
	case EACCES:
		error_errno(error,
		    N_("cannot listen on %s port %u: ports below 1024 require root or the "
		       "capability CAP_NET_BIND_SERVICE; choose a higher port in [lan]"),
		    address, port);
		break;
	case EADDRINUSE:
		error_errno(error,
		    N_("cannot listen on %s port %u: another program uses this port; stop that "
		       "program or choose another port in [lan]"),
		    address, port);
		break;
	case EADDRNOTAVAIL:
		error_errno(error,
		    N_("cannot listen on %s port %u: this machine does not have that "
		      "address; correct `listen` in [lan]"),
		    address, port);
		break;
	default:
		error_errno(error, N_("cannot listen on %s port %u"), address, port);
	}
	return -1;
}

static int bind_to(int fd, const union address *address, socklen_t len)
{
	int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0)
		return -1;
	if (address->any.sa_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0)
		return -1;
	return bind(fd, &address->any, len);
}

enum net_bound net_bind(const char *address, uint16_t port, int *fd, struct error *error)
{
	union address where;
	socklen_t len = parse_literal(address, port, &where);
	bool no_ipv6;

	if (len == 0) {
		error_set(error, ERROR_CONFIG, N_("cannot listen on \"%s\": not an IP address; correct `listen` in [lan]"), address);
		return NET_NOT_BOUND;
	}
	*fd = socket(where.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*fd >= 0 && bind_to(*fd, &where, len) == 0)
		return NET_BOUND;
	no_ipv6 = where.any.sa_family == AF_INET6 &&
	          (errno == EAFNOSUPPORT ||
	              (errno == EADDRNOTAVAIL && IN6_IS_ADDR_UNSPECIFIED(&where.v6.sin6_addr)));
	bind_error(address, port, error);
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	return no_ipv6 ? NET_NO_SUCH_ADDRESS : NET_NOT_BOUND;
}

int net_listen(int fd, struct error *error)
{
	return listen(fd, BACKLOG) == 0 ? 0 : error_errno(error, N_("cannot listen on port %u"), net_port(fd));
}

static struct in6_addr to_v6(const union address *address)
{
	struct in6_addr out = IN6ADDR_ANY_INIT;

	if (address->any.sa_family == AF_INET6)
		return address->v6.sin6_addr;
	if (address->any.sa_family == AF_INET) {
		out.s6_addr[10] = out.s6_addr[11] = 0xff;
		memcpy(&out.s6_addr[12], &address->v4.sin_addr, 4);
	}
	return out;
}

uint16_t net_port(int fd)
{
	union address address;
	socklen_t len = sizeof(address);

	memset(&address, 0, sizeof(address));
	if (getsockname(fd, &address.any, &len) != 0)
		return 0;
	return ntohs(
	    address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

int net_accept(int listen_fd, int *fd, struct in6_addr *peer)
{
	union address address;
	socklen_t len = sizeof(address);
	int on = 1;

	memset(&address, 0, sizeof(address));
	*fd = accept4(listen_fd, &address.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (*fd < 0)
		return -1;
	/* Replies are sent in whole batches, so a delay to collect more is useless. */
	setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	*peer = to_v6(&address);
	return 0;
}

struct in6_addr net_network(const struct in6_addr *address)
{
	struct in6_addr network = *address;

	if (!IN6_IS_ADDR_V4MAPPED(address))
		memset(network.s6_addr + 8, 0, 8);
	return network;
}

char *net_address_text(char out[NET_ADDRESS_MAX], const struct in6_addr *address)
{
	bool v4 = IN6_IS_ADDR_V4MAPPED(address);
	const void *bytes = v4 ? (const void *)&address->s6_addr[12] : address;

	if (inet_ntop(v4 ? AF_INET : AF_INET6, bytes, out, NET_ADDRESS_MAX) == NULL)
		snprintf(out, NET_ADDRESS_MAX, "?");
	return out;
}

char *net_address_literal(char out[NET_ADDRESS_MAX], const struct in6_addr *address)
{
	char text[NET_ADDRESS_MAX];

	net_address_text(text, address);
	snprintf(out, NET_ADDRESS_MAX, IN6_IS_ADDR_V4MAPPED(address) ? "[%s]" : "[IPv6:%s]", text);
	return out;
}

/* "[::1]:25" -> "::1" */
static void split_host(const char *text, char *out, size_t size)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon == NULL ? strlen(text) : (size_t)(colon - text);

	if (text[0] == '[') {
		text++;
		len = strcspn(text, "]");
	}
	snprintf(out, size, "%.*s", (int)len, text);
}

/* A UDP socket that is connected has looked up its route and sent nothing. */
static bool has_route(const struct addrinfo *info)
{
	int fd = socket(info->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), saved;
	bool good = fd >= 0 && connect(fd, info->ai_addr, info->ai_addrlen) == 0;

	saved = errno;
	if (fd >= 0)
		close(fd);
	errno = saved;
	return good;
}

enum net_reach net_route(const char *host_and_port, struct error *error)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
	struct addrinfo *found, *info;
	char host[256];
	bool good = false;

	split_host(host_and_port, host, sizeof(host));
	if (getaddrinfo(host, "9", &hints, &found) != 0)
		return NET_UNKNOWN_NAME;
	for (info = found; info != NULL && !good; info = info->ai_next)
		good = has_route(info);
	if (!good)
		error_errno(error, "%s", host);
	freeaddrinfo(found);
	return good ? NET_HAS_ROUTE : NET_HAS_NO_ROUTE;
}
