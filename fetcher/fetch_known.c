/*
 * An IMAP mailbox is listed as far as it has changed, if the server keeps UIDs as it should (it offers CONDSTORE).
 *
 * After each listing a record is stored: UIDVALIDITY, the next UID, and the UIDs of the messages that are there and were seen, or have a stub. The next
 * session lists the other UIDs and the latest recorded ones only, together with SELECT: the record is used if UIDVALIDITY is the same, UIDNEXT and
 * HIGHESTMODSEQ are not lower, the latest recorded messages have their sizes (where UIDs follow the dates, a message that comes late moves them), and
 * EXISTS is the number of recorded messages and of new ones. If some of the recorded messages are gone, a server with ESEARCH says in
 * one line which are left. In all other cases everything is listed, and also once a month.
 *
 * The recorded messages become items of the plan with their stored sizes, so every decision is made as after a whole listing: what is
 * deleted because of its age, whether most messages have disappeared, what may be forgotten. A server without UIDPLUS is listed whole if messages
 * may be deleted there: EXPUNGE is allowed only if nobody else has marked messages.
 */
#include "base/alloc.h"
#include "fetcher/fetch_priv.h"

#include <stdlib.h>

#define WHOLE_SECONDS (30 * 24 * 3600) /* then everything is listed again */
#define LATEST 4 /* recorded messages whose sizes are compared */
#define TEXT_MAX (1u << 20) /* a mailbox with more holes than that is listed whole */

void fetch_known_clear(struct fetch_known *known)
{
	uid_set_clear(&known->done);
	uid_set_clear(&known->found);
	buf_clear(&known->set);
	*known = (struct fetch_known){.is_there = false};
}

/* --- the record: "1 VALIDITY NEXT MODSEQ TIME DONE TO-LIST", where the sets may be empty */

static bool take_number(struct slice *rest, uint64_t max, uint64_t *number)
{
	return slice_number(slice_cut(rest, ' '), 0, max, number);
}

static bool read_record(struct fetch_known *known, struct slice text, struct slice *open)
{
	uint64_t version, validity, next, modseq, time;

	if (!take_number(&text, 1, &version) || !take_number(&text, UINT32_MAX, &validity) || !take_number(&text, UINT32_MAX, &next) ||
	    !take_number(&text, INT64_MAX, &modseq) || !take_number(&text, INT64_MAX, &time) || version != 1 || validity == 0 || next == 0)
		return false;
	known->validity = (uint32_t)validity;
	known->next = (uint32_t)next;
	known->modseq = modseq;
	known->listed_at = (int64_t)time;
	if (!uid_set_read(&known->done, slice_cut(&text, ' '), PLAN_ITEMS_MAX))
		return false;
	*open = text;
	return true;
}

/* The seen message with this UID, or the stub of it; NULL: it is not known any more. */
static const struct seen *seen_of(const struct fetch *fetch, uint32_t validity, uint32_t uid)
{
	char *key = plan_imap_key(validity, uid), *stub = plan_stub_key(key);
	const struct seen *seen = map_get(&fetch->memory.seen, slice_of(key));

	if (seen == NULL)
		seen = map_get(&fetch->memory.seen, slice_of(stub));
	free(key);
	free(stub);
	return seen;
}

/* The list of seen messages may be older than the record: it was restored. */
static bool all_are_seen(const struct fetch *fetch, const struct fetch_known *known)
{
	size_t range = 0;
	uint32_t uid = 0;

	while (uid_set_next(&known->done, &range, &uid))
		if (seen_of(fetch, known->validity, uid) == NULL)
			return false;
	return true;
}

/* The latest recorded messages are listed again: fetch_known_check() compares their sizes. */
static void append_latest(struct buf *set, const struct uid_set *done)
{
	const struct uid_range *range = done->range_count > 0 ? &done->ranges[done->range_count - 1] : NULL;

	if (range == NULL)
		return;
	if (range->first == range->last)
		buf_printf(set, ",%u", range->last);
	else
		buf_printf(set, ",%u:%u", range->last - range->first < LATEST ? range->first : range->last - LATEST + 1, range->last);
}

bool fetch_known_load(struct fetch *fetch)
{
	struct fetch_known *known = &fetch->listing.known;
	char *text = fetch_memory_load_listing(fetch);
	struct slice open;
	bool is_good = text != NULL && read_record(known, slice_of(text), &open) && known->listed_at <= fetch->begun &&
		       known->listed_at + WHOLE_SECONDS > fetch->begun && all_are_seen(fetch, known);

	buf_init(&known->set, IMAP_SET_MAX);
	if (is_good) {
		buf_printf(&known->set, "%.*s%s%u:*", SLICE_PRINT(open), open.len > 0 ? "," : "", known->next);
		append_latest(&known->set, &known->done);
	}
	known->is_there = is_good && !known->set.overflow;
	free(text);
	return known->is_there;
}

/* --- whether it fits */

void fetch_known_found(struct fetch *fetch, struct slice set)
{
	uid_set_clear(&fetch->listing.known.found);
	uid_set_read(&fetch->listing.known.found, set, PLAN_ITEMS_MAX);
}

/* The number of messages that were listed now and are not in the record. */
static size_t count_new(const struct fetch *fetch)
{
	size_t count = 0;

	for (size_t i = 0; i < fetch->plan.count; i++)
		count += !uid_set_has(&fetch->listing.known.done, fetch->plan.items[i].number);
	return count;
}

static size_t count_left(const struct fetch_known *known)
{
	size_t range = 0, count = 0;
	uint32_t uid = 0;

	while (uid_set_next(&known->done, &range, &uid))
		count += uid_set_has(&known->found, uid);
	return count;
}

