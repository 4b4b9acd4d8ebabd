/*
 * Access to the spool: only its owner. Files of older versions are closed, too.
 */
#ifndef LANPOST_GATEWAY_SPOOL_MODES_H
#define LANPOST_GATEWAY_SPOOL_MODES_H

#include "spool/spool.h"

#include <stdbool.h>

/* Restricts the spool, and each file and folder directly in it, to the owner: nothing below such a folder can be reached.
 * Failures are logged. */
void spool_modes_close(const struct spool *spool);
/* Allows the group CTL_GROUP, if it exists, to use the control socket of the service, and to pass through the spool to it,
 * by access control lists. Everything else in the spool is closed to it. */
void spool_modes_share_socket(const struct spool *spool);

#endif
