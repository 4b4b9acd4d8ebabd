/*
 * The order of the messages of a folder by a property that never changes, such as their subjects: kept in memory, so that a folder that is sorted
 * again need not be read again.
 */
#ifndef LANPOST_SPOOL_FOLDER_ORDER_H
#define LANPOST_SPOOL_FOLDER_ORDER_H

#include <stddef.h>
#include <stdint.h>

struct folder;

#define FOLDER_ORDERS 5 /* the caller says what each of them is */

/* Numbers of messages: that of a message that comes before another one is lower, equal ones have the same. From 1. */
struct folder_order {
	uint32_t *uids; /* ascending */
	uint32_t *numbers;
	size_t count;
};

/* The numbers of these UIDs (ascending); 0: that of a message is not known. */
void folder_order_get(struct folder *folder, size_t which, const uint32_t *uids, size_t count, uint32_t *numbers);
/* Keeps an order, and forgets the one before. Both arrays are taken over. */
void folder_order_put(struct folder *folder, size_t which, struct folder_order order);

/* The same without a folder. */
void folder_order_find(const struct folder_order *order, const uint32_t *uids, size_t count, uint32_t *numbers);
void folder_order_clear(struct folder_order *order);

#endif
