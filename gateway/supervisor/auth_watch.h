/*
 * Checks that the password process still answers: asks it periodically, as the LAN server does. A process that hangs
 * without dying would block every login.
 */
#ifndef LANPOST_GATEWAY_AUTH_WATCH_H
#define LANPOST_GATEWAY_AUTH_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#define AUTH_WATCH_EVERY_MS 5000
/* Together with the interval, as long as a client waits for an answer (lan-server/login/auth.c). The question needs no
 * hash, so it does not wait for passwords that are being checked. */
#define AUTH_WATCH_PATIENCE_MS 15000

struct auth_watch {
	int fd;	       /* the socket for the answer; -1: no question is pending */
	int64_t since; /* monotonic time of the question, also if it could not be sent; 0: none */
	int64_t next;  /* when the next question is due */
};
#define AUTH_WATCH_INIT {.fd = -1}

/* Reads an answer and asks when due; lan_fd is the LAN server's end of their socket. Returns false if no answer came in
 * time: the process must be ended. */
bool auth_watch_look(struct auth_watch *watch, int lan_fd, int64_t now);
/* The latest time of the next call (monotonic); earlier when watch->fd is readable. */
int64_t auth_watch_due(const struct auth_watch *watch);
/* Call this when another process starts or none runs: resets the pending question. */
void auth_watch_reset(struct auth_watch *watch, int64_t now);

#endif
