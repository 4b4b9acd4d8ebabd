#include "gateway/session/server_gate.h"

#include "base/clock.h"
#include "base/cond.h"

#include <assert.h>
#include <stdlib.h>

#define LOOK_MS 200 /* for the cancellation */

void server_gate_init(struct server_gate *gate, size_t max)
{
	*gate = (struct server_gate){.lock = PTHREAD_MUTEX_INITIALIZER, .max = max};
	cond_init(&gate->left);
}

void server_gate_clear(struct server_gate *gate)
{
	pthread_cond_destroy(&gate->left);
	pthread_mutex_destroy(&gate->lock);
	strlist_clear(&gate->inside);
}

static bool is_full(const struct server_gate *gate, const char *host)
{
	size_t count = 0;

	assert(cond_is_locked(&gate->lock));
	for (size_t i = 0; i < gate->inside.count; i++)
		count += strcmp(gate->inside.items[i], host) == 0;
	return gate->max > 0 && count >= gate->max;
}

bool server_gate_enter(struct server_gate *gate, const char *host, const atomic_bool *cancelled)
{
	bool entered;

	pthread_mutex_lock(&gate->lock);
	while (is_full(gate, host) && !atomic_load(cancelled))
		cond_wait_until(&gate->left, &gate->lock, clock_now_ms() + LOOK_MS);
	entered = !atomic_load(cancelled);
	if (entered)
		strlist_add(&gate->inside, host);
	pthread_mutex_unlock(&gate->lock);
	return entered;
}

void server_gate_leave(struct server_gate *gate, const char *host)
{
	struct strlist *inside = &gate->inside;
	size_t i = 0;

	pthread_mutex_lock(&gate->lock);
	while (i < inside->count && strcmp(inside->items[i], host) != 0)
		i++;
	assert(i < inside->count); /* it entered */
	free(inside->items[i]);
	inside->items[i] = inside->items[--inside->count];
	pthread_cond_broadcast(&gate->left);
	pthread_mutex_unlock(&gate->lock);
}
