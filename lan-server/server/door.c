#include "lan-server/server/door.h"

#include "base/net/net.h"

#define QUIET_MS (60 * 1000)

static const struct {
	const char *smtp, *pop3, *reason;
} answers[DOOR_ANSWERS] = {
    [DOOR_DENIED] = {"554 5.7.1 Access denied for your address\r\n",
        "-ERR [SYS/PERM] Access denied for your address\r\n", "ip filter"},
    [DOOR_FULL] = {"421 4.7.0 Too many connections, try again later\r\n",
        "-ERR [SYS/TEMP] Too many connections, try again later\r\n", "max_sessions"},
    [DOOR_FULL_FOR_IP] = {"421 4.7.0 Too many connections from your address\r\n",
        "-ERR [SYS/TEMP] Too many connections from your address\r\n", "max_sessions_per_ip"},
    [DOOR_FULL_FOR_NETWORK] = {"421 4.7.0 Too many sessions from your network\r\n",
        "-ERR [SYS/TEMP] Too many sessions from your network\r\n", "max_sessions_per_network"},
    [DOOR_BROKEN] = {"421 4.3.2 Service temporarily unavailable, try again later\r\n",
        "-ERR [SYS/TEMP] Service temporarily unavailable, try again later\r\n", "no thread"},
};

enum door_answer door_check(const struct conf_lan *lan, const struct in6_addr *client)
{
	bool is_allowed = conf_nets_have(&lan->allow, client) && !conf_nets_have(&lan->deny, client);

	return is_allowed ? DOOR_OPEN : DOOR_DENIED;
}

const char *door_refusal(enum door_answer answer, bool smtp)
{
	return smtp ? answers[answer].smtp : answers[answer].pop3;
}

const char *door_reason(enum door_answer answer)
{
	return answers[answer].reason;
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
