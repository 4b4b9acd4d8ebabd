/*
 * The sandbox of the LAN server (gateway/process/sandbox.h).
 */
#ifndef LANPOST_GATEWAY_LAN_SANDBOX_H
#define LANPOST_GATEWAY_LAN_SANDBOX_H

#include "config/conf.h"

/* Restricts this process, which has state.db open. The rest of the spool is opened later, inside the sandbox, because
 * reading it means reading mail. */
void lan_sandbox_enter(const struct conf *conf);

#endif
