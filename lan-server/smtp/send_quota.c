#include "lan-server/smtp/send_quota.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/cond.h"
#include "base/log.h"
#include "base/map.h"

#include <assert.h>
#include <pthread.h>
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

static void load(const struct send_quota *quota, struct count *count)
{
	int64_t numbers[3]; /* version 0.1 had two of them */
	struct error error;

	if (state_numbers_get(quota->state, count->key, numbers, ARRAY_LEN(numbers), &error) < 0)
		log_warnx("event=count-unreadable key=%s reason=%s", LOG_CSTR(count->key),
		    LOG_ERROR(&error));
	count->day = numbers[0];
	if (numbers[1] > 0)
		count->total.messages = numbers[1];
	if (numbers[2] > 0)
		count->total.bytes = numbers[2];
}

/* With the lock held. Of today. */
static struct count *find(struct send_quota *quota, const char *user)
{
	struct count *count = map_get(&quota->counts, slice_of(user));
	int64_t day = clock_day(clock_wall());

	assert(cond_is_locked(&quota->lock));
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
		const int64_t numbers[] = {count->day, count->total.messages, count->total.bytes};
		struct error error;

		if (!count->changed)
			continue;
		count->changed = state_numbers_put(quota->state, count->key, numbers, ARRAY_LEN(numbers), &error) != 0;
		if (count->changed)
			log_warnx("event=count-not-saved key=%s reason=%s", LOG_CSTR(count->key),
			    LOG_ERROR(&error));
	}
	pthread_mutex_unlock(&quota->lock);
}
