#include "fetcher/plan.h"

#include "base/alloc.h"
#include "mail/state.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#define DAY 86400

/* Keys beside plain UIDLs begin with a control byte, which a plain one never holds. */
#define MARK_DOUBLE "\x01"
#define MARK_DIGEST "\x02"
#define MARK_STUB "\x03"

void plan_clear(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		free(plan->items[i].key);
	free(plan->items);
	map_clear(&plan->numbers);
	*plan = (struct plan){0};
}

char *plan_stub_key(const char *key)
{
	return xasprintf(MARK_STUB "%s", key);
}

char *plan_double_mark(const char *uidl)
{
	return xasprintf(MARK_DOUBLE "%s", uidl);
}

bool plan_is_stale(struct slice key, int64_t seen, int64_t now)
{
	bool listed_as_it_is = key.len > 0 && (key.ptr[0] >= 0x20 || key.ptr[0] == MARK_DIGEST[0]);

	return listed_as_it_is && seen + PLAN_FORGET_SECONDS < now;
}

static char *digest_key(struct slice bytes)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char *key = xmalloc(1 + 2 * 32 + 1);

	EVP_Digest(bytes.ptr == NULL ? "" : bytes.ptr, bytes.len, digest, NULL, EVP_sha256(), NULL);
	key[0] = MARK_DIGEST[0];
	for (size_t i = 0; i < 32; i++)
		snprintf(key + 1 + 2 * i, 3, "%02x", digest[i]);
	return key;
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

struct plan_item *plan_find(const struct plan *plan, uint32_t number)
{
	uintptr_t at = (uintptr_t)map_get(&plan->numbers,
	    slice_make((const char *)&number, sizeof(number)));

	return at == 0 ? NULL : &plan->items[at - 1];
}

static struct plan_item *add(struct plan *plan, uint32_t number)
{
	if (plan_find(plan, number) != NULL || plan->count >= PLAN_ITEMS_MAX)
		return NULL;
	ARRAY_GROW(plan->items, plan->count);
	plan->items[plan->count] = (struct plan_item){.number = number};
	map_put(&plan->numbers, slice_make((const char *)&number, sizeof(number)),
	    (void *)(uintptr_t)(plan->count + 1));
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
	item->needs_digest = is_only;
	/* What cannot be true is as good as not told. */
	if (!slice_number(slice_cut(&size, ' '), 0, PLAN_SIZE_MAX, &item->size))
		item->size = 0;
	return true;
}

void plan_find_doubles(struct plan *plan, const struct map *seen)
{
	struct map met = MAP_INIT;

	for (size_t i = 0; i < plan->count; i++) {
		struct plan_item *item = &plan->items[i], *before;
		char *mark;

		if (item->key == NULL)
			continue;
		before = map_put(&met, slice_of(item->key), item);
		mark = plan_double_mark(item->key);
		item->needs_digest = before != NULL || map_get(seen, slice_of(mark)) != NULL;
		if (before != NULL)
			before->needs_digest = true;
		free(mark);
	}
	map_clear(&met);
}

void plan_set_digest(struct plan_item *item, struct slice header)
{
	free(item->key);
	item->key = digest_key(header);
}

static enum plan_action decide(const struct plan_item *item, const struct conf_account *account,
    const struct map *seen, int64_t now)
{
	const void *when = map_get(seen, slice_of(item->key));
	char *stub;
	bool has_stub;

	if (when == NULL) {
		if (account->max_size == 0 || item->size <= (uint64_t)account->max_size)
			return PLAN_GET;
		stub = plan_stub_key(item->key);
		has_stub = map_get(seen, slice_of(stub)) != NULL;
		free(stub);
		return has_stub ? PLAN_LEAVE : PLAN_STUB;
	}
	if (account->keep_days < 0)
		return PLAN_LEAVE;
	return state_seen_when(when) + account->keep_days * DAY <= now ? PLAN_DELETE : PLAN_LEAVE;
}

void plan_decide(struct plan *plan, const struct conf_account *account, const struct map *seen,
    int64_t now)
{
	struct map met = MAP_INIT;

	for (size_t i = 0; i < plan->count; i++) {
		struct plan_item *item = &plan->items[i];

		item->action = PLAN_LEAVE;
		if (item->key == NULL)
			continue; /* its header could not be read: next time */
		item->action = decide(item, account, seen, now);
		/* The very same letter twice in one mailbox: one of them is enough. The other goes next time, as seen. */
		if (map_put(&met, slice_of(item->key), item) != NULL && item->action != PLAN_DELETE)
			item->action = PLAN_LEAVE;
	}
	map_clear(&met);
}
