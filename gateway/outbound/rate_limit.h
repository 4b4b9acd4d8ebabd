/*
 * N per hour, as a token bucket with burst. Pure arithmetic.
 */
#ifndef LANPOST_GATEWAY_RATE_LIMIT_H
#define LANPOST_GATEWAY_RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct rate_limit {
	int64_t full_at_ms; /* monotonic: when the bucket is full again */
};

/* Takes one if allowed. an_hour: 0 for no limit. */
bool rate_limit_take(struct rate_limit *allowance, int64_t an_hour, int64_t now_ms);
/* When the next one is allowed; at most now. */
int64_t rate_limit_next_ms(const struct rate_limit *allowance, int64_t an_hour);

#endif
