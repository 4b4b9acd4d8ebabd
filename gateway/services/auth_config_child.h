/*
 * Creates the config (lan-server/login/auth_config.h) in a short-lived process: it creates or renews the certificate,
 * reads the private key, and ends. So the supervisor, from which all other processes are forked, never has the key in its
 * memory.
 */
#ifndef LANPOST_GATEWAY_AUTH_CONFIG_CHILD_H
#define LANPOST_GATEWAY_AUTH_CONFIG_CHILD_H

#include "config/conf.h"
#include "lan-server/login/auth_config.h"

/* Returns a descriptor of sealed memory with the config, or -1. An unusable certificate is not an error: the config and
 * the LAN server report it. Waits for the process, with a time limit. */
int auth_config_make(const struct conf *conf, const char salt_key[AUTH_SALT_KEY_LEN], struct slice notes, struct error *error);

#endif
