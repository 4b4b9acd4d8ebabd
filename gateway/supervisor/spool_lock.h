/*
 * One gateway per spool: `<spool>/lanpostd.lock`, locked for the life of the supervisor.
 */
#ifndef LANPOST_GATEWAY_SPOOL_LOCK_H
#define LANPOST_GATEWAY_SPOOL_LOCK_H

#include "spool/spool.h"

/* Takes the lock and writes our pid into the file. On failure the error names the process that
 * has the lock. */
int spool_lock(const struct spool *spool, int *fd, struct error *error);
void spool_unlock(const struct spool *spool, int fd);

#endif
