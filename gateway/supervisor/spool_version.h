/*
 * The format version of a spool, so that an older program does not damage the data of a newer
 * one.
 */
#ifndef LANPOST_GATEWAY_SPOOL_VERSION_H
#define LANPOST_GATEWAY_SPOOL_VERSION_H

#include "spool/spool.h"

/* 2: folders of mailboxes, and changes of messages in them (spool/fact.h). */
#define SPOOL_VERSION 2

/* Reads `<spool>/version`, and writes ours if it does not exist or is older: this program reads all older formats. Returns -1 if the
 * spool has a later one. */
int spool_version_check(const struct spool *spool, struct error *error);

#endif
