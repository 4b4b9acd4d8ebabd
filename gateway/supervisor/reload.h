/*
 * Reading the configuration for a running gateway: a broken one keeps the old.
 */
#ifndef LANPOST_GATEWAY_RELOAD_H
#define LANPOST_GATEWAY_RELOAD_H

#include "config/conf.h"

/* Reads and checks everything, rules included; each problem is logged. Returns NULL, with the first problem in
 * *error, if there is any. old: what runs now, NULL at start; what cannot change while running is refused. */
struct conf *reload_read(const char *path, const struct conf *old, struct error *error);

#endif
