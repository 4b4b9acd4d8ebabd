#include "gateway/outbound/reachability.h"

#include "base/alloc.h"
#include "base/log.h"

#include <stdlib.h>

#define PAUSE_MAX (24 * 3600)

struct reachability reachability_after(struct reachability before, int64_t now, bool reached)
{
	struct reachability after = {.total = before.total, .last = now, .missed = !reached};
	int64_t passed = now - before.last;

	if (reached && !before.missed && before.last > 0 && passed > 0)
		after.total += passed < PAUSE_MAX ? passed : PAUSE_MAX;
	return after;
}

struct reachability reachability_load(struct state *state, const char *smarthost)
{
	char *key = xasprintf("reach %s", smarthost);
	int64_t numbers[3];
	struct error error;
	int known = state_numbers_get(state, key, numbers, ARRAY_LEN(numbers), &error);

	if (known < 0)
		log_warnx("event=reach-unreadable key=%s reason=%s", LOG_CSTR(key), LOG_ERROR(&error));
	free(key);
	if (known != ARRAY_LEN(numbers) || numbers[0] < 0 || numbers[1] < 0)
		return (struct reachability){0};
	return (struct reachability){numbers[0], numbers[1], numbers[2] != 0};
}

void reachability_store(struct state *state, const char *smarthost, const struct reachability *reach)
{
	const int64_t numbers[] = {reach->total, reach->last, reach->missed};
	char *key = xasprintf("reach %s", smarthost);
	struct error error;

	if (state_numbers_put(state, key, numbers, ARRAY_LEN(numbers), &error) != 0)
		log_warnx("event=reach-not-stored key=%s reason=%s", LOG_CSTR(key), LOG_ERROR(&error));
	free(key);
}
