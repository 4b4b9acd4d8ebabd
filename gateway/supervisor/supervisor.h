/*
 * The supervisor: binds the ports, holds the spool, keeps the schedule, answers the control socket, and keeps the LAN
 * server and the sessions running. It parses no mail, speaks with no mail client, starts no thread.
 */
#ifndef LANPOST_GATEWAY_SUPERVISOR_H
#define LANPOST_GATEWAY_SUPERVISOR_H

#include "config/conf.h"
#include "gateway/process/privileges.h"

/* Runs until SIGTERM, SIGINT or `lanpost stop`. Takes conf over. path: of the configuration, for reloads.
 * privileges: whom to become once the ports are bound, before the spool is touched. Returns the exit code of the program. */
int supervisor_run(struct conf *conf, const char *path, const struct privileges *privileges);

#endif
