/*
 * This many in an hour, spread evenly once the first lot is used up: a token bucket. Pure arithmetic.
 */
#ifndef LANPOST_GATEWAY_ALLOWANCE_H
#define LANPOST_GATEWAY_ALLOWANCE_H

#include <stdbool.h>
#include <stdint.h>

struct allowance {
	int64_t full_at_ms; /* monotonic: when nothing will count any more */
};

/* Takes one if there is one left. an_hour: 0 for no limit. */
bool allowance_take(struct allowance *allowance, int64_t an_hour, int64_t now_ms);
/* When the next one can be taken; at most now. */
int64_t allowance_next_ms(const struct allowance *allowance, int64_t an_hour);

#endif
