#include "ui-tui/wizard/first_start.h"

#include "base/net/lan_address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* RFC 1918, and link-local. */
static bool is_private(uint32_t address)
{
	return address >> 24 == 10 || address >> 20 == (172 << 4 | 1) || address >> 16 == (192 << 8 | 168) ||
	       address >> 16 == (169 << 8 | 254);
}

static void add_network(uint32_t address, uint32_t mask, struct buf *out)
{
	struct in_addr network = {.s_addr = htonl(address & mask)};
	char text[INET_ADDRSTRLEN], item[64];

	inet_ntop(AF_INET, &network, text, sizeof(text));
	snprintf(item, sizeof(item), ", %s/%d", text, __builtin_popcount(mask));
	if (strstr(buf_text(out), item) == NULL)
		buf_append_text(out, item);
}

void first_start_networks(struct buf *out)
{
	struct ifaddrs *interfaces = NULL;

	buf_append_text(out, "127.0.0.0/8, ::1/128");
	if (getifaddrs(&interfaces) != 0)
		return;
	for (const struct ifaddrs *at = interfaces; at != NULL; at = at->ifa_next) {
		uint32_t address;

		if (at->ifa_addr == NULL || at->ifa_netmask == NULL || at->ifa_addr->sa_family != AF_INET ||
		    (at->ifa_flags & IFF_LOOPBACK) != 0)
			continue;
		address = ntohl(((const struct sockaddr_in *)(const void *)at->ifa_addr)->sin_addr.s_addr);
		if (is_private(address))
			add_network(address, ntohl(((const struct sockaddr_in *)(const void *)at->ifa_netmask)->sin_addr.s_addr), out);
	}
	freeifaddrs(interfaces);
}

void first_start_address(struct buf *out)
{
	struct strlist addresses = {NULL, 0};

	lan_addresses(&addresses);
	if (addresses.count > 0)
		buf_append_text(out, addresses.items[0]);
	strlist_clear(&addresses);
}

bool first_start_port_is_free(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	bool is_free;

	if (fd < 0)
		return false;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	is_free = bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 1) == 0;
	close(fd);
	return is_free;
}
