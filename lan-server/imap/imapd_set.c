/*
 * Sequence sets (RFC 9051 section 9): "1:4,7,10:*".
 */
#include "base/alloc.h"

#include "lan-server/imap/imapd_priv.h"

#include <stdlib.h>

void imapd_uids_add(struct imapd_uids *uids, uint32_t uid)
{
	ARRAY_GROW(uids->items, uids->count);
	uids->items[uids->count++] = uid;
}

static size_t first_at_least(const struct imapd_uids *uids, uint32_t uid)
{
	size_t low = 0, high = uids->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (uids->items[middle] < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool imapd_uids_has(const struct imapd_uids *uids, uint32_t uid)
{
	size_t at = first_at_least(uids, uid);

	return at < uids->count && uids->items[at] == uid;
}

void imapd_uids_clear(struct imapd_uids *uids)
{
	free(uids->items);
	*uids = (struct imapd_uids){.items = NULL};
}

void imapd_uids_append(const uint32_t *uids, size_t count, struct buf *out)
{
	for (size_t i = 0, next; i < count; i = next) {
		for (next = i + 1; next < count && uids[next] == uids[next - 1] + 1; next++)
			;
		buf_printf(out, "%s%u", i > 0 ? "," : "", uids[i]);
		if (next - i > 1)
			buf_printf(out, ":%u", uids[next - 1]);
	}
}

/* --- reading */

static bool read_number(struct slice text, uint32_t *number)
{
	uint64_t value = IMAPD_STAR;
	bool good = slice_is(text, "*") || slice_number(text, 1, UINT32_MAX, &value);

	*number = (uint32_t)value;
	return good;
}

bool imapd_set_read(struct slice text, struct imapd_set *set)
{
	*set = (struct imapd_set){.is_saved = slice_is(text, "$")};
	if (set->is_saved)
		return true;
	do {
		struct slice last = slice_cut(&text, ',');
		struct slice first = slice_cut(&last, ':');
		struct imapd_range range;

		if (!read_number(first, &range.first) || !read_number(last.ptr == NULL ? first : last, &range.last)) {
			imapd_set_clear(set);
			return false;
		}
		ARRAY_GROW(set->ranges, set->count);
		set->ranges[set->count++] = range;
	} while (text.ptr != NULL);
	return true;
}

void imapd_set_clear(struct imapd_set *set)
{
	free(set->ranges);
	*set = (struct imapd_set){.ranges = NULL};
}

/* --- finding */

/* Whole bytes at once, for a set may name everything many times. */
static void mark(unsigned char *marks, size_t from, size_t to)
{
	for (; from < to && from % 8 != 0; from++)
		marks[from / 8] |= (unsigned char)(1u << from % 8);
	if (from + 8 <= to) {
		memset(marks + from / 8, 0xff, to / 8 - from / 8);
		from = to / 8 * 8;
	}
	for (; from < to; from++)
		marks[from / 8] |= (unsigned char)(1u << from % 8);
}

static void mark_uids(const struct imapd_uids *uids, struct imapd_range range, unsigned char *marks)
{
	uint32_t last = uids->count == 0 ? 0 : uids->items[uids->count - 1];
	uint32_t a = range.first == IMAPD_STAR ? last : range.first, b = range.last == IMAPD_STAR ? last : range.last;
	uint32_t low = a < b ? a : b, high = a < b ? b : a;

	mark(marks, first_at_least(uids, low), high == UINT32_MAX ? uids->count : first_at_least(uids, high + 1));
}

/* An empty mailbox has no last message; but some programs ask for 1:*. */
static bool mark_numbers(size_t count, struct imapd_range range, unsigned char *marks)
{
	size_t a = range.first == IMAPD_STAR ? count : range.first, b = range.last == IMAPD_STAR ? count : range.last;
	size_t low = a < b ? a : b, high = a < b ? b : a;

	if (count == 0)
		return range.last == IMAPD_STAR;
	if (high > count)
		return false;
	mark(marks, low - 1, high);
	return true;
}

static void mark_saved(const struct imapd *imapd, unsigned char *marks)
{
	for (size_t i = 0; i < imapd->saved.count; i++) {
		size_t at = imapd_view_find(&imapd->view, imapd->saved.items[i]);

		if (at < imapd->view.uids.count)
			mark(marks, at, at + 1);
	}
}

unsigned char *imapd_set_marks(const struct imapd *imapd, const struct imapd_set *set, bool uid)
{
	const struct imapd_uids *uids = &imapd->view.uids;
	unsigned char *marks = xcalloc(uids->count / 8 + 1, 1);

	if (set->is_saved)
		mark_saved(imapd, marks);
	for (size_t i = 0; i < set->count; i++) {
		if (uid) {
			mark_uids(uids, set->ranges[i], marks);
		} else if (!mark_numbers(uids->count, set->ranges[i], marks)) {
			free(marks);
			return NULL;
		}
	}
	return marks;
}

bool imapd_set_find(const struct imapd *imapd, const struct imapd_set *set, bool uid, struct imapd_places *places)
{
	unsigned char *marks = imapd_set_marks(imapd, set, uid);
	bool is_good = marks != NULL;

	*places = (struct imapd_places){.items = NULL};
	for (size_t i = 0; marks != NULL && i < imapd->view.uids.count; i++) {
		if (!(marks[i / 8] & (1u << i % 8)))
			continue;
		ARRAY_GROW(places->items, places->count);
		places->items[places->count++] = i;
	}
	free(marks);
	return is_good;
}

enum imapd_reply imapd_set_argument(struct imapd *imapd, struct imapd_args *args, struct imapd_places *places)
{
	struct imapd_set set;
	bool found;

	*places = (struct imapd_places){.items = NULL};
	if (!imapd_set_read(imapd_args_set(args), &set))
		return IMAPD_SYNTAX;
	found = imapd_set_find(imapd, &set, imapd->uid, places);
	imapd_set_clear(&set);
	return found ? IMAPD_NONE : IMAPD_NO_SUCH_MESSAGE;
}

uint32_t *imapd_places_uids(const struct imapd_view *view, const struct imapd_places *places)
{
	uint32_t *uids = xcalloc(places->count + 1, sizeof(*uids));

	for (size_t i = 0; i < places->count; i++)
		uids[i] = view->uids.items[places->items[i]];
	return uids;
}

size_t imapd_view_find(const struct imapd_view *view, uint32_t uid)
{
	size_t at = first_at_least(&view->uids, uid);

	return at < view->uids.count && view->uids.items[at] == uid ? at : view->uids.count;
}
