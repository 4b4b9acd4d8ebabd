/*
 * The supervisor: binds the ports, holds the spool, keeps the schedule, answers the control socket, and keeps the
 * LAN server and the sessions running. It parses no mail, talks to no mail client, starts no thread.
 */
#ifndef LANPOST_GATEWAY_SUPERVISOR_H
#define LANPOST_GATEWAY_SUPERVISOR_H

#include "config/conf.h"
#include "gateway/process/privileges.h"

/* Runs until SIGTERM, SIGINT or `lanpost stop`. Takes ownership of conf. path: of the configuration, for reloads.
 * privileges: the user to become after the ports are bound, before the spool is used. Returns the exit code of the
 * program. */
int supervisor_run(struct conf *conf, const char *path, const struct privileges *privileges);

#endif
