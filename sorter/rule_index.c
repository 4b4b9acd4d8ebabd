#include "sorter/rule_index.h"

#include "base/alloc.h"
#include "message/decode.h"
#include "sorter/literals.h"

#include <stdlib.h>

#define HEADER_SLOTS_MIN 64
#define HEADER_NAME_MAX 80 /* rules with longer names are always checked */

/* The rules that search for one text. */
struct rule_list {
	uint32_t *items;
	size_t count;
};

struct rule_index {
	size_t count; /* of rules */
	uint64_t *always;
	struct literals *literals, *body;
	struct rule_list *rules; /* by literal */
	/* Names of the headers in which rules search for texts: a hash table. */
	char **names;
	size_t name_count, slots;
	bool in_recipients, in_all;
};

/* --- names of headers */

static size_t hash_name(struct slice name)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < name.len; i++)
		hash = (hash ^ (unsigned char)ascii_lower(name.ptr[i])) * 16777619u;
	return hash;
}

static char **find_slot(char **names, size_t slots, struct slice name)
{
	size_t at = hash_name(name) & (slots - 1);

	while (names[at] != NULL && !slice_is_nocase(name, names[at]))
		at = (at + 1) & (slots - 1);
	return &names[at];
}

static void grow_names(struct rule_index *index)
{
	size_t slots = index->slots == 0 ? HEADER_SLOTS_MIN : index->slots * 2;
	char **names = xcalloc(slots, sizeof(*names));

	for (size_t i = 0; i < index->slots; i++)
		if (index->names[i] != NULL)
			*find_slot(names, slots, slice_of(index->names[i])) = index->names[i];
	free(index->names);
	index->names = names;
	index->slots = slots;
}

static void add_name(struct rule_index *index, const char *name)
{
	char **slot;

	if ((index->name_count + 1) * 4 > index->slots)
		grow_names(index);
	slot = find_slot(index->names, index->slots, slice_of(name));
	if (*slot != NULL)
		return;
	*slot = xstrdup(name);
	index->name_count++;
}

static bool is_searched(const struct rule_index *index, struct slice name)
{
	if (index->in_all)
		return true;
	if (index->slots > 0 && *find_slot(index->names, index->slots, name) != NULL)
		return true;
	return index->in_recipients && decode_is_recipient_field(name);
}

/* --- the texts that a condition needs */

/* Texts of which a header must contain at least one. */
struct need {
	const struct test **tests;
	size_t count;
	bool is_known; /* false: not known */
};

static void need_add(struct need *need, const struct test *test)
{
	ARRAY_GROW(need->tests, need->count);
	need->tests[need->count++] = test;
}

/* The longest piece of a test's text that every match contains. */
static struct slice piece_of(const struct test *test)
{
	struct slice text = slice_make(test->folded, test->folded_len), best = SLICE_NONE;

	if (test->relation < TEST_MATCHES)
		return text;
	for (size_t start = 0, i = 0; test->relation == TEST_MATCHES && i <= text.len; i++) {
		if (i < text.len && text.ptr[i] != '*' && text.ptr[i] != '?')
			continue;
		if (i - start > best.len)
			best = slice_make(text.ptr + start, i - start);
		start = i + 1;
	}
	return best;
}

static bool is_searchable(const struct test *test)
{
	return (test->subject == TEST_HEADER || test->subject == TEST_RECIPIENT ||
	           test->subject == TEST_ANYHEADER) &&
	       piece_of(test).len > 0;
}

static struct need need_of(const struct condition *condition);

/* The need of any child is a need of the whole: the smallest is the best. */
static struct need need_of_all(const struct condition *condition)
{
	struct need best = {0};

	for (size_t i = 0; i < condition->count; i++) {
		struct need need = need_of(condition->children[i]);

		if (need.is_known && (!best.is_known || need.count < best.count)) {
			free(best.tests);
			best = need;
		} else {
			free(need.tests);
		}
	}
	return best;
}

static struct need need_of_any(const struct condition *condition)
{
	struct need all = {.is_known = true};

	for (size_t i = 0; i < condition->count; i++) {
		struct need need = need_of(condition->children[i]);

		for (size_t j = 0; j < need.count; j++)
			need_add(&all, need.tests[j]);
		all.is_known = all.is_known && need.is_known;
		free(need.tests);
	}
	return all;
}

static struct need need_of(const struct condition *condition)
{
	struct need need = {0};

