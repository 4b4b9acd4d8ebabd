/* The messages of an open folder in memory: by UID, and by the unique part of their names. */
#include "base/alloc.h"
#include "base/map.h"
#include "base/rand.h"
#include "spool/mailbox/folder_priv.h"

#include <stdlib.h>

#define TIDY_MIN 64

static size_t slot_of(const struct folder_table *table, struct slice unique)
{
	return (size_t)map_hash(table->seed, unique) & (table->capacity - 1);
}

static void put(struct folder_table *table, size_t index)
{
	size_t i = slot_of(table, folder_entry_unique(&table->items[index]));

	while (table->slots[i] != 0)
		i = (i + 1) & (table->capacity - 1);
	table->slots[i] = (uint32_t)index + 1;
}

/* Slots of messages that are gone stay until then. */
static void make_slots(struct folder_table *table)
{
	if (table->capacity == 0)
		rand_bytes(&table->seed, sizeof(table->seed));
	free(table->slots);
	for (table->capacity = 64; table->capacity < 3 * table->count;)
		table->capacity *= 2;
	table->slots = xcalloc(table->capacity, sizeof(*table->slots));
	for (size_t i = 0; i < table->count; i++)
		if (folder_entry_is_live(&table->items[i]))
			put(table, i);
}

size_t folder_table_find(const struct folder_table *table, struct slice unique)
{
	if (table->capacity == 0)
		return SIZE_MAX;
	for (size_t i = slot_of(table, unique); table->slots[i] != 0; i = (i + 1) & (table->capacity - 1)) {
		const struct folder_entry *entry = &table->items[table->slots[i] - 1];

		if (folder_entry_is_live(entry) && slice_equal(folder_entry_unique(entry), unique))
			return table->slots[i] - 1;
	}
	return SIZE_MAX;
}

size_t folder_table_by_uid(const struct folder_table *table, uint32_t uid)
{
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->items[middle].uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < table->count && table->items[low].uid == uid && folder_entry_is_live(&table->items[low]) ? low : SIZE_MAX;
}

static void forget_uids(struct folder_table *table)
{
	free(table->uids);
	table->uids = NULL;
}

/* Kept, since each session that opens the folder takes a copy, and the entries are large. */
const uint32_t *folder_table_uids(struct folder_table *table)
{
	size_t count = 0;

	if (table->uids != NULL)
		return table->uids;
	table->uids = xcalloc(table->live + 1, sizeof(*table->uids));
	for (size_t i = 0; i < table->count; i++)
		if (folder_entry_is_live(&table->items[i]))
			table->uids[count++] = table->items[i].uid;
	return table->uids;
}

void folder_table_add(struct folder_table *table, const struct folder_entry *entry)
{
	forget_uids(table);
	ARRAY_GROW(table->items, table->count);
	table->items[table->count++] = *entry;
	table->live++;
	if (2 * table->count > table->capacity)
		make_slots(table);
	else
		put(table, table->count - 1);
}

void folder_table_rename(struct folder_table *table, size_t index, char *name, bool in_new)
{
	free(table->items[index].name);
	table->items[index].name = name;
	table->items[index].in_new = in_new;
}

void folder_table_drop(struct folder_table *table, size_t index)
{
	free(table->items[index].name);
	table->items[index].name = NULL;
	table->live--;
	forget_uids(table);
}

void folder_table_cut(struct folder_table *table, size_t count)
{
	while (table->count > count) {
		if (folder_entry_is_live(&table->items[table->count - 1]))
			folder_table_drop(table, table->count - 1);
		table->count--;
	}
	make_slots(table);
}

void folder_table_tidy(struct folder_table *table)
{
	size_t kept = 0;

	if (table->count - table->live < TIDY_MIN + table->live / 4)
		return;
	for (size_t i = 0; i < table->count; i++)
		if (folder_entry_is_live(&table->items[i]))
			table->items[kept++] = table->items[i];
	table->count = kept;
	/* ARRAY_GROW() grows at powers of two. */
	for (kept = 1; kept < table->count;)
		kept *= 2;
	table->items = xrealloc(table->items, kept * sizeof(*table->items));
	make_slots(table);
}

void folder_table_clear(struct folder_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->items[i].name);
	free(table->items);
	free(table->slots);
	free(table->uids);
	*table = (struct folder_table){0};
}
