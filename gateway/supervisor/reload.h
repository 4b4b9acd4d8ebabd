/*
 * Reads the configuration for a running gateway: if it has errors, the old one stays in use.
 */
#ifndef LANPOST_GATEWAY_RELOAD_H
#define LANPOST_GATEWAY_RELOAD_H

#include "config/conf.h"

/* Reads and checks everything, rules included; each problem is logged. Returns NULL with the first problem
 * in *error if there is an error. old: the present configuration, NULL at start; changes of settings that
 * need a restart are refused. */
struct conf *reload_read(const char *path, const struct conf *old, struct error *error);

#endif
