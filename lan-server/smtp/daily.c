#include "lan-server/smtp/daily.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct count {
	char *key; /* in the state */
	int64_t day;
	struct daily_total total;
	bool changed;
};

struct daily {
	struct state *state;
	pthread_mutex_t lock; /* of the counts */
	struct map counts;    /* user -> struct count */
};

struct daily *daily_new(struct state *state)
{
	struct daily *daily = xcalloc(1, sizeof(*daily));

	daily->state = state;
	pthread_mutex_init(&daily->lock, NULL);
	return daily;
}

void daily_free(struct daily *daily)
{
	struct slice user;
	size_t at = 0;
	void *value;

	if (daily == NULL)
		return;
	while (map_next(&daily->counts, &at, &user, &value)) {
		struct count *count = value;

		free(count->key);
		free(count);
	}
	map_clear(&daily->counts);
	pthread_mutex_destroy(&daily->lock);
	free(daily);
}

/* 20261123 */
static int64_t today(void)
{
	time_t now = (time_t)clock_wall();
	struct tm tm;

	localtime_r(&now, &tm);
	return (tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday;
}

static void load(const struct daily *daily, struct count *count)
{
	struct slice rest, day, messages;
	struct error error;
	uint64_t number;
	char *text = NULL;

	if (state_get(daily->state, count->key, &text, &error) != 0)
		log_warnx("event=count-unreadable key=%s reason=%s", LOG_CSTR(count->key),
		    LOG_ERROR(&error));
	rest = slice_of(text == NULL ? "" : text);
	day = slice_cut(&rest, ' ');
	if (slice_number(day, 0, 99999999, &number))
		count->day = (int64_t)number;
	messages = slice_cut(&rest, ' ');
	if (slice_number(messages, 0, INT32_MAX, &number))
		count->total.messages = (int64_t)number;
	if (slice_number(rest, 0, INT64_MAX, &number)) /* not there yet in version 0.1 */
		count->total.bytes = (int64_t)number;
	free(text);
}

/* With the lock held. */
static struct count *find(struct daily *daily, const char *user)
{
	struct count *count = map_get(&daily->counts, slice_of(user));

	if (count == NULL) {
		count = xcalloc(1, sizeof(*count));
		count->key = xasprintf("sent %s", user);
		load(daily, count);
		map_put(&daily->counts, slice_of(user), count);
	}
	return count;
}

struct daily_total daily_sent(struct daily *daily, const char *user, const struct daily_total *more)
{
	struct daily_total total;
	int64_t day = today();
	struct count *count;

	pthread_mutex_lock(&daily->lock);
	count = find(daily, user);
	if (count->day != day) {
		count->day = day;
		count->total = (struct daily_total){0};
	}
	if (more != NULL) {
		count->total.messages += more->messages;
		count->total.bytes += more->bytes;
		count->changed = true;
	}
	total = count->total;
	pthread_mutex_unlock(&daily->lock);
	return total;
}

void daily_save(struct daily *daily)
{
	struct slice user;
	size_t at = 0;
	void *value;

	pthread_mutex_lock(&daily->lock);
	while (map_next(&daily->counts, &at, &user, &value)) {
		struct count *count = value;
		struct error error;
		char text[80];

		if (!count->changed)
			continue;
		snprintf(text, sizeof(text), "%lld %lld %lld", (long long)count->day, (long long)count->total.messages,
		    (long long)count->total.bytes);
		count->changed = state_set(daily->state, count->key, text, &error) != 0;
		if (count->changed)
			log_warnx("event=count-not-saved key=%s reason=%s", LOG_CSTR(count->key),
			    LOG_ERROR(&error));
	}
	pthread_mutex_unlock(&daily->lock);
}
