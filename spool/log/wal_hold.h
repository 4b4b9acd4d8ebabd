/*
 * Holding the log: while a backup copies the spool, no segment is retired.
 */
#ifndef LANPOST_SPOOL_WAL_HOLD_H
#define LANPOST_SPOOL_WAL_HOLD_H

#include "spool/spool.h"

/* For a backup: waits until nobody retires, and keeps all from it. Returns a descriptor; closing it lets go. -1 on failure. */
int wal_hold(const struct spool *spool, struct error *error);
/* For those who retire segments: 0 and a descriptor to be closed when that is done; 1 if the log is held; -1 on failure. */
int wal_retire_begin(const struct spool *spool, int *fd, struct error *error);

#endif
