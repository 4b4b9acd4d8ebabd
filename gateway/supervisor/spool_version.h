/*
 * The format of a spool, so that an older program does not spoil what a newer one wrote.
 */
#ifndef LANPOST_GATEWAY_SPOOL_VERSION_H
#define LANPOST_GATEWAY_SPOOL_VERSION_H

#include "spool/spool.h"

#define SPOOL_VERSION 1

/* Reads `<spool>/version`, or writes it where none exists yet. -1 if the spool is of a later format. */
int spool_version_check(const struct spool *spool, struct error *error);

#endif
