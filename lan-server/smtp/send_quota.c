#include "lan-server/smtp/send_quota.h"

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
	struct send_quota_total total;
	bool changed;
};

struct send_quota {
	struct state *state;
	pthread_mutex_t lock; /* of the counts */
	struct map counts;    /* user -> struct count */
};

struct send_quota *send_quota_new(struct state *state)
{
	struct send_quota *quota = xcalloc(1, sizeof(*quota));

	quota->state = state;
	pthread_mutex_init(&quota->lock, NULL);
	return quota;
}

void send_quota_free(struct send_quota *quota)
{
	struct slice user;
	size_t at = 0;
	void *value;

	if (quota == NULL)
		return;
	while (map_next(&quota->counts, &at, &user, &value)) {
		struct count *count = value;

		free(count->key);
		free(count);
	}
	map_clear(&quota->counts);
	pthread_mutex_destroy(&quota->lock);
	free(quota);
}

/* 20261123 */
static int64_t today(void)
{
	time_t now = (time_t)clock_wall();
	struct tm tm;

	localtime_r(&now, &tm);
	return (tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday;
}

static void load(const struct send_quota *quota, struct count *count)
{
	struct slice rest, day, messages;
	struct error error;
	uint64_t number;
	char *text = NULL;

	if (state_get(quota->state, count->key, &text, &error) != 0)
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

/* With the lock held. Of today. */
static struct count *find(struct send_quota *quota, const char *user)
{
	struct count *count = map_get(&quota->counts, slice_of(user));
	int64_t day = today();

	if (count == NULL) {
		count = xcalloc(1, sizeof(*count));
		count->key = xasprintf("sent %s", user);
		load(quota, count);
		map_put(&quota->counts, slice_of(user), count);
	}
	if (count->day != day) {
		count->day = day;
		count->total = (struct send_quota_total){0};
	}
	return count;
}

struct send_quota_total send_quota_today(struct send_quota *quota, const char *user)
{
	struct send_quota_total total;

	pthread_mutex_lock(&quota->lock);
	total = find(quota, user)->total;
	pthread_mutex_unlock(&quota->lock);
	return total;
}

void send_quota_count(struct send_quota *quota, const char *user, uint64_t bytes)
{
	struct count *count;

	pthread_mutex_lock(&quota->lock);
	count = find(quota, user);
	count->total.messages++;
	count->total.bytes += (int64_t)bytes;
	count->changed = true;
	pthread_mutex_unlock(&quota->lock);
}

void send_quota_save(struct send_quota *quota)
{
	struct slice user;
	size_t at = 0;
	void *value;

	pthread_mutex_lock(&quota->lock);
	while (map_next(&quota->counts, &at, &user, &value)) {
		struct count *count = value;
		struct error error;
		char text[80];

		if (!count->changed)
			continue;
		snprintf(text, sizeof(text), "%lld %lld %lld", (long long)count->day, (long long)count->total.messages,
		    (long long)count->total.bytes);
		count->changed = state_set(quota->state, count->key, text, &error) != 0;
		if (count->changed)
			log_warnx("event=count-not-saved key=%s reason=%s", LOG_CSTR(count->key),
			    LOG_ERROR(&error));
	}
	pthread_mutex_unlock(&quota->lock);
}
