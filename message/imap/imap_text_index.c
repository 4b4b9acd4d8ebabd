#include "message/imap/imap_text_index.h"

#include "base/alloc.h"
#include "message/budget.h"
#include "message/charset.h"
#include "message/imap/imap_search.h"

#include <stdlib.h>

#define VERSION 1
#define BITS 6		 /* of the filter for each sequence, two of which are set */
#define SEQUENCES_MAX (256u << 10)
#define ANYTHING UINT32_MAX /* as a length: it is not known which sequences there are */

struct begin {
	uint32_t version, body, header; /* bytes */
};

/* --- sequences */

/* The last three characters. Valid UTF-8 is cut into the same characters whatever precedes and follows it. */
struct window {
	uint32_t characters[3];
	size_t count;
};

static bool is_continuation(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

/* Cuts the next character off: a byte, and as many continuations as it announces. */
static uint32_t next_character(struct slice *rest)
{
	uint32_t character = (unsigned char)rest->ptr[0];
	size_t len = 1, most = character < 0xc0 ? 1 : character < 0xe0 ? 2 : character < 0xf0 ? 3 : 4;

	for (; len < most && len < rest->len && is_continuation(rest->ptr[len]); len++)
		character = character << 8 | (unsigned char)rest->ptr[len];
	*rest = slice_make(rest->ptr + len, rest->len - len);
	return character;
}

static uint64_t mix(uint64_t h)
{
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93ULL;
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93ULL;
	return h ^ h >> 32;
}

/* Adds a character; false: there are not yet three. */
static bool push(struct window *window, uint32_t character, uint64_t *sequence)
{
	window->characters[0] = window->characters[1];
	window->characters[1] = window->characters[2];
	window->characters[2] = character;
	if (++window->count < 3)
		return false;
	*sequence = mix(((uint64_t)window->characters[0] << 42) ^ ((uint64_t)window->characters[1] << 21) ^ window->characters[2]);
	*sequence += *sequence == 0;
	return true;
}

/* A set of sequences. */
struct sequences {
	uint64_t *slots; /* 0: free */
	size_t capacity, count;
	bool is_incomplete;
};

static bool insert(uint64_t *slots, size_t capacity, uint64_t sequence)
{
	size_t i = (size_t)sequence & (capacity - 1);

	for (; slots[i] != 0; i = (i + 1) & (capacity - 1))
		if (slots[i] == sequence)
			return false;
	slots[i] = sequence;
	return true;
}

static void grow(struct sequences *set)
{
	size_t capacity = set->capacity == 0 ? 4096 : 2 * set->capacity;
	uint64_t *slots = xcalloc(capacity, sizeof(*slots));

	for (size_t i = 0; i < set->capacity; i++)
		if (set->slots[i] != 0)
			insert(slots, capacity, set->slots[i]);
	free(set->slots);
	set->slots = slots;
	set->capacity = capacity;
}

/* Of all texts that are searched. */
static bool note_text(void *context, struct slice text)
{
	struct sequences *set = context;
	struct window window = {.count = 0};
	uint64_t sequence;

	set->is_incomplete = set->is_incomplete || text.ptr == NULL || set->count > SEQUENCES_MAX;
	while (text.len > 0 && !set->is_incomplete) {
		if (!push(&window, next_character(&text), &sequence))
			continue;
		if (2 * set->count >= set->capacity)
			grow(set);
		set->count += insert(set->slots, set->capacity, sequence);
	}
	return set->is_incomplete;
}

/* --- the filter */

/* Two of this many bits. */
static void places_of(uint64_t sequence, uint32_t bits, uint32_t places[2])
{
	places[0] = (uint32_t)(((sequence >> 32) * bits) >> 32);
	places[1] = (uint32_t)(((sequence & UINT32_MAX) * bits) >> 32);
}

/* Appends the filter of the set, which is cleared; returns its length. */
static uint32_t append_filter(struct sequences *set, struct buf *out)
{
	size_t len = (set->count * BITS + 7) / 8;
	char *filter = set->is_incomplete ? NULL : buf_reserve(out, len);
	uint32_t places[2];

	if (filter != NULL) {
		memset(filter, 0, len);
		out->len += len;
		for (size_t i = 0; i < set->capacity; i++) {
			if (set->slots[i] == 0)
				continue;
			places_of(set->slots[i], (uint32_t)len * 8, places);
			filter[places[0] / 8] |= (char)(1 << places[0] % 8);
			filter[places[1] / 8] |= (char)(1 << places[1] % 8);
		}
	}
	free(set->slots);
	*set = (struct sequences){.slots = NULL};
	return filter != NULL ? (uint32_t)len : ANYTHING;
}

static bool filter_has(struct slice filter, const struct imap_text_key *key)
{
	uint32_t places[2];

	for (size_t i = 0; i < key->count && filter.len > 0; i++) {
		places_of(key->sequences[i], (uint32_t)filter.len * 8, places);
		if (!(filter.ptr[places[0] / 8] & (1 << places[0] % 8)) || !(filter.ptr[places[1] / 8] & (1 << places[1] % 8)))
			return false;
	}
	return filter.len > 0;
}

/* --- for all */

static bool each_field(const struct imap_tree *tree, imap_search_fn fn, void *context)
{
	return imap_search_each_field(tree->root->header, fn, context);
}

/* With the whole budget, as a search of this part alone has it. */
static uint32_t append_part(const struct imap_tree *tree, bool (*each)(const struct imap_tree *, imap_search_fn, void *), struct buf *out)
{
	struct sequences set = {.slots = NULL};

	budget_begin();
	each(tree, note_text, &set);
	set.is_incomplete = set.is_incomplete || charset_was_refused() || !budget_spend(1);
	return append_filter(&set, out);
}

void imap_text_index_make(const struct imap_tree *tree, struct buf *out)
{
	struct begin begin = {VERSION, ANYTHING, ANYTHING};
	struct buf filters = BUF_INIT(IMAP_TEXT_INDEX_MAX - sizeof(begin));

	if (tree != NULL) {
		begin.body = append_part(tree, imap_search_each_text, &filters);
		begin.header = append_part(tree, each_field, &filters);
	}
	buf_append(out, &begin, sizeof(begin));
	buf_append_slice(out, buf_slice(&filters));
	buf_clear(&filters);
}

void imap_text_key_make(struct imap_text_key *key, struct slice folded)
{
	struct window window = {.count = 0};

	key->count = 0;
	if (!utf8_is_valid(folded))
		return;
	while (folded.len > 0 && key->count < IMAP_TEXT_KEY_MAX)
		key->count += push(&window, next_character(&folded), &key->sequences[key->count]);
}

/* Cuts a filter of this length off. False: it is not there. */
static bool take_filter(struct slice *rest, uint32_t len, struct slice *filter)
{
	*filter = SLICE_NONE;
	if (len == ANYTHING)
		return true;
	if (len > rest->len)
		return false;
	*filter = slice_make(rest->ptr, len);
	*rest = slice_from(*rest, len);
	return true;
}

bool imap_text_index_admits(struct slice index, bool with_header, const struct imap_text_key *key)
{
	struct slice body, header, rest;
	struct begin begin;

	if (key->count == 0 || index.len < sizeof(begin))
		return true;
	memcpy(&begin, index.ptr, sizeof(begin));
	rest = slice_from(index, sizeof(begin));
	if (begin.version != VERSION || !take_filter(&rest, begin.body, &body) || !take_filter(&rest, begin.header, &header))
		return true;
	return begin.body == ANYTHING || filter_has(body, key) || (with_header && (begin.header == ANYTHING || filter_has(header, key)));
}
