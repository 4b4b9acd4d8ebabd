/*
 * A bounded memory of keys (addresses, names, digests) with a few numbers each. When it is full, the least recently
 * used key is dropped. Keys are stored as keyed digests, so that collisions cannot be provoked, and no name or
 * password stays in memory.
 *
 * Not locked: the owner has a mutex.
 */
#ifndef LANPOST_LAN_SERVER_LRU_H
#define LANPOST_LAN_SERVER_LRU_H

#include "base/str.h"

struct lru;

struct lru_item {
	double count;  /* of failures, as it was at `when` */
	int64_t when;  /* monotonic ms */
	int64_t until; /* monotonic ms; its meaning depends on the owner. 0: none */
	unsigned times;
};

struct lru *lru_new(size_t most);
void lru_free(struct lru *lru);
/* The item of a key, NULL if none exists; valid until the next lru_make(). */
struct lru_item *lru_find(struct lru *lru, struct slice key);
/* The same; a new one is all zero. */
struct lru_item *lru_make(struct lru *lru, struct slice key);

#endif
