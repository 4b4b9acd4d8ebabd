/*
 * When the next session is due: pure arithmetic over [schedule] and the clock.
 */
#ifndef LANPOST_GATEWAY_SCHEDULE_H
#define LANPOST_GATEWAY_SCHEDULE_H

#include "config/conf.h"

/* Times are seconds since 1970, 0 is never. Both respect `days` and `holidays`, only the former respects `hours`: a time
 * in `at` is explicit. */

/* The first such time from `wall` on; 0 if there is none in the near future. */
int64_t schedule_next_allowed(const struct conf_schedule *schedule, int64_t wall);
/* When `every` seconds have passed since `last`, or the first allowed time after that; `now` if that is past. */
int64_t schedule_next_interval(const struct conf_schedule *schedule, int64_t every, int64_t last, int64_t now);
/* The first time of `at` after `after`, which may be long past. */
int64_t schedule_next_at(const struct conf_schedule *schedule, int64_t after);

#endif
