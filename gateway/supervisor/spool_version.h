/*
 * The format version of a spool, so that an older program does not damage the data of a newer
 * one.
 */
#ifndef LANPOST_GATEWAY_SPOOL_VERSION_H
#define LANPOST_GATEWAY_SPOOL_VERSION_H

#include "spool/spool.h"

#define SPOOL_VERSION 1

/* Reads `<spool>/version`, or writes it if it does not exist. Returns -1 if the spool has a later
 * format. */
int spool_version_check(const struct spool *spool, struct error *error);

#endif
