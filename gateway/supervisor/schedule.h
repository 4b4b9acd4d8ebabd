/*
 * When the next session is due: pure arithmetic over [schedule] and the clock.
 */
#ifndef LANPOST_GATEWAY_SCHEDULE_H
#define LANPOST_GATEWAY_SCHEDULE_H

#include "config/conf.h"

/* Moments are seconds since 1970, 0 is never. Both keep to `days` and `holidays`, only the former to `hours`: a time in `at` was
 * meant. */

/* Whether that moment is within `days` and `hours` and no holiday. */
bool schedule_allows(const struct conf_schedule *schedule, int64_t wall);
/* The first such moment from `wall` on; 0 if none exists in sight. */
int64_t schedule_next_allowed(const struct conf_schedule *schedule, int64_t wall);
/* When `every` seconds have passed since `last`, or the first allowed moment after that; `now` if that is past. */
int64_t schedule_next_interval(const struct conf_schedule *schedule, int64_t every, int64_t last, int64_t now);
/* The first time of `at` that comes after `after`, which may be long past. */
int64_t schedule_next_at(const struct conf_schedule *schedule, int64_t after);

#endif
