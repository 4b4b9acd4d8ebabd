/*
 * The answer of `lanpost status`, collected from the spool.
 */
#ifndef LANPOST_GATEWAY_STATUS_H
#define LANPOST_GATEWAY_STATUS_H

#include "config/conf.h"

#include "gateway/report/scanner_report.h"

#include <jansson.h>

struct status_facts {
	int64_t since;	     /* when the gateway started */
	int64_t next;	     /* next scheduled session, 0: none */
	const char *session; /* id of the running session, NULL: none */
	int pid;
	size_t clients; /* clients of the LAN server */
	const struct scanner_watch *scanners; /* one for each [scanner]; NULL: not known */
	const json_t *watched; /* by name of account: gateway/session/line_watch.h; NULL: nothing is known */
};

/* The answer to the verb `status`, owned by the caller. Reads mailboxes and queue, which may take a while:
 * called in a separate process. */
json_t *status_build(const struct conf *conf, const struct status_facts *facts);

#endif
