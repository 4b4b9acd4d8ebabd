#include "lan-server/server/door.h"

#include "base/net/net.h"

#define QUIET_MS (60 * 1000)

enum door_answer door_check(const struct conf_lan *lan, const struct in6_addr *client)
{
	bool is_allowed = conf_nets_have(&lan->allow, client) && !conf_nets_have(&lan->deny, client);

	return is_allowed ? DOOR_OPEN : DOOR_DENIED;
}

const char *door_reason(enum door_answer answer)
{
	static const char *const reasons[DOOR_ANSWERS] = {
	    [DOOR_DENIED] = "ip filter",
	    [DOOR_FULL] = "max_sessions",
	    [DOOR_FULL_FOR_IP] = "max_sessions_per_ip",
	    [DOOR_FULL_FOR_NETWORK] = "max_sessions_per_network",
	    [DOOR_BROKEN] = "no thread",
	};

	return reasons[answer];
}

bool door_should_log(struct door_notes *notes, const struct in6_addr *client, int64_t now_ms)
{
	struct in6_addr network = net_network(client);

	for (size_t i = 0; i < DOOR_NOTES; i++)
		if (notes->items[i].until > now_ms && IN6_ARE_ADDR_EQUAL(&notes->items[i].network, &network))
			return false;
	if (notes->items[notes->next].until > now_ms)
		return false;
	notes->items[notes->next].network = network;
	notes->items[notes->next].until = now_ms + QUIET_MS;
	notes->next = (notes->next + 1) % DOOR_NOTES;
	return true;
}
