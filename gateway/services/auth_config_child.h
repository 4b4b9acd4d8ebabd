/*
 * Makes the config (lan-server/login/auth_config.h) in a process that lives for this alone: it sees to the certificate, reads the private key,
 * and ends. So the supervisor, from which all other processes are forked, never has the key in its memory.
 */
#ifndef LANPOST_GATEWAY_AUTH_CONFIG_CHILD_H
#define LANPOST_GATEWAY_AUTH_CONFIG_CHILD_H

#include "config/conf.h"
#include "lan-server/login/auth_config.h"

/* Returns a descriptor of sealed memory that holds the config, or -1. A certificate that cannot be used is not an error: the config says so,
 * and so will the LAN server. Waits for the process, not without end. */
int auth_config_make(const struct conf *conf, const char salt_key[AUTH_SALT_KEY_LEN], struct slice notes, struct error *error);

#endif
