#include "lan-server/server/mailbox_quota.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/cond.h"
#include "base/map.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#define BELIEVED 10 /* multiple of the duration of the measurement */

struct mailbox {
	bool is_measured; /* a thread is measuring now */
	uint64_t bytes;
	int64_t until; /* monotonic: `bytes` is valid until then */
};

struct mailbox_quota {
	pthread_mutex_t lock;
	pthread_cond_t measured;
	struct map mailboxes; /* by the user's name */
};

struct mailbox_quota *mailbox_quota_new(void)
{
	struct mailbox_quota *quota = xcalloc(1, sizeof(*quota));

	pthread_mutex_init(&quota->lock, NULL);
	pthread_cond_init(&quota->measured, NULL);
	return quota;
}

void mailbox_quota_free(struct mailbox_quota *quota)
{
	struct slice name;
	size_t at = 0;
	void *mailbox;

	if (quota == NULL)
		return;
	while (map_next(&quota->mailboxes, &at, &name, &mailbox))
		free(mailbox);
	map_clear(&quota->mailboxes);
	pthread_cond_destroy(&quota->measured);
	pthread_mutex_destroy(&quota->lock);
	free(quota);
}

/* With the lock held, also for the following functions. The number of users is small. */
static struct mailbox *mailbox_of(struct mailbox_quota *quota, const char *user)
{
	struct mailbox *mailbox = map_get(&quota->mailboxes, slice_of(user));

	assert(cond_is_locked(&quota->lock));
	if (mailbox == NULL) {
		mailbox = xcalloc(1, sizeof(*mailbox));
		map_put(&quota->mailboxes, slice_of(user), mailbox);
	}
	return mailbox;
}

static void measure_now(struct mailbox_quota *quota, struct mailbox *mailbox, const char *user, mailbox_quota_measure_fn measure, const void *context)
{
	int64_t begun = clock_now_ms(), now;
	uint64_t bytes;

	assert(cond_is_locked(&quota->lock));
	mailbox->is_measured = true;
	pthread_mutex_unlock(&quota->lock);
	bytes = measure(context, user);
	pthread_mutex_lock(&quota->lock);
	now = clock_now_ms();
	*mailbox = (struct mailbox){.bytes = bytes, .until = now + BELIEVED * (now - begun)};
	pthread_cond_broadcast(&quota->measured);
}

uint64_t mailbox_quota_used(struct mailbox_quota *quota, const char *user, mailbox_quota_measure_fn measure, const void *context)
{
	struct mailbox *mailbox;
	uint64_t bytes;

	pthread_mutex_lock(&quota->lock);
	mailbox = mailbox_of(quota, user);
	while (mailbox->is_measured)
		pthread_cond_wait(&quota->measured, &quota->lock);
	if (clock_now_ms() >= mailbox->until)
		measure_now(quota, mailbox, user, measure, context);
	bytes = mailbox->bytes;
	pthread_mutex_unlock(&quota->lock);
	return bytes;
}
