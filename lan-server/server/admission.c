#include "lan-server/server/admission.h"

#include "base/net/net.h"

#define QUIET_MS (60 * 1000)

enum admission admission_check(const struct conf_lan *lan, const struct in6_addr *client)
{
	bool is_allowed = conf_nets_have(&lan->allow, client) && !conf_nets_have(&lan->deny, client);

	return is_allowed ? ADMISSION_GRANTED : ADMISSION_DENIED;
}

const char *admission_reason(enum admission answer)
{
	static const char *const reasons[ADMISSION_ANSWERS] = {
	    [ADMISSION_DENIED] = "ip filter",
	    [ADMISSION_FULL] = "max_sessions",
	    [ADMISSION_FULL_FOR_IP] = "max_sessions_per_ip",
	    [ADMISSION_FULL_FOR_NETWORK] = "max_sessions_per_network",
	    [ADMISSION_BROKEN] = "no thread",
	};

	return reasons[answer];
}

bool admission_should_log(struct admission_notes *notes, const struct in6_addr *client, int64_t now_ms)
{
	struct in6_addr network = net_network(client);

	for (size_t i = 0; i < ADMISSION_NOTES; i++)
		if (notes->items[i].until > now_ms && IN6_ARE_ADDR_EQUAL(&notes->items[i].network, &network))
			return false;
	if (notes->items[notes->next].until > now_ms)
		return false;
	notes->items[notes->next].network = network;
	notes->items[notes->next].until = now_ms + QUIET_MS;
	notes->next = (notes->next + 1) % ADMISSION_NOTES;
	return true;
}
