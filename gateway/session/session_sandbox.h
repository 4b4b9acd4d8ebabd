/*
 * The sandbox of a session, in case a provider's reply or a message compromises it: it reads and writes the spool and the
 * log, reads the certificates and keys that its servers and signatures need, and connects anywhere. It runs no program,
 * reads no configuration (which has the passwords), accepts no connection and sends no signal.
 */
#ifndef LANPOST_GATEWAY_SESSION_SANDBOX_H
#define LANPOST_GATEWAY_SESSION_SANDBOX_H

#include "config/conf.h"

/* Called while it has one thread. */
void session_sandbox_enter(const struct conf *conf);
/* The same without the spool, and without keys of signatures: for the process that only waits at providers (line_watch.h). */
void session_sandbox_enter_watch(const struct conf *conf);

#endif
