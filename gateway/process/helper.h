/*
 * A helper process of a session, which has data that the session must not have, or does work that the session must not do.
 *
 * It is forked while the session has one thread, does nothing itself, and forks a worker for each conversation. So the
 * crash or compromise of a worker affects only that one conversation. All of them end with the session.
 */
#ifndef LANPOST_GATEWAY_HELPER_H
#define LANPOST_GATEWAY_HELPER_H

#include "base/err.h"

#include <pthread.h>
#include <stdint.h>
#include <sys/types.h>

struct helper {
	const char *name;
	pid_t pid; /* 0: it was not started */
	int fd;
	pthread_mutex_t lock;
	uint32_t last; /* conversation */
	bool is_gone;  /* its crash was noticed and reported */
};

struct conversation {
	int fd; /* base/net/frame.h; -1: none */
	uint32_t id;
};
#define CONVERSATION_NONE {.fd = -1}

struct helper_job {
	const char *name; /* of the process, in `ps` and in the log */
	void (*begin)(void *context); /* once, in the helper, before any conversation; may be NULL */
	void (*serve)(void *context, int fd); /* in the worker: handles one conversation, until the other side is gone */
	void *context;
	size_t most; /* maximum number of simultaneous conversations */
};

/* Forks the helper. It keeps the standard descriptors and the log; all other descriptors are
 * closed in it. */
int helper_start(struct helper *helper, const struct helper_job *job, struct error *error);
/* Begins a conversation; from any thread. Returns -1 if the helper is gone. */
int helper_converse(struct helper *helper, struct conversation *conversation, struct error *error);
/* Ends a conversation; the worker notices it and exits. */
void helper_hang_up(struct conversation *conversation);
/* Ends a conversation and kills the worker. */
void helper_kill(struct helper *helper, struct conversation *conversation);
/* Ends the helper with all its workers. A helper that hangs ends with this process. */
void helper_stop(struct helper *helper);

#endif
