/*
 * Whether the process that checks passwords still answers: a question now and then, as the LAN server asks them. One that hangs without
 * dying would keep every user out.
 */
#ifndef LANPOST_GATEWAY_AUTH_WATCH_H
#define LANPOST_GATEWAY_AUTH_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#define AUTH_WATCH_EVERY_MS 5000
/* With the pause before it, as long as a client waits for an answer (lan-server/login/auth.c). The question needs no hash, so it does not wait
 * behind passwords that are checked. */
#define AUTH_WATCH_PATIENCE_MS 15000

struct auth_watch {
	int fd;	       /* where the answer comes; -1: nothing is asked */
	int64_t since; /* monotonic: when it was asked, or could not be; 0: nothing is asked */
	int64_t next;  /* when the next question is due */
};
#define AUTH_WATCH_INIT {.fd = -1}

/* Looks and asks; lan_fd is the LAN server's end of their socket. Returns false if no answer has come in time: the process is to be ended. */
bool auth_watch_look(struct auth_watch *watch, int lan_fd, int64_t now);
/* When to look again at the latest (monotonic). Before that, when watch->fd is readable. */
int64_t auth_watch_due(const struct auth_watch *watch);
/* Another process begins, or none runs: forgets what was asked. */
void auth_watch_reset(struct auth_watch *watch, int64_t now);

#endif
