/* Seen messages by the digest of their header, which may not be unique. */
#include "base/alloc.h"
#include "fetcher/plan_priv.h"

#include <stdlib.h>
#include <string.h>

#define SIZES_MOVED 3 /* this many headers known with another size, and hardly any with the same: the server now counts sizes
 * differently */

static struct slice digest_bytes(const uint64_t *digest)
{
	return slice_make((const char *)digest, sizeof(*digest));
}

struct plan_known *plan_note(struct plan *plan, const char *key, const struct seen *what)
{
	struct plan_known *known = xcalloc(1, sizeof(*known));

	known->key = xstrdup(key);
	known->what = *what;
	known->next = map_put(&plan->digests, digest_bytes(&what->digest), known);
	return known;
}

/* Assigns it to this item of the listing. */
static void take(struct plan *plan, const struct map *seen, const char *key)
{
	const struct seen *what = map_get(seen, slice_of(key));
	struct plan_known *known = what == NULL ? NULL : map_get(&plan->digests, digest_bytes(&what->digest));

	for (; known != NULL; known = known->next)
		if (strcmp(known->key, key) == 0)
			known->is_taken = true;
}

static void fill(struct plan *plan, const struct map *seen)
{
	struct slice key;
	void *value;

	if (plan->has_digests)
		return;
	plan->has_digests = true;
	for (size_t at = 0; map_next(seen, &at, &key, &value);)
		/* Keys of catch-all copies and marks: they do not identify a message. */
		if (((const struct seen *)value)->digest != 0)
			plan_note(plan, key.ptr, value);
	for (size_t i = 0; i < plan->count; i++)
		if (plan->items[i].key != NULL && plan->items[i].question == PLAN_SURE && !plan->items[i].is_new)
			take(plan, seen, plan->items[i].key);
}

void plan_known_clear(struct plan *plan)
{
	struct slice key;
	void *value;

	for (size_t at = 0; map_next(&plan->digests, &at, &key, &value);) {
		struct plan_known *known = value;

		while (known != NULL) {
			struct plan_known *next = known->next;

			free(known->key);
			free(known);
			known = next;
		}
	}
	map_clear(&plan->digests);
	plan->has_digests = false;
}

static struct plan_known *first(struct plan *plan, const struct map *seen, uint64_t digest)
{
	fill(plan, seen);
	return digest == 0 ? NULL : map_get(&plan->digests, digest_bytes(&digest));
}

static bool is_size(const struct plan_known *known, uint64_t size)
{
	return known->what.listed == 0 || size == 0 || known->what.listed == size;
}

/* A message that was first stubbed and then fetched counts as fetched. */
static bool is_better(const struct plan_known *known, const struct plan_known *best, uint64_t size)
{
	if (best == NULL || is_size(known, size) != is_size(best, size))
		return best == NULL || is_size(known, size);
	return plan_is_stub(best->key) && !plan_is_stub(known->key);
}

struct plan_known *plan_match(struct plan *plan, const struct map *seen, uint64_t digest, uint64_t size,
    enum plan_likeness *likeness)
{
	struct plan_known *known = first(plan, seen, digest), *best = NULL;

	*likeness = known == NULL ? PLAN_UNLIKE : PLAN_ALIKE;
	for (; known != NULL; known = known->next)
		if (!known->is_taken && is_better(known, best, size))
			best = known;
	if (best == NULL) /* each seen message is assigned to another item */
		return NULL;
	if (is_size(best, size)) {
		plan->same_size++;
		*likeness = PLAN_SAME;
	} else if (++plan->other_size > SIZES_MOVED && plan->other_size > 4 * plan->same_size) {
		*likeness = PLAN_SAME;
	}
	if (*likeness == PLAN_SAME)
		best->is_taken = true;
	return best;
}

struct plan_known *plan_find_same(struct plan *plan, const struct map *seen, uint64_t digest, uint64_t body, uint64_t size,
    bool is_telling)
{
	struct plan_known *found = NULL;

	for (struct plan_known *known = first(plan, seen, digest); known != NULL; known = known->next) {
		/* For messages that older versions have fetched the body is not known. */
		bool is_same = known->what.body != 0 ? known->what.body == body : is_telling || is_size(known, size);

		if (is_same && !plan_is_stub(known->key) && (found == NULL || found->is_taken))
			found = known;
	}
	return found;
}

/* --- sizes */

static struct slice size_bytes(const uint64_t *size)
{
	return slice_make((const char *)size, sizeof(*size));
}

/* Sizes of seen messages that are not in the listing unchanged; all: of all seen messages. */
void plan_sizes(const struct plan *plan, const struct map *seen, bool all, struct map *sizes)
{
	struct map listed = MAP_INIT;
	struct slice key;
	void *value;

	for (size_t i = 0; !all && i < plan->count; i++)
		if (plan->items[i].key != NULL)
			map_put(&listed, slice_of(plan->items[i].key), &plan->items[i]);
	for (size_t at = 0; map_next(seen, &at, &key, &value);) {
		const struct seen *what = value;
		const struct plan_item *item = map_get(&listed, key);

		if (what->digest != 0 && (item == NULL || item->size != what->listed))
			map_put(sizes, size_bytes(&what->listed), (void *)1);
	}
	map_clear(&listed);
}

bool plan_has_size(const struct map *sizes, uint64_t size)
{
	return size == 0 || map_get(sizes, size_bytes(&size)) != NULL;
}
