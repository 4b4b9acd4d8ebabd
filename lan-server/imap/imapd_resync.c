/*
 * What a client that was away has missed (RFC 7162): UIDs that are gone, and messages that have changed.
 */
#include "base/alloc.h"

#include "lan-server/imap/imapd_priv.h"

#include <inttypes.h>
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
	const struct imapd_range *one = a, *other = b;

	return (one->first > other->first) - (one->first < other->first);
}

/* Sorted, without "*", from low to high, apart from each other: so that each UID is reported once. */
static void normalize(struct imapd_set *set, uint32_t last)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->count; i++) {
		struct imapd_range *range = &set->ranges[i];
		uint32_t a = range->first == IMAPD_STAR || range->first > last ? last : range->first;
		uint32_t b = range->last == IMAPD_STAR || range->last > last ? last : range->last;

		*range = (struct imapd_range){a < b ? a : b, a < b ? b : a};
	}
	if (set->count > 0)
		qsort(set->ranges, set->count, sizeof(*set->ranges), compare);
	for (size_t i = 0; i < set->count; i++) {
		if (kept > 0 && set->ranges[i].first <= set->ranges[kept - 1].last) {
			if (set->ranges[i].last > set->ranges[kept - 1].last)
				set->ranges[kept - 1].last = set->ranges[i].last;
			continue;
		}
		set->ranges[kept++] = set->ranges[i];
	}
	set->count = kept;
}

static void add_range(struct buf *out, uint32_t first, uint32_t last, bool *any)
{
	if (first > last)
		return;
	buf_append_text(out, *any ? "," : "* VANISHED (EARLIER) ");
	*any = true;
	if (first == last)
		buf_printf(out, "%u", first);
	else
		buf_printf(out, "%u:%u", first, last);
}

/* UIDs of one range that do not exist. */
static void add_missing(const struct imapd_uids *uids, struct imapd_range range, size_t *at, struct buf *out, bool *any)
{
	uint32_t next = range.first;

	while (*at < uids->count && uids->items[*at] < range.first)
		++*at;
	for (; *at < uids->count && uids->items[*at] <= range.last; ++*at) {
		add_range(out, next, uids->items[*at] - 1, any);
		next = uids->items[*at] + 1;
	}
	add_range(out, next, range.last, any);
}

void imapd_tell_vanished(struct imapd *imapd, const struct imapd_set *known)
{
	const struct imapd_uids *uids = &imapd->view.uids;
	struct imapd_range everything = {1, IMAPD_STAR};
	const struct imapd_range *from = known->count > 0 ? known->ranges : &everything;
	struct imapd_set set = {.count = known->count > 0 ? known->count : 1};
	uint32_t uid_next = folder_uid_next(imapd->view.folder);
	size_t at = 0;
	bool any = false;

	if (uid_next <= 1)
		return;
	set.ranges = xcalloc(set.count, sizeof(*set.ranges));
	memcpy(set.ranges, from, set.count * sizeof(*set.ranges));
	normalize(&set, uid_next - 1);
	for (size_t i = 0; i < set.count; i++)
		add_missing(uids, set.ranges[i], &at, imapd_out(imapd), &any);
	if (any)
		buf_append_text(imapd_out(imapd), "\r\n");
	imapd_set_clear(&set);
}

void imapd_resync(struct imapd *imapd, const struct imapd_set *known, uint64_t modseq)
{
	struct imapd_view *view = &imapd->view;

	imapd_tell_vanished(imapd, known);
	if (modseq >= view->modseq)
		return;
	view->modseq = modseq; /* what has changed since is reported as any change is */
	if (known->count > 0)
		imapd_set_find(imapd, known, true, &view->known);
}
