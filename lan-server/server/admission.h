/*
 * Which clients the IP filter accepts, and how often refusals are logged. connections.h counts
 * connections.
 *
 * Not locked: the accepting thread has its own notes, and connections.h has some for the sessions.
 */
#ifndef LANPOST_LAN_SERVER_ADMISSION_H
#define LANPOST_LAN_SERVER_ADMISSION_H

#include "config/conf.h"

enum admission {
	ADMISSION_GRANTED,
	ADMISSION_DENIED,      /* refused by the IP filter */
	ADMISSION_FULL,        /* max_sessions */
	ADMISSION_FULL_FOR_IP, /* max_sessions_per_ip */
	ADMISSION_FULL_FOR_NETWORK, /* max_sessions_per_network */
	ADMISSION_BROKEN,      /* no thread could be created */
	ADMISSION_ANSWERS,
};

/* The OMS algorithm: no allow entry matches: denied; a deny entry matches: denied; else
 * accepted. */
enum admission admission_check(const struct conf_lan *lan, const struct in6_addr *client);
const char *admission_reason(enum admission answer); /* for the log */

/* Records the recently logged clients, so that a flood of refusals or failed handshakes does not flood the log. */
#define ADMISSION_NOTES 64
struct admission_notes {
	struct {
		struct in6_addr network;
		int64_t until;
	} items[ADMISSION_NOTES];
	size_t next;
};
/* True if a refusal of this client should be logged: once a minute for a network (net_network), ADMISSION_NOTES times a minute for all. */
bool admission_should_log(struct admission_notes *notes, const struct in6_addr *client, int64_t now_ms);

#endif
