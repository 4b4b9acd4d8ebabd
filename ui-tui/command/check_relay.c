#include "ui-tui/command/check_relay.h"

#include "base/i18n.h"
#include "base/net/lan_address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <net/route.h>
#include <stdio.h>

static bool is_let_in(const struct conf_lan *lan, struct in_addr address)
{
	struct in6_addr mapped = {0};

	mapped.s6_addr[10] = mapped.s6_addr[11] = 0xff;
	memcpy(&mapped.s6_addr[12], &address, sizeof(address));
	return conf_nets_have(&lan->allow, &mapped) && !conf_nets_have(&lan->deny, &mapped);
}

static bool is_loopback(const char *listen)
{
	return strncmp(listen, "127.", 4) == 0 || strcmp(listen, "::1") == 0;
}

/* Whether mail from the LAN is sent outside without a login. */
static bool relays(const struct conf *conf)
{
	const struct conf_lan *lan = &conf->lan;
	bool listens = false;

	for (size_t i = 0; i < lan->listen.count; i++)
		listens = listens || !is_loopback(lan->listen.items[i]);
	return listens && !lan->require_auth && conf->smarthost_count > 0 &&
	       (lan->smtp_port != 0 || lan->submission_port != 0 || lan->smtps_port != 0);
}

static void check_routers(const struct conf *conf, struct conf_problems *problems)
{
	const struct conf_place place = {conf->files.items[0], 0};
	FILE *routes = fopen("/proc/net/route", "re");
	char line[256], text[INET_ADDRSTRLEN];

	while (routes != NULL && fgets(line, sizeof(line), routes) != NULL) {
		unsigned destination, gateway, flags;
		struct in_addr address;

		if (sscanf(line, "%*s %x %x %x", &destination, &gateway, &flags) != 3 || destination != 0 || (flags & RTF_GATEWAY) == 0)
			continue;
		address.s_addr = gateway; /* in network order */
		if (is_let_in(&conf->lan, address) && inet_ntop(AF_INET, &address, text, sizeof(text)) != NULL)
			conf_problem_add(problems, place, true,
			    N_("[lan] require_auth = no, and allow includes the router %s: if it "
			       "forwards a port to this computer under its own address, anybody "
			       "outside can send mail through this gateway. Add %s to deny, or set "
			       "require_auth = yes"),
			    text, text);
	}
	if (routes != NULL)
		fclose(routes);
}

static void check_bridges(const struct conf *conf, struct conf_problems *problems)
{
	const struct conf_place place = {conf->files.items[0], 0};
	struct ifaddrs *interfaces = NULL;

	if (getifaddrs(&interfaces) != 0)
		return;
	for (const struct ifaddrs *at = interfaces; at != NULL; at = at->ifa_next) {
		const struct sockaddr_in *address = (const void *)at->ifa_addr;
		char text[INET_ADDRSTRLEN];

		if (at->ifa_addr != NULL && at->ifa_addr->sa_family == AF_INET && (at->ifa_flags & IFF_UP) != 0 &&
		    lan_is_virtual(at->ifa_name) && is_let_in(&conf->lan, address->sin_addr) &&
		    inet_ntop(AF_INET, &address->sin_addr, text, sizeof(text)) != NULL)
			conf_problem_add(problems, place, true,
			    N_("[lan] require_auth = no, and allow includes the network of %s (%s): "
			       "every container or virtual machine there can send mail through this "
			       "gateway. Add its network to deny, or set require_auth = yes"),
			    at->ifa_name, text);
	}
	freeifaddrs(interfaces);
}

void check_relay(const struct conf *conf, struct conf_problems *problems)
{
	if (!relays(conf))
		return;
	check_routers(conf, problems);
	check_bridges(conf, problems);
}
