/*
 * How a session begins a dialogue in the protocol of its port: what a core (smtp/, pop3/) gets of the server. One struct service for
 * each protocol, in service_NAME.c; lan_kind.c has the ports.
 */
#ifndef LANPOST_LAN_SERVER_SERVICE_H
#define LANPOST_LAN_SERVER_SERVICE_H

#include "lan-server/dialogue.h"
#include "lan-server/server/admission.h"

struct session;

struct service {
	struct dialogue *(*begin)(struct session *session);
	/* When the dialogue has been freed. */
	void (*end)(struct session *session);
	/* The line, with its end, for a client who may not come in; by enum admission. */
	const char *refusals[ADMISSION_ANSWERS];
};

extern const struct service service_smtp, service_pop3;

#endif
