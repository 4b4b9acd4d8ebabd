/*
 * Limits how many accounts at one server are fetched at the same time: providers refuse many simultaneous
 * connections.
 *
 * A gate belongs to one session and is shared by its threads; its lock is never held during network I/O.
 */
#ifndef LANPOST_GATEWAY_SERVER_GATE_H
#define LANPOST_GATEWAY_SERVER_GATE_H

#include "base/str.h"

#include <pthread.h>
#include <stdatomic.h>

struct server_gate {
	pthread_mutex_t lock;
	pthread_cond_t left;
	struct strlist inside; /* one host per account that is being fetched */
	size_t max;	       /* 0: no limit */
};

void server_gate_init(struct server_gate *gate, size_t max);
void server_gate_clear(struct server_gate *gate);
/* Waits until a fetch from this host is allowed; returns false if *cancelled meanwhile. */
bool server_gate_enter(struct server_gate *gate, const char *host, const atomic_bool *cancelled);
void server_gate_leave(struct server_gate *gate, const char *host);

#endif
