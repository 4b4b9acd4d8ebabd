#include "gateway/outbound/reachability.h"

#include "base/alloc.h"
#include "base/log.h"

#include <stdio.h>
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
	char *key = xasprintf("reach %s", smarthost), *text = NULL;
	struct reachability reach = {0};
	long long total, last;
	struct error error;
	int missed;

	if (state_get(state, key, &text, &error) != 0)
		log_warnx("event=reach-unreadable key=%s reason=%s", LOG_CSTR(key), LOG_ERROR(&error));
	if (text != NULL && sscanf(text, "%lld %lld %d", &total, &last, &missed) == 3 && total >= 0 && last >= 0)
		reach = (struct reachability){total, last, missed != 0};
	free(text);
	free(key);
	return reach;
}

void reachability_store(struct state *state, const char *smarthost, const struct reachability *reach)
{
	char *key = xasprintf("reach %s", smarthost), text[80];
	struct error error;

	snprintf(text, sizeof(text), "%lld %lld %d", (long long)reach->total, (long long)reach->last, reach->missed);
	if (state_set(state, key, text, &error) != 0)
		log_warnx("event=reach-not-stored key=%s reason=%s", LOG_CSTR(key), LOG_ERROR(&error));
	free(key);
}
