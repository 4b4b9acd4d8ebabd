/*
 * Who may come in by the IP filter, and how often the log reports who may not. Places are connections.h's.
 *
 * Used by the accepting thread alone.
 */
#ifndef LANPOST_LAN_SERVER_DOOR_H
#define LANPOST_LAN_SERVER_DOOR_H

#include "config/conf.h"

enum door_answer {
	DOOR_OPEN,
	DOOR_DENIED,      /* the IP filter says no */
	DOOR_FULL,        /* max_sessions */
	DOOR_FULL_FOR_IP, /* max_sessions_per_ip */
	DOOR_FULL_FOR_NETWORK, /* max_sessions_per_network */
	DOOR_BROKEN,      /* no thread could be made */
	DOOR_ANSWERS,
};

/* The OMS algorithm: no allow entry matches: denied; a deny entry matches: denied; else in. */
enum door_answer door_check(const struct conf_lan *lan, const struct in6_addr *client);
const char *door_reason(enum door_answer answer); /* for the log */

/* Remembers whom the log reported about lately, so that a flood of refusals is not one of log lines. */
#define DOOR_NOTES 64
struct door_notes {
	struct {
		struct in6_addr network;
		int64_t until;
	} items[DOOR_NOTES];
	size_t next;
};
/* True if a refusal of this client should be logged: once a minute for a network (net_network), DOOR_NOTES times a minute for all. */
bool door_should_log(struct door_notes *notes, const struct in6_addr *client, int64_t now_ms);

#endif
