/*
 * What a session may still do when a provider's reply or a message has taken it over: it reads and writes the spool and the log, reads the
 * certificates and keys that its servers and signatures need, and connects anywhere. It starts no program, reads no configuration (which
 * has the passwords), takes no connection and signals nobody.
 */
#ifndef LANPOST_GATEWAY_SESSION_SANDBOX_H
#define LANPOST_GATEWAY_SESSION_SANDBOX_H

#include "config/conf.h"

/* While it has one thread. */
void session_sandbox_enter(const struct conf *conf);

#endif
