/*
 * How many accounts at one server are fetched at the same time: providers refuse what comes in a crowd.
 *
 * A gate belongs to one session and is shared by its threads; its lock is never held while a server is waited for.
 */
#ifndef LANPOST_GATEWAY_SERVER_GATE_H
#define LANPOST_GATEWAY_SERVER_GATE_H

#include "base/str.h"

#include <pthread.h>
#include <stdatomic.h>

struct server_gate {
	pthread_mutex_t lock;
	pthread_cond_t left;
	struct strlist inside; /* a host for each account that is being fetched */
	size_t max;	       /* 0: no limit */
};

void server_gate_init(struct server_gate *gate, size_t max);
void server_gate_clear(struct server_gate *gate);
/* Waits until there is room at this host; false if *cancelled meanwhile. */
bool server_gate_enter(struct server_gate *gate, const char *host, const atomic_bool *cancelled);
void server_gate_leave(struct server_gate *gate, const char *host);

#endif
