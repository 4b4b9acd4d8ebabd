/*
 * What was set aside because it is damaged, reported to postmaster.
 */
#ifndef LANPOST_GATEWAY_DAMAGE_H
#define LANPOST_GATEWAY_DAMAGE_H

#include "config/conf.h"
#include "spool/log/intake.h"

/* Reports all that is in queue/corrupt and was not reported before, in one message. */
void damage_report(const struct conf *conf, struct intake *intake, struct state *state,
    const char *session);

#endif
