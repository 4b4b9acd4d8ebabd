#include "gateway/outbound/rate_limit.h"

#define HOUR_MS 3600000

int64_t rate_limit_next_ms(const struct rate_limit *allowance, int64_t an_hour)
{
	/* A message is allowed as soon as the bucket has at least one token. */
	return an_hour == 0 ? 0 : allowance->full_at_ms - HOUR_MS + HOUR_MS / an_hour;
}

bool rate_limit_take(struct rate_limit *allowance, int64_t an_hour, int64_t now_ms)
{
	if (an_hour == 0)
		return true;
	if (now_ms < rate_limit_next_ms(allowance, an_hour))
		return false;
	if (allowance->full_at_ms < now_ms)
		allowance->full_at_ms = now_ms;
	allowance->full_at_ms += HOUR_MS / an_hour;
	return true;
}
