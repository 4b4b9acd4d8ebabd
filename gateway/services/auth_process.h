/*
 * The process that holds the password verifiers and the TLS key: it answers the LAN server's questions
 * (lan-server/login/auth_wire.h), and does nothing else. It opens no file and no connection; the supervisor sends it
 * all data.
 */
#ifndef LANPOST_GATEWAY_AUTH_PROCESS_H
#define LANPOST_GATEWAY_AUTH_PROCESS_H

#include "config/conf.h"

struct auth_job {
	int fd;	       /* our end of the shared socket */
	struct conf *conf; /* the child's copy, with all secrets: wiped first */
};

/* A child_fn; context is a struct auth_job. Each byte on event_fd comes with the descriptor of a config
 * (lan-server/login/auth_config.h); the result is {"event":"loaded","tls":BOOLEAN} or {"event":"not-loaded"}.
 * {"event":"note","line":TEXT} asks the supervisor to store a note (lan-server/login/ban_notes.h). Ends with the
 * supervisor. */
int auth_process_run(void *context, int event_fd);
/* Called by the supervisor: sends a config over its end of that socket. */
int auth_process_send(int fd, int view_fd, struct error *error);

#endif
