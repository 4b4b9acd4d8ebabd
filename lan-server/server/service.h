/*
 * How a session starts a dialogue in the protocol of its port: the hooks that a core (smtp/, pop3/, imap/) gets from the server.
 * One struct service per protocol, in service_NAME.c; lan_kind.c has the ports.
 */
#ifndef LANPOST_LAN_SERVER_SERVICE_H
#define LANPOST_LAN_SERVER_SERVICE_H

#include "lan-server/dialogue.h"
#include "lan-server/server/admission.h"

struct session;

struct service {
	struct dialogue *(*begin)(struct session *session);
	/* Called after the dialogue is freed. */
	void (*end)(struct session *session);
	/* The line, with its end, for a refused client; by enum admission. */
	const char *refusals[ADMISSION_ANSWERS];
};

extern const struct service service_smtp, service_pop3, service_imap;

#endif
