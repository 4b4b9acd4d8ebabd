/*
 * What the LAN server may still open and do (gateway/process/sandbox.h).
 */
#ifndef LANPOST_GATEWAY_LAN_SANDBOX_H
#define LANPOST_GATEWAY_LAN_SANDBOX_H

#include "config/conf.h"

/* Binds this process, which has state.db open. The rest of the spool is not open yet: what others' mail is in it is read inside. */
void lan_sandbox_enter(const struct conf *conf);

#endif
