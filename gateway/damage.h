/*
 * What was set aside because it is damaged, told to postmaster.
 */
#ifndef LANPOST_GATEWAY_DAMAGE_H
#define LANPOST_GATEWAY_DAMAGE_H

#include "config/conf.h"
#include "spool/intake.h"

/* Tells of all that lies in queue/corrupt and was not told of before, in one letter. */
void damage_report(const struct conf *conf, struct intake *intake, struct state *state,
    const char *session);

#endif
