#include "fetcher/plan.h"

#include "base/alloc.h"
#include "fetcher/digest.h"
#include "mail/state.h"

#include <stdio.h>
#include <stdlib.h>

#define DAY 86400

/* Keys beside plain UIDLs begin with a control byte, which a plain one never holds. */
#define MARK_DOUBLE "\x01"
#define MARK_DIGEST "\x02"
#define MARK_STUB "\x03"
#define MARK_WANTED "\x04"
#define MARK_LETTER "\x05"
#define MARK_MOVED "\x06"

void plan_clear(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		free(plan->items[i].key);
	free(plan->items);
	map_clear(&plan->numbers);
	map_clear(&plan->digests);
	*plan = (struct plan){0};
}

/* --- keys */

char *plan_stub_key(const char *key)
{
	return xasprintf(MARK_STUB "%s", key);
}

char *plan_wanted_key(const char *key)
{
	return xasprintf(MARK_WANTED "%s", key);
}

char *plan_double_mark(const char *uidl)
{
	return xasprintf(MARK_DOUBLE "%s", uidl);
}

char *plan_moved_key(const char *key)
{
	return xasprintf(MARK_MOVED "%s", key);
}

char *plan_letter_key(uint64_t digest)
{
	return xasprintf(MARK_LETTER "%016llx", (unsigned long long)digest);
}

const char *plan_behind_stub(const char *key)
{
	return key[0] == MARK_STUB[0] ? key + 1 : NULL;
}

bool plan_is_stale(struct slice key, int64_t seen, int64_t now)
{
	bool listed_as_it_is = key.len > 0 && (key.ptr[0] >= 0x20 || key.ptr[0] == MARK_DIGEST[0] ||
						 key.ptr[0] == MARK_LETTER[0]);

	return listed_as_it_is && seen + PLAN_FORGET_SECONDS < now;
}

static char *digest_key(struct slice bytes)
{
	char hex[DIGEST_HEX_SIZE];

	digest_hex(bytes, hex);
	return xasprintf(MARK_DIGEST "%s", hex);
}

/* RFC 1939 wants 1 to 70 characters of 0x21 to 0x7E. More is taken as it comes within reason; what cannot be
 * kept as text is kept as its digest. */
static char *uidl_key(struct slice uidl)
{
	for (size_t i = 0; i < uidl.len; i++)
		if ((unsigned char)uidl.ptr[i] < 0x20)
			return digest_key(uidl);
	return uidl.len == 0 || uidl.len > PLAN_UIDL_MAX ? digest_key(uidl) : slice_dup(uidl);
}

static bool has_mark(const struct map *seen, char *marked)
{
	bool found = map_get(seen, slice_of(marked)) != NULL;

	free(marked);
	return found;
}

static const struct seen *find_seen(const struct map *seen, const struct plan_item *item)
{
	return item->key == NULL || item->is_new ? NULL : map_get(seen, slice_of(item->key));
}

/* --- the listing */

static bool read_line(struct slice line, uint32_t *number, struct slice *rest)
{
	struct slice word = slice_cut(&line, ' ');
	uint64_t value;

	if (!slice_number(word, 1, UINT32_MAX, &value))
		return false;
	*number = (uint32_t)value;
	*rest = slice_trim(line);
	return true;
}

static struct slice number_bytes(const uint32_t *number)
{
	return slice_make((const char *)number, sizeof(*number));
}

struct plan_item *plan_find(const struct plan *plan, uint32_t number)
{
	uintptr_t at = (uintptr_t)map_get(&plan->numbers, number_bytes(&number));

	return at == 0 ? NULL : &plan->items[at - 1];
}

static struct plan_item *add(struct plan *plan, uint32_t number)
{
	if (plan_find(plan, number) != NULL || plan->count >= PLAN_ITEMS_MAX)
		return NULL;
	ARRAY_GROW(plan->items, plan->count);
	plan->items[plan->count] = (struct plan_item){.number = number};
	map_put(&plan->numbers, number_bytes(&number), (void *)(uintptr_t)(plan->count + 1));
	return &plan->items[plan->count++];
}

bool plan_add_uidl(struct plan *plan, struct slice line)
{
	struct plan_item *item;
	struct slice uidl;
	uint32_t number;

	if (!read_line(line, &number, &uidl) || (item = add(plan, number)) == NULL)
		return false;
	item->key = uidl_key(uidl);
	return true;
}

bool plan_add_size(struct plan *plan, struct slice line, bool is_only)
{
	struct plan_item *item;
	struct slice size;
	uint32_t number;

	if (!read_line(line, &number, &size))
		return false;
	item = is_only ? add(plan, number) : plan_find(plan, number);
	if (item == NULL)
		return false;
	/* What cannot be true is as good as not told. */
	if (!slice_number(slice_cut(&size, ' '), 0, PLAN_SIZE_MAX, &item->size))
		item->size = 0;
	return true;
}

bool plan_add_uid(struct plan *plan, uint32_t validity, uint32_t uid, uint64_t size, bool is_flagged)
{
	struct plan_item *item = add(plan, uid);

	if (item == NULL)
		return false;
	item->key = xasprintf("%u.%u", validity, uid);
	item->size = size > PLAN_SIZE_MAX ? 0 : size;
	item->is_flagged = is_flagged;
	return true;
}

