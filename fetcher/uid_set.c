#include "fetcher/uid_set.h"

#include "base/alloc.h"

#include <stdlib.h>

void uid_set_clear(struct uid_set *set)
{
	free(set->ranges);
	*set = (struct uid_set){NULL, 0, 0};
}

static struct uid_range *last_of(const struct uid_set *set)
{
	return set->range_count == 0 ? NULL : &set->ranges[set->range_count - 1];
}

static void add_range(struct uid_set *set, uint32_t first, uint32_t last)
{
	struct uid_range *end = last_of(set);

	set->count += (uint64_t)last - first + 1;
	if (end != NULL && end->last == first - 1) {
		end->last = last;
		return;
	}
	ARRAY_GROW(set->ranges, set->range_count);
	set->ranges[set->range_count++] = (struct uid_range){first, last};
}

void uid_set_add(struct uid_set *set, uint32_t uid)
{
	const struct uid_range *end = last_of(set);

	if (uid > (end == NULL ? 0 : end->last))
		add_range(set, uid, uid);
}

bool uid_set_has(const struct uid_set *set, uint32_t uid)
{
	size_t from = 0, to = set->range_count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (set->ranges[middle].last < uid)
			from = middle + 1;
		else
			to = middle;
	}
	return from < set->range_count && set->ranges[from].first <= uid;
}

static bool read_range(struct slice text, uint64_t *first, uint64_t *last)
{
	struct slice begin = slice_cut(&text, ':');

	if (!slice_number(begin, 1, UINT32_MAX, first))
		return false;
	*last = *first;
	return text.ptr == NULL || slice_number(text, *first, UINT32_MAX, last);
}

bool uid_set_read(struct uid_set *set, struct slice text, uint64_t max)
{
	uint64_t first, last;

	while (text.len > 0) {
		const struct uid_range *end = last_of(set);

		if (!read_range(slice_cut(&text, ','), &first, &last) || (end != NULL && first <= end->last) ||
		    set->count + (last - first + 1) > max) {
			uid_set_clear(set);
			return false;
		}
		add_range(set, (uint32_t)first, (uint32_t)last);
	}
	return true;
}

void uid_set_write(const struct uid_set *set, struct buf *out)
{
	for (size_t i = 0; i < set->range_count; i++) {
		const struct uid_range *range = &set->ranges[i];

		buf_printf(out, "%s%u", i == 0 ? "" : ",", range->first);
		if (range->last > range->first)
			buf_printf(out, ":%u", range->last);
	}
}

bool uid_set_next(const struct uid_set *set, size_t *range, uint32_t *uid)
{
	if (*uid != 0 && *range < set->range_count && *uid < set->ranges[*range].last) {
		++*uid;
		return true;
	}
	*range += *uid != 0;
	if (*range >= set->range_count)
		return false;
	*uid = set->ranges[*range].first;
	return true;
}
