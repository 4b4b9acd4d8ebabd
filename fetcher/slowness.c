#include "fetcher/slowness.h"

static void add(struct slowness *slowness, int64_t ms)
{
	slowness->lost_ms += ms;
	if (slowness->lost_ms < 0)
		slowness->lost_ms = 0;
}

void slowness_waited(struct slowness *slowness, int64_t ms, size_t bytes)
{
	add(slowness, ms - (int64_t)bytes * 1000 / SLOWNESS_BYTES_PER_SECOND);
}

void slowness_answered(struct slowness *slowness)
{
	add(slowness, -SLOWNESS_REPLY_MS);
}

int64_t slowness_left_ms(const struct slowness *slowness)
{
	return slowness->lost_ms < SLOWNESS_MAX_MS ? SLOWNESS_MAX_MS - slowness->lost_ms : 0;
}
