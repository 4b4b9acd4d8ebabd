#include "base/map.h"

#include "base/alloc.h"
#include "base/rand.h"

#include <stdlib.h>

struct map_slot {
	char *key;
	size_t len;
	void *value;
};

/* FNV-1a with a secret start and a final mix: keys are short, and collisions cannot be provoked. */
uint64_t map_hash(uint64_t seed, struct slice key)
{
	uint64_t h = seed ^ 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < key.len; i++)
		h = (h ^ (unsigned char)key.ptr[i]) * 0x100000001b3ULL;
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93ULL;
	return h ^ h >> 32;
}

static struct map_slot *find(const struct map *map, struct slice key)
{
	size_t i = (size_t)map_hash(map->seed, key) & (map->capacity - 1);

	while (map->slots[i].key != NULL &&
	       !slice_equal(key, slice_make(map->slots[i].key, map->slots[i].len)))
		i = (i + 1) & (map->capacity - 1);
	return &map->slots[i];
}

static void grow(struct map *map)
{
	struct map old = *map;

	map->capacity = old.capacity == 0 ? 16 : old.capacity * 2;
	map->slots = xcalloc(map->capacity, sizeof(*map->slots));
	if (old.capacity == 0)
		rand_bytes(&map->seed, sizeof(map->seed));
	for (size_t i = 0; i < old.capacity; i++)
		if (old.slots[i].key != NULL)
			*find(map, slice_make(old.slots[i].key, old.slots[i].len)) = old.slots[i];
	free(old.slots);
}

void *map_put(struct map *map, struct slice key, void *value)
{
	struct map_slot *slot;
	void *before;

	if (value == NULL)
		return map_remove(map, key);
	if (map->count * 2 >= map->capacity)
		grow(map);
	slot = find(map, key);
	before = slot->value;
	if (slot->key == NULL) {
		slot->key = slice_dup(key);
		slot->len = key.len;
		map->count++;
	}
	slot->value = value;
	return before;
}

void *map_get(const struct map *map, struct slice key)
{
	return map->count == 0 ? NULL : find(map, key)->value;
}

/* Entries after the gap that are not at their own place because it was taken move up. */
static void close_gap(struct map *map, size_t gap)
{
	size_t mask = map->capacity - 1;

	for (size_t i = (gap + 1) & mask; map->slots[i].key != NULL; i = (i + 1) & mask) {
		size_t own = (size_t)map_hash(map->seed, slice_make(map->slots[i].key, map->slots[i].len)) & mask;

		if (((i - own) & mask) < ((i - gap) & mask))
			continue;
		map->slots[gap] = map->slots[i];
		gap = i;
	}
	map->slots[gap] = (struct map_slot){NULL, 0, NULL};
}

void *map_remove(struct map *map, struct slice key)
{
	struct map_slot *slot = map->count == 0 ? NULL : find(map, key);
	void *before;

	if (slot == NULL || slot->key == NULL)
		return NULL;
	before = slot->value;
	free(slot->key);
	map->count--;
	close_gap(map, (size_t)(slot - map->slots));
	return before;
}

void map_clear(struct map *map)
{
	for (size_t i = 0; i < map->capacity; i++)
		free(map->slots[i].key);
	free(map->slots);
	*map = (struct map)MAP_INIT;
}

bool map_next(const struct map *map, size_t *at, struct slice *key, void **value)
{
	while (*at < map->capacity) {
		const struct map_slot *slot = &map->slots[(*at)++];

		if (slot->key == NULL)
			continue;
		*key = slice_make(slot->key, slot->len);
		*value = slot->value;
		return true;
	}
	return false;
}
