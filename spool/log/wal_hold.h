/*
 * Holds the log: while a backup copies the spool, no segment is retired.
 */
#ifndef LANPOST_SPOOL_WAL_HOLD_H
#define LANPOST_SPOOL_WAL_HOLD_H

#include "spool/spool.h"

/* For a backup: waits until no process retires segments, and prevents it from then on. Returns a descriptor; closing it
 * releases the log. -1 on failure. */
int wal_hold(const struct spool *spool, struct error *error);
/* For code that retires segments: returns 0 and a descriptor to be closed afterwards; 1 if the log is held; -1 on
 * failure. */
int wal_retire_begin(const struct spool *spool, int *fd, struct error *error);

#endif
