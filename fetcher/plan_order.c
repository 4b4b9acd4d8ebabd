/* The order in which the messages of a plan are fetched: by priority, then small ones first. */
#include "fetcher/plan.h"

#include "base/alloc.h"

#include <stdlib.h>

/* Sizes up to 16 KiB are one class, up to 32 KiB the next one, and so on. */
#define SMALL_BITS 14
#define CLASSES 64

static unsigned size_class(const struct plan_item *item)
{
	uint64_t cost = plan_cost(item) >> SMALL_BITS;
	unsigned class = 0;

	for (; cost > 0; cost >>= 1)
		class++;
	return class;
}

void plan_order(struct plan *plan)
{
	size_t at = 0;

	free(plan->order);
	plan->order = xcalloc(plan->count + 1, sizeof(*plan->order));
	for (int priority = PRIORITY_HIGH; priority >= PRIORITY_LOW; priority--)
		for (unsigned class = 0; class < CLASSES && at < plan->count; class++)
			for (size_t i = 0; i < plan->count; i++)
				if ((int)plan->items[i].priority == priority && size_class(&plan->items[i]) == class)
					plan->order[at++] = i;
}
