/*
 * The LAN server as a process: opens the spool for it and runs it until the supervisor stops it.
 */
#ifndef LANPOST_GATEWAY_LAN_PROCESS_H
#define LANPOST_GATEWAY_LAN_PROCESS_H

#include "gateway/process/child.h"
#include "gateway/services/listeners.h"

/* Its descriptors besides CHILD_FD_EVENTS and CHILD_FD_DOING. */
enum {
	LAN_FD_VIEW = CHILD_FDS, /* of the configuration (config/conf_view.h) */
	LAN_FD_AUTH,		 /* to the process that holds the verifiers */
	LAN_FD_FILTER,		 /* to the process that asks the scanners */
	LAN_FD_LISTENERS,	 /* and the following ones */
};

struct lan_job {
	const struct lan_listener *listeners;
	size_t listener_count;
};

/* Returns the exit code. SIGTERM stops it; a descriptor received over its event socket is a new view. It reports
 * {"event":"trigger"} for mail to the daemon, {"event":"urgent"} for an urgent message, and with `fetch_on_login` {"event":"login"} with the "user". */
int lan_process_run(const struct lan_job *job);

#endif