static bool latest_are_same(const struct fetch *fetch)
{
	const struct fetch_known *known = &fetch->listing.known;

	for (size_t i = 0; i < fetch->plan.count; i++) {
		const struct plan_item *item = &fetch->plan.items[i];
		const struct seen *seen = uid_set_has(&known->done, item->number) ? seen_of(fetch, known->validity, item->number) : NULL;

		if (seen != NULL && seen->listed != 0 && item->size != seen->listed)
			return false;
	}
	return true;
}

enum fetch_known_state fetch_known_check(const struct fetch *fetch, bool searched)
{
	const struct fetch_listing *listing = &fetch->listing;
	const struct fetch_known *known = &listing->known;
	size_t there = count_new(fetch);

	if (!latest_are_same(fetch))
		return KNOWN_IS_WRONG;
	if (listing->validity != known->validity || (listing->next != 0 && listing->next < known->next) ||
	    (listing->modseq != 0 && listing->modseq < known->modseq) ||
	    (!fetch->connection.can_expunge_some && fetch->job->account->keep_days >= 0))
		return KNOWN_IS_WRONG;
	if (searched)
		return listing->exists == there + count_left(known) ? KNOWN_FITS : KNOWN_IS_WRONG;
	if (listing->exists == there + known->done.count)
		return KNOWN_FITS;
	return fetch->connection.can_search && listing->exists < there + known->done.count ? KNOWN_NEEDS_SEARCH : KNOWN_IS_WRONG;
}

void fetch_known_add(struct fetch *fetch, bool searched)
{
	const struct fetch_known *known = &fetch->listing.known;
	size_t range = 0;
	uint32_t uid = 0;

	while (uid_set_next(&known->done, &range, &uid))
		if (!searched || uid_set_has(&known->found, uid))
			plan_add_uid(&fetch->plan, known->validity, uid, seen_of(fetch, known->validity, uid)->listed, false);
	plan_sort(&fetch->plan); /* as a whole listing has them */
}

/* --- the next record */

static int by_number(const void *one, const void *other)
{
	uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;

	return (a > b) - (a < b);
}

static bool is_deleted(const struct fetch *fetch, const uint32_t *deleted, uint32_t uid)
{
	return deleted != NULL && bsearch(&uid, deleted, fetch->deletions.count, sizeof(uid), by_number) != NULL;
}

/* A message under whose key another one was seen is not in the record, so that it is listed again. */
static bool is_done(const struct fetch *fetch, const struct plan_item *item)
{
	return item->key != NULL && !item->is_new && !item->is_doubtful && seen_of(fetch, fetch->listing.validity, item->number) != NULL;
}

static uint32_t *sorted(const uint32_t *numbers, size_t count)
{
	uint32_t *copy = xcalloc(count + 1, sizeof(*copy));

	if (count > 0)
		memcpy(copy, numbers, count * sizeof(*copy));
	qsort(copy, count, sizeof(*copy), by_number);
	return copy;
}

static uint32_t *sorted_items(const struct fetch *fetch)
{
	uint32_t *numbers = xcalloc(fetch->plan.count + 1, sizeof(*numbers));

	for (size_t i = 0; i < fetch->plan.count; i++)
		numbers[i] = fetch->plan.items[i].number;
	qsort(numbers, fetch->plan.count, sizeof(*numbers), by_number);
	return numbers;
}

static void fill(const struct fetch *fetch, bool has_deleted, struct uid_set *done, struct uid_set *open)
{
	uint32_t *numbers = sorted_items(fetch);
	uint32_t *deleted = has_deleted ? sorted(fetch->deletions.numbers, fetch->deletions.count) : NULL;

	for (size_t i = 0; i < fetch->plan.count; i++)
		if (!is_deleted(fetch, deleted, numbers[i]))
			uid_set_add(is_done(fetch, plan_find(&fetch->plan, numbers[i])) ? done : open, numbers[i]);
	free(numbers);
	free(deleted);
}

static uint32_t next_uid(const struct fetch *fetch)
{
	uint32_t next = fetch->listing.next;

	for (size_t i = 0; i < fetch->plan.count; i++)
		if (fetch->plan.items[i].number >= next && fetch->plan.items[i].number < UINT32_MAX)
			next = fetch->plan.items[i].number + 1;
	return next;
}

static void write_record(const struct fetch *fetch, bool has_deleted, struct buf *text)
{
	const struct fetch_listing *listing = &fetch->listing;
	struct uid_set done = {NULL, 0, 0}, open = {NULL, 0, 0};

	fill(fetch, has_deleted, &done, &open);
	buf_printf(text, "1 %u %u %llu %lld ", listing->validity, next_uid(fetch), (unsigned long long)listing->modseq,
	    (long long)(listing->known.is_there ? listing->known.listed_at : fetch->begun));
	uid_set_write(&done, text);
	buf_append_byte(text, ' ');
	uid_set_write(&open, text);
	uid_set_clear(&done);
	uid_set_clear(&open);
	if (text->overflow || listing->validity == 0)
		buf_reset(text);
}

void fetch_known_save(struct fetch *fetch, bool has_deleted)
{
	struct buf text = BUF_INIT(TEXT_MAX);
	char *before;

	if (!fetch->is_imap)
		return;
	write_record(fetch, has_deleted, &text);
	before = fetch_memory_load_listing(fetch);
	if (strcmp(buf_text(&text), before == NULL ? "" : before) != 0)
		fetch_memory_save_listing(fetch, buf_text(&text));
	buf_clear(&text);
	free(before);
}