	switch (condition->kind) {
	case CONDITION_TEST:
		need.is_known = is_searchable(&condition->test);
		if (need.is_known)
			need_add(&need, &condition->test);
		return need;
	case CONDITION_AND:
		return need_of_all(condition);
	case CONDITION_OR:
		return need_of_any(condition);
	case CONDITION_ALWAYS:
	case CONDITION_NOT:
		break;
	}
	return need;
}

/* --- creation */

static void set_bit(uint64_t *bits, size_t at)
{
	bits[at / 64] |= (uint64_t)1 << (at % 64);
}

static void add_test(struct rule_index *index, const struct test *test, size_t rule)
{
	size_t known = literals_count(index->literals);
	size_t number = literals_add(index->literals, piece_of(test));
	struct rule_list *list;

	if (number == known) {
		index->rules = xrealloc(index->rules, (known + 1) * sizeof(*index->rules));
		index->rules[number] = (struct rule_list){NULL, 0};
	}
	list = &index->rules[number];
	ARRAY_GROW(list->items, list->count);
	list->items[list->count++] = (uint32_t)rule;
	if (test->subject == TEST_RECIPIENT)
		index->in_recipients = true;
	else if (test->subject == TEST_ANYHEADER || strlen(test->header) > HEADER_NAME_MAX)
		index->in_all = true;
	else
		add_name(index, test->header);
}

/* Numbers the texts that are searched for in bodies. */
static void add_body_texts(struct rule_index *index, struct condition *condition)
{
	struct test *test = &condition->test;

	if (condition->kind == CONDITION_TEST && test->subject == TEST_BODY &&
	    piece_of(test).len > 0) {
		if (index->body == NULL)
			index->body = literals_new();
		test->literal = literals_add(index->body, piece_of(test)) + 1;
	}
	for (size_t i = 0; i < condition->count; i++)
		add_body_texts(index, condition->children[i]);
}

struct rule_index *rule_index_new(struct condition *const *conditions, size_t count)
{
	struct rule_index *index = xcalloc(1, sizeof(*index));

	index->count = count;
	index->always = xcalloc(count / 64 + 1, sizeof(*index->always));
	index->literals = literals_new();
	for (size_t i = 0; i < count; i++) {
		struct need need = need_of(conditions[i]);

		if (!need.is_known)
			set_bit(index->always, i);
		for (size_t j = 0; need.is_known && j < need.count; j++)
			add_test(index, need.tests[j], i);
		free(need.tests);
		add_body_texts(index, conditions[i]);
	}
	literals_compile(index->literals);
	if (index->body != NULL)
		literals_compile(index->body);
	return index;
}

void rule_index_free(struct rule_index *index)
{
	if (index == NULL)
		return;
	for (size_t i = 0; i < literals_count(index->literals); i++)
		free(index->rules[i].items);
	for (size_t i = 0; i < index->slots; i++)
		free(index->names[i]);
	free(index->names);
	free(index->rules);
	free(index->always);
	literals_free(index->literals);
	literals_free(index->body);
	free(index);
}

const struct literals *rule_index_body(const struct rule_index *index)
{
	return index->body;
}

/* --- looking */

struct search {
	const struct rule_index *index;
	uint64_t *candidates;
};

static void found_literal(void *context, size_t number)
{
	const struct search *search = context;
	const struct rule_list *list = &search->index->rules[number];

	for (size_t i = 0; i < list->count; i++)
		set_bit(search->candidates, list->items[i]);
}

uint64_t *rule_index_candidates(const struct rule_index *index, struct message_view *view)
{
	size_t words = index->count / 64 + 1;
	struct search search = {index, xmalloc(words * sizeof(uint64_t))};
	unsigned char *marks = xcalloc(literals_count(index->literals) + 1, 1);

	memcpy(search.candidates, index->always, words * sizeof(uint64_t));
	for (size_t i = 0; i < view->field_count; i++) {
		const struct message_view_text *text;

		if (!is_searched(index, view->fields[i].field.name))
			continue;
		text = message_view_field_text(view, &view->fields[i]);
		literals_scan(
		    index->literals, buf_slice(&text->folded), marks, found_literal, &search);
		for (size_t j = 0; j < text->addresses.count; j++)
			literals_scan(index->literals, slice_of(text->addresses.items[j]), marks,
			    found_literal, &search);
	}
	free(marks);
	return search.candidates;
}

size_t rule_index_next(const uint64_t *candidates, size_t from, size_t count)
{
	while (from < count) {
		uint64_t word = candidates[from / 64] >> (from % 64);

		if (word != 0) {
			from += (size_t)__builtin_ctzll(word);
			return from < count ? from : count;
		}
		from = (from / 64 + 1) * 64;
	}
	return count;
}
