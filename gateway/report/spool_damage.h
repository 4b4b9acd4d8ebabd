/*
 * Reports damaged files that were set aside to postmaster.
 */
#ifndef LANPOST_GATEWAY_SPOOL_DAMAGE_H
#define LANPOST_GATEWAY_SPOOL_DAMAGE_H

#include "config/conf.h"
#include "spool/storage/storage.h"

/* Reports that state.db was created again, and everything in queue/corrupt that was not reported before, in one message.
 * The session may be "". */
void spool_damage_report(const struct conf *conf, struct spool *spool, const char *session);

#endif
