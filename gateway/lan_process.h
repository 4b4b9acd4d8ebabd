/*
 * The LAN server as a process: opens the spool for it and runs it until the supervisor says stop.
 */
#ifndef LANPOST_GATEWAY_LAN_PROCESS_H
#define LANPOST_GATEWAY_LAN_PROCESS_H

#include "config/conf.h"
#include "gateway/listeners.h"

struct lan_job {
	struct conf *conf; /* the child's own copy: the server takes it over */
	const char *conf_path;
	const struct listeners *listeners;
	int auth_fd; /* to the process that holds the verifiers */
};

/* A child_fn; context is a struct lan_job. SIGTERM stops it, SIGHUP makes it read the configuration again. It tells
 * {"event":"trigger"} when mail to the daemon has come. */
int lan_process_run(void *context, int event_fd);

#endif
