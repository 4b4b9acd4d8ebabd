#include "fetcher/plan_priv.h"

#include "base/alloc.h"
#include "fetcher/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY 86400

void plan_clear(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		free(plan->items[i].key);
	free(plan->items);
	free(plan->order);
	map_clear(&plan->numbers);
	plan_known_clear(plan);
	*plan = (struct plan){0};
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

static const struct seen *find_stub(const struct map *seen, const struct plan_item *item)
{
	char *key = plan_stub_key(item->key);
	const struct seen *what = map_get(seen, slice_of(key));

	free(key);
	return what;
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
	plan->items[plan->count] = (struct plan_item){.number = number, .priority = PRIORITY_NORMAL};
	map_put(&plan->numbers, number_bytes(&number), (void *)(uintptr_t)(plan->count + 1));
	return &plan->items[plan->count++];
}

static int by_number(const void *one, const void *other)
{
	const struct plan_item *a = one, *b = other;

	return (a->number > b->number) - (a->number < b->number);
}

void plan_sort(struct plan *plan)
{
	if (plan->count > 0)
		qsort(plan->items, plan->count, sizeof(*plan->items), by_number);
	map_clear(&plan->numbers);
	for (size_t i = 0; i < plan->count; i++)
		map_put(&plan->numbers, number_bytes(&plan->items[i].number), (void *)(uintptr_t)(i + 1));
}

bool plan_add_uidl(struct plan *plan, struct slice line)
{
	struct plan_item *item;
	struct slice uidl;
	uint32_t number;

	if (!read_line(line, &number, &uidl) || (item = add(plan, number)) == NULL)
		return false;
	item->key = plan_uidl_key(uidl);
	return true;
}

bool plan_add_size(struct plan *plan, struct slice line, bool is_only)
{
	struct plan_item *item;
	struct slice size;
	uint32_t number;

	if (!read_line(line, &number, &size))
		return false;
	item = is_only ? NULL : plan_find(plan, number);
	/* A message that UIDL omits is identified by its header. */
	if (item == NULL && (item = add(plan, number)) == NULL)
		return false;
	/* An impossible value counts as not given. */
	if (!slice_number(slice_cut(&size, ' '), 0, PLAN_SIZE_MAX, &item->size))
		item->size = 0;
	return true;
}

bool plan_add_uid(struct plan *plan, uint32_t validity, uint32_t uid, uint64_t size, bool is_flagged)
{
	struct plan_item *item = add(plan, uid);

	if (item == NULL)
		return false;
	if (validity != 0) /* else UIDs are not persistent: identified by its header */
		item->key = plan_imap_key(validity, uid);
	item->size = size > PLAN_SIZE_MAX ? 0 : size;
	item->is_flagged = is_flagged;
	return true;
}

/* --- which headers are needed */

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

static bool is_other_size(const struct plan_item *item, const struct seen *seen)
{
	return item->size > 0 && seen->listed > 0 && item->size != seen->listed;
}

static bool may_be_another(const struct plan *plan, const struct plan_item *item, const struct conf_account *account,
    const struct seen *seen, int64_t now)
{
	if (seen->digest == 0 || seen->is_fresh)
		return false;
	return plan->are_numbers || is_due(account, seen, now) || is_other_size(item, seen);
}

size_t plan_known(const struct plan *plan, const struct map *seen)
{
	size_t known = 0;

	for (size_t i = 0; i < plan->count; i++)
		known += find_seen(seen, &plan->items[i]) != NULL || plan_has_stub(&plan->items[i], seen);
	return known;
}

/* Some servers have no persistent ids, and use the number of the message as its UIDL. */
static bool are_numbers(const struct plan *plan)
{
	char number[16];
	bool has_uidl = false;

	for (size_t i = 0; i < plan->count; i++) {
		if (plan->items[i].key == NULL)
			continue;
		snprintf(number, sizeof(number), "%u", plan->items[i].number);
		if (strcmp(plan->items[i].key, number) != 0)
			return false;
		has_uidl = true;
	}
	return has_uidl;
}

void plan_question(struct plan *plan, const struct conf_account *account, const struct map *seen,
    size_t left, int64_t now)
{
	size_t known = plan_known(plan, seen);
	struct map gone = MAP_INIT;

	question_doubles(plan, seen);
	plan->is_renumbered = left > 0 && 2 * known < left;
	plan->are_numbers = are_numbers(plan);
	if (known < left)
		plan_sizes(plan, seen, false, &gone);
	for (size_t i = 0; i < plan->count; i++) {
		struct plan_item *item = &plan->items[i];
		const struct seen *what = find_seen(seen, item);

		if (item->question != PLAN_SURE)
			continue;
		if (what != NULL)
			item->question = may_be_another(plan, item, account, what, now) ? PLAN_IS_IT : PLAN_SURE;
		else if ((what = find_stub(seen, item)) != NULL && what->digest != 0 && !what->is_fresh && is_other_size(item, what))
			item->question = PLAN_IS_IT;
		else if (plan->is_renumbered || (plan->are_numbers && left > 0) ||
			 (known < left && plan_has_size(&gone, item->size)))
			item->question = PLAN_IS_KNOWN;
	}
	map_clear(&gone);
}

bool plan_question_again(struct plan *plan, const struct map *seen)
{
	size_t begin = plan->displaced == 0 ? plan->count : plan->displaced - 1;
	struct map sizes = MAP_INIT;
	bool again = false;

	plan->displaced = 0;
	if (begin < plan->count)
		plan_sizes(plan, seen, true, &sizes);
	for (size_t i = begin; i < plan->count; i++) {
		struct plan_item *item = &plan->items[i];
		const struct seen *what = find_seen(seen, item);

		if (item->was_asked || item->key == NULL)
			continue;
		if (what != NULL ? what->digest != 0 && !what->is_fresh : plan_has_size(&sizes, item->size))
			item->question = what != NULL ? PLAN_IS_IT : PLAN_IS_KNOWN;
		again = again || item->question != PLAN_SURE;
	}
	map_clear(&sizes);
	if (again) /* the assignment is unknown again */
		plan_known_clear(plan);
	return again;
}

/* --- the answers */

void plan_set_key(struct plan_item *item, uint64_t digest, struct slice header)
{
	free(item->key);
	item->key = plan_header_key(digest, header);
}

/* By a seen message, or by another one of the listing, which may not be durable yet. */
static bool is_used(const struct plan *plan, const struct plan_item *item, const struct map *seen)
{
	if (map_get(seen, slice_of(item->key)) != NULL)
		return true;
	for (size_t i = 0; i < plan->count; i++)
		if (&plan->items[i] != item && plan->items[i].key != NULL && strcmp(plan->items[i].key, item->key) == 0)
			return true;
	return false;
}

void plan_name(const struct plan *plan, struct plan_item *item, const struct map *seen, uint64_t digest, struct slice header)
{
	char *base = plan_header_key(digest, header);

	free(item->key);
	item->key = xstrdup(base);
	for (unsigned i = 1; is_used(plan, item, seen); i++) {
		free(item->key);
		item->key = xasprintf("%s.%u", base, i);
	}
	free(base);
}

static void forget_key(struct plan_item *item)
{
	free(item->key);
	item->key = NULL;
	item->is_doubtful = true;
}

static bool is_stub_of(const char *stub, const char *key)
{
	const char *behind = plan_behind_stub(stub);

	return behind != NULL && strcmp(behind, key) == 0;
}

/* A message without UIDL: its header identifies it. */
static const struct plan_known *name_by_header(struct plan *plan, struct plan_item *item, const struct map *seen, uint64_t digest,
    struct slice header)
{
	enum plan_likeness likeness;
	const struct plan_known *known = plan_match(plan, seen, digest, item->size, &likeness);

	/* With such a short header, several messages may have the same size. */
	if (likeness == PLAN_ALIKE || (likeness == PLAN_SAME && digest != 0 && !digest_is_telling(header))) {
		forget_key(item);
		return NULL;
	}
	plan_set_key(item, digest, header);
	if (likeness == PLAN_UNLIKE || is_stub_of(known->key, item->key))
		return NULL;
	if (!plan_is_header_key(known->key))
		return known;
	free(item->key);
	item->key = xstrdup(known->key);
	return NULL;
}

/* A message with a key that is new, or that was seen with another message. */
static const struct plan_known *find_by_header(struct plan *plan, struct plan_item *item, const struct map *seen, uint64_t digest,
    struct slice header)
{
	enum plan_likeness likeness;
	const struct plan_known *known = plan_match(plan, seen, digest, item->size, &likeness);

	item->is_doubtful = likeness == PLAN_ALIKE || (likeness == PLAN_SAME && !digest_is_telling(header));
	return likeness == PLAN_SAME && !item->is_doubtful ? known : NULL;
}

static const struct plan_known *compare(struct plan *plan, struct plan_item *item, const struct map *seen, uint64_t digest,
    struct slice header)
{
	const struct seen *what = map_get(seen, slice_of(item->key));
	const struct plan_known *known;

	if (what == NULL && (what = find_stub(seen, item)) == NULL)
		return NULL;
	if (what->digest == digest) {
		/* Another text with the same short header? */
		item->is_doubtful = !digest_is_telling(header) && (plan->are_numbers || is_other_size(item, what));
		return NULL;
	}
	item->is_new = true;
	if (plan->displaced == 0)
		plan->displaced = (size_t)(item - plan->items) + 1;
	known = find_by_header(plan, item, seen, digest, header);
	return known != NULL && strcmp(known->key, item->key) == 0 ? NULL : known;
}

const struct plan_known *plan_answer(struct plan *plan, struct plan_item *item, const struct map *seen, uint64_t digest,
    struct slice header)
{
	enum plan_question question = item->question;

	item->question = PLAN_SURE;
	item->was_asked = true;
	switch (question) {
	case PLAN_NO_KEY:
		return name_by_header(plan, item, seen, digest, header);
	case PLAN_IS_IT:
		return compare(plan, item, seen, digest, header);
	case PLAN_IS_KNOWN:
		return find_by_header(plan, item, seen, digest, header);
	case PLAN_SURE:
		break;
	}
	return NULL;
}

void plan_no_answer(const struct plan *plan, struct plan_item *item, const struct conf_account *account, const struct map *seen,
    int64_t now)
{
	const struct seen *what = find_seen(seen, item);
	enum plan_question question = item->question;

	item->question = PLAN_SURE;
	item->was_asked = true;
	if (question == PLAN_NO_KEY)
		forget_key(item);
	else if (question == PLAN_IS_KNOWN || what == NULL)
		item->is_doubtful = true;
	else /* It was fetched with this UIDL and size. */
		item->is_doubtful = item->size == 0 || item->size != what->listed ||
				    (plan->are_numbers && is_due(account, what, now));
}

bool plan_is_wanted(const struct plan_item *item, const struct map *seen)
{
	return item->key != NULL && has_mark(seen, plan_wanted_key(item->key));
}

bool plan_has_stub(const struct plan_item *item, const struct map *seen)
{
	return item->key != NULL && !item->is_new && find_stub(seen, item) != NULL;
}

uint64_t plan_cost(const struct plan_item *item)
{
	if (item->is_later)
		return item->later_cost;
	if (item->action == PLAN_STUB)
		return item->at_least > PLAN_STUB_BYTES ? PLAN_STUB_BYTES : item->at_least;
	return item->at_least > item->kept ? item->at_least - item->kept : 0;
}

/* It was once larger than listed. If another message may have this key now, that proves nothing. */
static uint64_t size_at_least(const struct plan *plan, const struct plan_item *item, const struct map *seen)
{
	const struct seen *large;
	char *mark;

	if (item->key == NULL || item->is_new || plan->are_numbers)
		return item->size;
	mark = plan_large_mark(item->key);
	large = map_get(seen, slice_of(mark));
	free(mark);
	return large != NULL && large->listed == item->size && large->body > item->size ? large->body : item->size;
}

static bool is_too_large(const struct plan *plan, const struct plan_item *item, const struct map *seen)
{
	if (item->key == NULL || plan_is_wanted(item, seen))
		return false;
	return (plan->max_size > 0 && item->at_least > (uint64_t)plan->max_size) || item->at_least > PLAN_ENDLESS(item->size);
}

/* The number of failed attempts, when they are enough to give it up (fetch_tries.c): each began again, and ended with the line. */
static uint64_t given_up(const struct plan *plan, const struct plan_item *item, const struct conf_account *account, const struct map *seen)
{
	const struct seen *tries;
	char *mark;

	if (!plan->gives_up || account->give_up_after == 0 || item->key == NULL || item->is_new || plan_is_wanted(item, seen))
		return 0;
	mark = plan_tries_mark(item->key);
	tries = map_get(seen, slice_of(mark));
	free(mark);
	return tries != NULL && tries->body == 0 && tries->listed >= (uint64_t)account->give_up_after ? tries->listed : 0;
}

static enum plan_action decide(const struct plan *plan, const struct plan_item *item, const struct conf_account *account,
    const struct map *seen, int64_t now)
{
	const struct seen *what = find_seen(seen, item);

	if (what != NULL && !item->is_doubtful)
		return is_due(account, what, now) && (plan->sizes_lie || !has_mark(seen, plan_short_mark(item->key))) ? PLAN_DELETE
															: PLAN_LEAVE;
	if (account->attachments == ATTACHMENTS_LATER && plan_has_stub(item, seen) && !plan_is_wanted(item, seen))
		return PLAN_LEAVE; /* its text has come */
	if (!is_too_large(plan, item, seen) && item->given_up == 0)
		return PLAN_GET;
	return plan_has_stub(item, seen) ? PLAN_LEAVE : PLAN_STUB;
}

void plan_decide(struct plan *plan, const struct conf_account *account, const struct map *seen,
    int64_t now)
{
	struct map met = MAP_INIT;

	plan->max_size = conf_size_at(&account->max_size, now);
	for (size_t i = 0; i < plan->count; i++) {
		struct plan_item *item = &plan->items[i];

		item->at_least = size_at_least(plan, item, seen);
		item->given_up = given_up(plan, item, account, seen);
		item->action = decide(plan, item, account, seen, now);
		if (item->key == NULL || map_put(&met, slice_of(item->key), item) == NULL)
			continue;
		/* The same header twice in one mailbox: the body shows whether it is the same message. */
		if (item->action == PLAN_GET)
			forget_key(item);
		else if (item->action == PLAN_STUB)
			item->action = PLAN_LEAVE;
	}
	map_clear(&met);
}

bool plan_is_left_large(const struct plan_item *item, const struct map *seen)
{
	return item->action == PLAN_STUB || (item->action == PLAN_LEAVE && item->key != NULL && find_seen(seen, item) == NULL &&
						has_mark(seen, plan_stub_key(item->key)));
}

bool plan_came_short(const struct plan *plan, const struct plan_item *item, const struct map *seen)
{
	return !plan->sizes_lie && item->action == PLAN_LEAVE && item->key != NULL && find_seen(seen, item) != NULL &&
	       has_mark(seen, plan_short_mark(item->key));
}
