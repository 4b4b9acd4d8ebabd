/*
 * Flushing the queue: each waiting message to its smarthost, each recipient's fate into the log.
 *
 * One connection a smarthost, many messages a connection. A message's outcome is durable before the next message's bytes
 * go out, so that a crash leaves at most one in doubt. When a smarthost cannot be reached or refuses the login
 * its entries are not touched at all.
 */
#ifndef LANPOST_GATEWAY_OUTBOUND_H
#define LANPOST_GATEWAY_OUTBOUND_H

#include "config/conf.h"
#include "mail/intake.h"

#include <stdatomic.h>

struct outbound_job {
	const struct conf *conf;
	struct intake *intake;
	struct state *state;
	const char *session;
	bool all; /* also those whose next attempt is not due */
	void (*progress)(void *context, size_t done, size_t total); /* may be NULL */
	void *context;
	const atomic_bool *cancel; /* may be NULL */
};

struct outbound_result {
	size_t sent, refused, deferred; /* messages; one with several fates counts as the worst */
};

/* Returns -1 if a smarthost failed as a whole (the first such error; the others were tried) or our disk did.
 * *result is filled in either case. */
int outbound_flush(const struct outbound_job *job, struct outbound_result *result,
    struct error *error);

#endif
