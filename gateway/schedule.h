/*
 * When the next session is due: pure arithmetic over [schedule] and the clock.
 */
#ifndef LANPOST_GATEWAY_SCHEDULE_H
#define LANPOST_GATEWAY_SCHEDULE_H

#include "config/conf.h"

/* The next moment (seconds since 1970) after `now` at which a session is due, 0 for never. every: seconds, 0 for
 * not by interval; last: when the last one began, 0 for none yet. `days` holds for both, `hours` for
 * `every` only: a time in `at` was meant. */
int64_t schedule_next(const struct conf_schedule *schedule, int64_t every, int64_t last, int64_t now);

#endif
