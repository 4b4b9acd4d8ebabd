#include "base/net/lan_address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define INTERFACES_MAX 256 /* limit of addresses that are checked */

static bool is_private(uint32_t address)
{
	return address >> 24 == 10 || address >> 20 == (172 << 4 | 1) || address >> 16 == (192 << 8 | 168);
}

bool lan_is_virtual(const char *interface)
{
	static const char *const prefixes[] = {"docker", "br-", "veth", "virbr", "lxcbr", "podman", "cni", NULL};

	for (size_t i = 0; prefixes[i] != NULL; i++)
		if (strncmp(interface, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

static bool is_of_lan(int fd, const struct ifreq *interface)
{
	const unsigned unwanted = IFF_LOOPBACK | IFF_POINTOPOINT;
	struct ifreq asked = *interface;
	unsigned flags;

	if (lan_is_virtual(interface->ifr_name) || ioctl(fd, SIOCGIFFLAGS, &asked) != 0)
		return false;
	flags = (unsigned short)asked.ifr_flags;
	return (flags & IFF_UP) != 0 && (flags & unwanted) == 0;
}

/* getifaddrs() is not used: it needs a netlink socket, which the service may not create. */
void lan_addresses(struct strlist *out)
{
	struct ifreq interfaces[INTERFACES_MAX];
	struct ifconf list = {.ifc_len = sizeof(interfaces), .ifc_req = interfaces};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCGIFCONF, &list) != 0)
		list.ifc_len = 0;
	for (size_t i = 0; i < (size_t)list.ifc_len / sizeof(interfaces[0]); i++) {
		struct sockaddr_in address;
		char text[INET_ADDRSTRLEN];

		memcpy(&address, &interfaces[i].ifr_addr, sizeof(address));
		if (address.sin_family == AF_INET && is_private(ntohl(address.sin_addr.s_addr)) && is_of_lan(fd, &interfaces[i]) &&
		    inet_ntop(AF_INET, &address.sin_addr, text, sizeof(text)) != NULL && !strlist_has(out, text))
			strlist_add(out, text);
	}
	if (fd >= 0)
		close(fd);
}

bool lan_knows(const char *name)
{
	const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
	struct strlist ours = {NULL, 0};
	struct addrinfo *found = NULL;
	bool knows = false;

	lan_addresses(&ours);
	if (ours.count > 0 && getaddrinfo(name, NULL, &hints, &found) == 0)
		for (const struct addrinfo *at = found; at != NULL; at = at->ai_next) {
			const struct sockaddr_in *address = (const void *)at->ai_addr;
			char text[INET_ADDRSTRLEN];

			if (inet_ntop(AF_INET, &address->sin_addr, text, sizeof(text)) != NULL && strlist_has(&ours, text))
				knows = true;
		}
	if (found != NULL)
		freeaddrinfo(found);
	strlist_clear(&ours);
	return knows;
}
