/*
 * Reports to postmaster that a child of the supervisor has died, and what it was doing.
 */
#ifndef LANPOST_GATEWAY_CRASH_REPORT_H
#define LANPOST_GATEWAY_CRASH_REPORT_H

#include "base/process/doing.h"
#include "config/conf.h"

/* process: "lan" or "session"; status: as waitpid(2) gives it; doing: what it was at. */
void crash_report(const struct conf *conf, const char *process, int status, const struct doing *doing);
/* It has been well for a while. */
void crash_recovered(const struct conf *conf, const char *process);

#endif
