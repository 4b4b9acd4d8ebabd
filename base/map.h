/*
 * A hash map from byte strings to pointers.
 *
 * Keys are copied, values are the caller's. Hashing is keyed with a random value
 * per map, since a peer may choose the keys.
 */
#ifndef LANPOST_BASE_MAP_H
#define LANPOST_BASE_MAP_H

#include "base/str.h"

struct map_slot;
struct map {
	struct map_slot *slots;
	size_t capacity, count;
	uint64_t seed;
};

#define MAP_INIT {NULL, 0, 0, 0}

/* Sets key to value and returns the value it had, NULL if none. With NULL for a value the key is removed. */
void *map_put(struct map *map, struct slice key, void *value);
void *map_get(const struct map *map, struct slice key); /* NULL if absent */
/* Removes a key and returns the value it had, NULL if none. Not allowed during a walk with
 * map_next(). */
void *map_remove(struct map *map, struct slice key);
void map_clear(struct map *map);			/* values are not freed */
/* The hash of a key, for tables that keep their keys themselves: unpredictable without the seed, which is random. */
uint64_t map_hash(uint64_t seed, struct slice key);
/* Walks all entries: start with *at = 0; returns false at the end. */
bool map_next(const struct map *map, size_t *at, struct slice *key, void **value);

#endif
