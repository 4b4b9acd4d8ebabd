/*
 * What `lanpost status` shows, gathered from the spool.
 */
#ifndef LANPOST_GATEWAY_STATUS_H
#define LANPOST_GATEWAY_STATUS_H

#include "config/conf.h"

#include <jansson.h>

struct status_facts {
	int64_t since;	     /* when the gateway started */
	int64_t next;	     /* next session by schedule, 0: none */
	const char *session; /* id of the one that runs, NULL: none */
	int pid;
	size_t clients; /* connected to the LAN server */
};

/* The answer to the verb `status`, the caller's. Reads mailboxes and queue, so it may take a while: run it in
 * a process of its own. */
json_t *status_build(const struct conf *conf, const struct status_facts *facts);

#endif
