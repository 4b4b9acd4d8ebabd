/*
 * Who may enter the spool: its owner. What older versions have made is closed, too.
 */
#ifndef LANPOST_GATEWAY_SPOOL_MODES_H
#define LANPOST_GATEWAY_SPOOL_MODES_H

#include "spool/spool.h"

#include <stdbool.h>

/* Closes the spool, and each file and folder directly in it, to everybody but the owner: nothing below a closed folder can be
 * reached. What cannot be closed is logged. */
void spool_modes_close(const struct spool *spool);
/* Lets the group CTL_GROUP, where there is one, use the control socket of the service, and pass through the spool to it: by access
 * control lists. Everything else in the spool is closed to it. */
void spool_modes_share_socket(const struct spool *spool);

#endif
