#include "mail/smarthost_hour.h"

#include "base/alloc.h"
#include "base/log.h"

#include <stdlib.h>

struct smarthost_hour smarthost_hour_load(struct state *state, const char *smarthost, int64_t now)
{
	char *key = xasprintf("hour %s", smarthost);
	int64_t numbers[2];
	struct error error;
	int known = state_numbers_get(state, key, numbers, ARRAY_LEN(numbers), &error);

	if (known < 0)
		log_warnx("event=count-unreadable key=%s reason=%s", LOG_CSTR(key), LOG_ERROR(&error));
	free(key);
	if (known == ARRAY_LEN(numbers) && numbers[0] <= now && now - numbers[0] < SMARTHOST_HOUR)
		return (struct smarthost_hour){numbers[0], numbers[1] < 0 ? 0 : numbers[1]};
	return (struct smarthost_hour){now, 0};
}

void smarthost_hour_store(struct state *state, const char *smarthost, const struct smarthost_hour *hour)
{
	const int64_t numbers[] = {hour->begun, hour->sent};
	char *key = xasprintf("hour %s", smarthost);
	struct error error;

	if (state_numbers_put(state, key, numbers, ARRAY_LEN(numbers), &error) != 0)
		log_warnx("event=count-not-saved key=%s reason=%s", LOG_CSTR(key), LOG_ERROR(&error));
	free(key);
}
