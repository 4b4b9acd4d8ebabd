#include "message/scan/scan_facts.h"

#include "base/alloc.h"
#include "message/escape.h"

#include <stddef.h>
#include <stdlib.h>

#define VALUE_MAX 1000

static const struct {
	const char *key;
	size_t offset;
} texts[] = {
    {"id", offsetof(struct scan_facts, id)},
    {"address", offsetof(struct scan_facts, address)},
    {"helo", offsetof(struct scan_facts, helo)},
    {"name", offsetof(struct scan_facts, name)},
    {"sender", offsetof(struct scan_facts, sender)},
    {"user", offsetof(struct scan_facts, user)},
};

static char **text_at(const struct scan_facts *facts, size_t i)
{
	return (char **)((uintptr_t)facts + texts[i].offset);
}

void scan_facts_init(struct scan_facts *facts)
{
	*facts = (struct scan_facts){.id = NULL};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		*text_at(facts, i) = xstrdup("");
}

void scan_facts_clear(struct scan_facts *facts)
{
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		free(*text_at(facts, i));
	strlist_clear(&facts->recipients);
	*facts = (struct scan_facts){.id = NULL};
}

static char *clean_of(struct slice text)
{
	char *clean = slice_dup(slice_make(text.ptr, text.len < VALUE_MAX ? text.len : VALUE_MAX));

	for (char *at = clean; *at != '\0'; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			*at = ' ';
	return clean;
}

void scan_facts_set(char **field, struct slice text)
{
	char *clean = clean_of(text);

	free(*field);
	*field = clean;
}

static void put(struct buf *out, const char *key, const char *value)
{
	buf_printf(out, "%s ", key);
	escape_append(out, slice_of(value));
	buf_append_byte(out, '\n');
}

void scan_facts_write(const struct scan_facts *facts, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if ((*text_at(facts, i))[0] != '\0')
			put(out, texts[i].key, *text_at(facts, i));
	for (size_t i = 0; i < facts->recipients.count && i < SCAN_RECIPIENTS_MAX; i++)
		put(out, "recipient", facts->recipients.items[i]);
}

static bool read_line(struct slice key, struct slice value, struct scan_facts *facts)
{
	char *text = escape_undo(value), *clean;
	bool known = false;

	if (text == NULL)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(texts) && !known; i++) {
		known = slice_is(key, texts[i].key);
		if (known)
			scan_facts_set(text_at(facts, i), slice_of(text));
	}
	if (!known && slice_is(key, "recipient") && facts->recipients.count < SCAN_RECIPIENTS_MAX) {
		known = true;
		clean = clean_of(slice_of(text));
		strlist_add(&facts->recipients, clean);
		free(clean);
	}
	free(text);
	return known;
}

bool scan_facts_read(struct slice text, struct scan_facts *facts)
{
	scan_facts_init(facts);
	while (text.len > 0) {
		struct slice value = slice_cut(&text, '\n'), key = slice_cut(&value, ' ');

		if (value.ptr == NULL || !read_line(key, value, facts))
			return false;
	}
	return true;
}
