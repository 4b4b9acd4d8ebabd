#include "base/lan_address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

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

void lan_addresses(struct strlist *out)
{
	const unsigned unwanted = IFF_LOOPBACK | IFF_POINTOPOINT;
	struct ifaddrs *interfaces = NULL;

	if (getifaddrs(&interfaces) != 0)
		return;
	for (const struct ifaddrs *at = interfaces; at != NULL; at = at->ifa_next) {
		const struct sockaddr_in *address = (const void *)at->ifa_addr;
		char text[INET_ADDRSTRLEN];

		if (at->ifa_addr != NULL && at->ifa_addr->sa_family == AF_INET && (at->ifa_flags & IFF_UP) != 0 &&
		    (at->ifa_flags & unwanted) == 0 && !lan_is_virtual(at->ifa_name) && is_private(ntohl(address->sin_addr.s_addr)) &&
		    inet_ntop(AF_INET, &address->sin_addr, text, sizeof(text)) != NULL && !strlist_has(out, text))
			strlist_add(out, text);
	}
	freeifaddrs(interfaces);
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
