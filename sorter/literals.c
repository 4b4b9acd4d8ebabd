#include "sorter/literals.h"

#include "base/alloc.h"
#include "base/map.h"

#include <assert.h>
#include <stdlib.h>

#define PREFIX_MAX 64         /* bytes of a text that are searched for */
#define TABLE_MAX (16u << 20) /* entries */
#define NO_TEXT UINT32_MAX

struct literals {
	struct strlist texts; /* never with NUL: they come from a configuration */
	struct map numbers;   /* text -> its number + 1 */
	unsigned char class[256];
	uint32_t class_count;
	uint32_t state_count;
	uint32_t *next;    /* [state * class_count + class] -> state * class_count */
	uint32_t *text_at; /* [state]: an entry of `chain`, NO_TEXT for none */
	uint32_t
	    *suffix;    /* [state]: the next state in the chain of suffixes with a text, 0 for none */
	uint32_t *same; /* [number]: another text with the same prefix, NO_TEXT for none */
};

struct literals *literals_new(void)
{
	return xcalloc(1, sizeof(struct literals));
}

void literals_free(struct literals *literals)
{
	if (literals == NULL)
		return;
	strlist_clear(&literals->texts);
	map_clear(&literals->numbers);
	free(literals->next);
	free(literals->text_at);
	free(literals->suffix);
	free(literals->same);
	free(literals);
}

size_t literals_add(struct literals *literals, struct slice text)
{
	void *known = map_get(&literals->numbers, text);
	char *copy;

	if (known != NULL)
		return (size_t)(uintptr_t)known - 1;
	assert(text.len > 0 && literals->next == NULL);
	copy = slice_dup(text);
	strlist_add(&literals->texts, copy);
	free(copy);
	map_put(&literals->numbers, text, (void *)(uintptr_t)literals->texts.count);
	return literals->texts.count - 1;
}

size_t literals_count(const struct literals *literals)
{
	return literals->texts.count;
}

static size_t prefix_length(const char *text, size_t prefix)
{
	size_t len = strlen(text);

	return len < prefix ? len : prefix;
}

/* Bytes that occur in no text share class 0. */
static void find_classes(struct literals *literals, size_t prefix)
{
	memset(literals->class, 0, sizeof(literals->class));
	literals->class_count = 1;
	for (size_t i = 0; i < literals->texts.count; i++) {
		const char *text = literals->texts.items[i];
		size_t len = prefix_length(text, prefix);

		for (size_t j = 0; j < len; j++)
			if (literals->class[(unsigned char)text[j]] == 0)
				literals->class[(unsigned char)text[j]] =
				    (unsigned char)literals->class_count++;
	}
}

static size_t total_length(const struct literals *literals, size_t prefix)
{
	size_t total = 1;

	for (size_t i = 0; i < literals->texts.count; i++)
		total += prefix_length(literals->texts.items[i], prefix);
	return total;
}

/* The tree of all prefixes; a missing branch is 0, the root. */
static void build_tree(struct literals *literals, size_t prefix)
{
	uint32_t classes = literals->class_count;

	literals->state_count = 1;
	for (size_t i = 0; i < literals->texts.count; i++) {
		const char *text = literals->texts.items[i];
		size_t len = prefix_length(text, prefix);
		uint32_t state = 0;

		for (size_t j = 0; j < len; j++) {
			uint32_t *branch = &literals->next[(size_t)state * classes +
			                                   literals->class[(unsigned char)text[j]]];

			if (*branch == 0)
				*branch = literals->state_count++;
			state = *branch;
		}
		literals->same[i] = literals->text_at[state];
		literals->text_at[state] = (uint32_t)i;
	}
}

/* Fills in the transitions after a mismatch, in breadth-first order: the state of the longest
 * suffix is always done first. */
static void link_suffixes(struct literals *literals)
{
	uint32_t classes = literals->class_count, first = 0, last = 0;
	uint32_t *queue = xcalloc(literals->state_count, sizeof(*queue));
	uint32_t *fail = xcalloc(literals->state_count, sizeof(*fail));

	queue[last++] = 0;
	while (first < last) {
		uint32_t state = queue[first++];
		uint32_t *branches = &literals->next[(size_t)state * classes];
		const uint32_t *others = &literals->next[(size_t)fail[state] * classes];

		literals->suffix[state] = literals->text_at[fail[state]] != NO_TEXT
		                              ? fail[state]
		                              : literals->suffix[fail[state]];
		for (uint32_t class = 0; class < classes; class ++) {
			uint32_t child = branches[class];

			if (child == 0) {
				branches[class] = state == 0 ? 0 : others[class];
				continue;
			}
			fail[child] = state == 0 ? 0 : others[class];
			queue[last++] = child;
		}
	}
	free(queue);
	free(fail);
}

void literals_compile(struct literals *literals)
{
	size_t prefix = PREFIX_MAX, total, entries;

	assert(literals->next == NULL);
	find_classes(literals, prefix);
	while ((total = total_length(literals, prefix)) * literals->class_count > TABLE_MAX &&
	       prefix > 2)
		find_classes(literals, prefix /= 2);
	entries = total * literals->class_count;
	literals->next = xcalloc(entries, sizeof(*literals->next));
	literals->text_at = xmalloc(total * sizeof(*literals->text_at));
	memset(literals->text_at, 0xff, total * sizeof(*literals->text_at));
	literals->suffix = xcalloc(total, sizeof(*literals->suffix));
	literals->same = xcalloc(literals->texts.count + 1, sizeof(*literals->same));
	build_tree(literals, prefix);
	link_suffixes(literals);
}

/* The suffixes of a marked text are already marked. */
static void tell(const struct literals *literals, uint32_t state, unsigned char *marks,
    void (*found)(void *context, size_t number), void *context)
{
	if (literals->text_at[state] == NO_TEXT)
		state = literals->suffix[state];
	for (; state != 0; state = literals->suffix[state]) {
		uint32_t number = literals->text_at[state];

		if (marks[number])
			return;
		for (; number != NO_TEXT; number = literals->same[number]) {
			marks[number] = 1;
			if (found != NULL)
				found(context, number);
		}
	}
}

void literals_scan(const struct literals *literals, struct slice text, unsigned char *marks,
    void (*found)(void *context, size_t number), void *context)
{
	const uint32_t *next = literals->next, *text_at = literals->text_at,
	               *suffix = literals->suffix;
	uint32_t classes = literals->class_count, state = 0;

	assert(literals->next != NULL);
	for (size_t i = 0; i < text.len; i++) {
		state = next[(size_t)state * classes + literals->class[(unsigned char)text.ptr[i]]];
		if (text_at[state] != NO_TEXT || suffix[state] != 0)
			tell(literals, state, marks, found, context);
	}
}
