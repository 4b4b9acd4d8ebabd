#include "gateway/session/account_order.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/cond.h"

#include <assert.h>
#include <stdlib.h>

#define LOOK_MS 200 /* for the cancellation */

void account_order_init(struct account_order *order)
{
	*order = (struct account_order){.lock = PTHREAD_MUTEX_INITIALIZER};
	cond_init(&order->changed);
}

void account_order_clear(struct account_order *order)
{
	pthread_cond_destroy(&order->changed);
	pthread_mutex_destroy(&order->lock);
	free(order->items);
}

void account_order_add(struct account_order *order, const struct conf_account *account)
{
	ARRAY_GROW(order->items, order->count);
	order->items[order->count++] = (struct account_order_item){
	    .priority = account->priority,
	    .takes_turns = account->duplicates == DUPLICATES_DROP,
	};
}

static bool must_wait(const struct account_order *order, size_t number)
{
	const struct account_order_item *mine = &order->items[number];

	assert(cond_is_locked(&order->lock));
	for (size_t i = 0; i < order->count; i++) {
		const struct account_order_item *other = &order->items[i];
		bool is_before = other->priority == mine->priority && i < number && other->takes_turns && mine->takes_turns;

		if (!other->is_done && (other->priority > mine->priority || is_before))
			return true;
	}
	return false;
}

bool account_order_wait(struct account_order *order, size_t number, const atomic_bool *cancelled)
{
	pthread_mutex_lock(&order->lock);
	while (must_wait(order, number) && !atomic_load(cancelled))
		cond_wait_until(&order->changed, &order->lock, clock_now_ms() + LOOK_MS);
	pthread_mutex_unlock(&order->lock);
	return !atomic_load(cancelled);
}

void account_order_done(struct account_order *order, size_t number)
{
	pthread_mutex_lock(&order->lock);
	order->items[number].is_done = true;
	pthread_cond_broadcast(&order->changed);
	pthread_mutex_unlock(&order->lock);
}
