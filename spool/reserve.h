/*
 * Free space on the spool's disk. Messages are not accepted into the last part of it; a few MiB are kept in
 * `<spool>/reserve` in case another program fills the disk: when released, they let the gateway start and users delete
 * messages.
 */
#ifndef LANPOST_SPOOL_RESERVE_H
#define LANPOST_SPOOL_RESERVE_H

#include "spool/spool.h"

#include <stdbool.h>
#include <stdint.h>

/* Whether messages of this many bytes may be accepted. A disk on which no more files can be made is full, too. */
bool reserve_has_room(const struct spool *spool, uint64_t bytes);
/* Whether free space is close to the minimum. */
bool reserve_has_few_files(const struct spool *spool);
/* Creates the reserve if it does not exist and the disk has enough free space. */
void reserve_keep(const struct spool *spool);
/* Releases it if error is a full disk. Returns true if there is room now, so that the failed operation may be
 * retried. */
bool reserve_spend(const struct spool *spool, const struct error *error);

#endif