/* --- what must be asked */

static void question_doubles(struct plan *plan, const struct map *seen)
{
	struct map met = MAP_INIT;

	for (size_t i = 0; i < plan->count; i++) {
		struct plan_item *item = &plan->items[i];
		struct plan_item *before;

		if (item->key == NULL) {
			item->question = PLAN_NO_KEY;
			continue;
		}
		before = map_put(&met, slice_of(item->key), item);
		if (before != NULL)
			before->question = PLAN_NO_KEY;
		if (before != NULL || has_mark(seen, plan_double_mark(item->key)))
			item->question = PLAN_NO_KEY;
	}
	map_clear(&met);
}

static bool is_due(const struct conf_account *account, const struct seen *seen, int64_t now)
{
	return account->keep_days == 0 || (account->keep_days > 0 && seen->time + account->keep_days * DAY <= now);
}

static bool may_be_another(const struct plan_item *item, const struct conf_account *account,
    const struct seen *seen, int64_t now)
{
	if (seen->digest == 0 || seen->is_fresh)
		return false;
	return is_due(account, seen, now) ||
	       (item->size > 0 && seen->listed > 0 && item->size != seen->listed);
}

static void note_digests(struct plan *plan, const struct map *seen)
{
	struct slice key;
	void *value;

	for (size_t at = 0; map_next(seen, &at, &key, &value);) {
		const struct seen *what = value;

		/* A letter that was first stubbed and then fetched is fetched. */
		if (what->digest != 0 && key.ptr[0] != MARK_LETTER[0] &&
		    (plan_behind_stub(key.ptr) == NULL ||
			map_get(&plan->digests, slice_make((const char *)&what->digest,
						    sizeof(what->digest))) == NULL))
			map_put(&plan->digests, slice_make((const char *)&what->digest, sizeof(what->digest)),
			    (void *)key.ptr);
	}
}

size_t plan_known(const struct plan *plan, const struct map *seen)
{
	size_t known = 0;

	for (size_t i = 0; i < plan->count; i++)
		known += find_seen(seen, &plan->items[i]) != NULL;
	return known;
}

void plan_question(struct plan *plan, const struct conf_account *account, const struct map *seen,
    size_t left, int64_t now)
{
	question_doubles(plan, seen);
	plan->is_renumbered = left > 0 && 2 * plan_known(plan, seen) < left;
	if (plan->is_renumbered)
		note_digests(plan, seen);
	for (size_t i = 0; i < plan->count; i++) {
		struct plan_item *item = &plan->items[i];
		const struct seen *what = find_seen(seen, item);

		if (item->question != PLAN_SURE)
			continue;
		if (what != NULL && may_be_another(item, account, what, now))
			item->question = PLAN_IS_IT;
		else if (what == NULL && plan->is_renumbered)
			item->question = PLAN_IS_KNOWN;
	}
}

/* --- and the answers */

void plan_set_digest(struct plan_item *item, uint64_t digest, struct slice header)
{
	free(item->key);
	item->key = digest == 0 ? digest_key(header)
				: xasprintf(MARK_DIGEST "%016llx", (unsigned long long)digest);
}

const char *plan_answer(struct plan *plan, struct plan_item *item, const struct map *seen, uint64_t digest,
    struct slice header)
{
	enum plan_question question = item->question;
	const struct seen *what;

	item->question = PLAN_SURE;
	switch (question) {
	case PLAN_NO_KEY:
		plan_set_digest(item, digest, header);
		break;
	case PLAN_IS_IT:
		what = map_get(seen, slice_of(item->key));
		item->is_new = what != NULL && what->digest != digest;
		break;
	case PLAN_IS_KNOWN:
		return digest == 0 ? NULL
				   : map_get(&plan->digests,
					 slice_make((const char *)&digest, sizeof(digest)));
	case PLAN_SURE:
		break;
	}
	return NULL;
}

static enum plan_action decide(const struct plan_item *item, const struct conf_account *account,
    const struct map *seen, int64_t now)
{
	const struct seen *what = find_seen(seen, item);

	if (what != NULL)
		return is_due(account, what, now) ? PLAN_DELETE : PLAN_LEAVE;
	if (account->max_size == 0 || item->size <= (uint64_t)account->max_size || item->key == NULL ||
	    has_mark(seen, plan_wanted_key(item->key)))
		return PLAN_GET;
	return has_mark(seen, plan_stub_key(item->key)) ? PLAN_LEAVE : PLAN_STUB;
}

void plan_decide(struct plan *plan, const struct conf_account *account, const struct map *seen,
    int64_t now)
{
	struct map met = MAP_INIT;

	for (size_t i = 0; i < plan->count; i++) {
		struct plan_item *item = &plan->items[i];

		item->action = decide(item, account, seen, now);
		/* The very same letter twice in one mailbox: one of them is enough. The other goes next time, as seen. */
		if (item->key != NULL && map_put(&met, slice_of(item->key), item) != NULL &&
		    item->action != PLAN_DELETE)
			item->action = PLAN_LEAVE;
	}
	map_clear(&met);
}
