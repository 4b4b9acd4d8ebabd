/* Finding messages in a kept order of a folder. */
#include "spool/storage/folder_order.h"

#include <stdlib.h>

void folder_order_clear(struct folder_order *order)
{
	free(order->uids);
	free(order->numbers);
	*order = (struct folder_order){.count = 0};
}

void folder_order_find(const struct folder_order *order, const uint32_t *uids, size_t count, uint32_t *numbers)
{
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		while (at < order->count && order->uids[at] < uids[i])
			at++;
		numbers[i] = at < order->count && order->uids[at] == uids[i] ? order->numbers[at] : 0;
	}
}
