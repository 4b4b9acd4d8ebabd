/*
 * Configuration files: any bytes may be read; every problem and key has a line of the text; a file without
 * errors keeps all its values when a key is set and a section is removed, and the key set is
 * read back as it was given.
 */
#include "base/alloc.h"
#include "config/ini.h"
#include "config/ini_edit.h"
#include "config/value.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#define TYPES (VALUE_NETS + 1)

static void read_text(struct ini *ini, struct conf_problems *problems, struct slice text)
{
	*ini = (struct ini){NULL, 0, 0};
	*problems = (struct conf_problems){NULL, 0, 0};
	ini_read(ini, "fuzz.conf", text, problems);
}

static int line_count(struct slice text)
{
	int lines = 1;

	for (size_t i = 0; i < text.len; i++)
		lines += text.ptr[i] == '\n';
	return lines;
}

static void try_value(const char *text)
{
	static const char *const words[] = {"smtp", "pop3s", NULL};
	const struct value_limits limits = {.max = 1000000, .words = words};

	for (int type = 0; type < TYPES; type++) {
		union {
			char *text;
			int64_t numbers[2];
			struct conf_nets nets;
		} field = {.numbers = {0, 0}};
		struct error error = ERROR_INIT;

		if (value_parse((enum value_type)type, slice_of(text), &limits, &field, &error) != 0)
			assert(error.phrase[0] != '\0');
		value_clear((enum value_type)type, &field);
	}
}

static void check_places(const struct ini *ini, const struct conf_problems *problems, int lines)
{
	for (size_t i = 0; i < problems->count; i++)
		assert(problems->items[i].place.line >= 1 && problems->items[i].place.line <= lines);
	for (size_t i = 0; i < ini->count; i++) {
		int last = ini->sections[i].place.line;

		for (size_t j = 0; j < ini->sections[i].count; j++) {
			const struct ini_entry *entry = &ini->sections[i].entries[j];

			assert(entry->place.line > last && entry->place.line <= lines);
			assert(utf8_is_valid(slice_of(entry->value)));
			last = entry->place.line;
			try_value(entry->value);
		}
	}
}

static const char *find(const struct ini *ini, const char *kind, const char *name, const char *key)
{
	for (size_t i = 0; i < ini->count; i++)
		for (size_t j = 0; j < ini->sections[i].count; j++)
			if (strcmp(ini->sections[i].kind, kind) == 0 &&
			    strcmp(ini->sections[i].name, name) == 0 &&
			    strcmp(ini->sections[i].entries[j].key, key) == 0)
				return ini->sections[i].entries[j].value;
	return NULL;
}

/* Everything in a is in b, except the section [s n], of which only keys other than k count. */
static void check_kept(const struct ini *a, const struct ini *b, bool is_removed)
{
	for (size_t i = 0; i < a->count; i++) {
		const struct ini_section *section = &a->sections[i];
		bool is_ours = strcmp(section->kind, "s") == 0 && strcmp(section->name, "n") == 0;

		for (size_t j = 0; j < section->count; j++) {
			const struct ini_entry *entry = &section->entries[j];
			const char *value = find(b, section->kind, section->name, entry->key);

			if (is_ours && (is_removed || strcmp(entry->key, "k") == 0))
				continue;
			assert(value != NULL && strcmp(value, entry->value) == 0);
		}
	}
}

static void check_edits(const struct ini *before, struct slice bytes)
{
	static const char *const values[] = {"x", "", "a; b", "it's # 1", " x ", "\\", "\"q\"", "счёт"};
	const char *value = values[bytes.len % ARRAY_LEN(values)];
	struct buf text = BUF_INIT(INI_FILE_MAX);
	struct conf_problems problems;
	struct error error = ERROR_INIT;
	struct ini after;

	buf_append_slice(&text, bytes);
	assert(ini_edit_set(&text, "s", "n", "k", value, &error) == 0 || error.class == ERROR_LIMIT);
	if (error.class == ERROR_NONE) {
		read_text(&after, &problems, buf_slice(&text));
		assert(problems.errors == 0);
		assert(strcmp(find(&after, "s", "n", "k"), value) == 0);
		check_kept(before, &after, false);
		ini_clear(&after);
		conf_problems_clear(&problems);

		assert(ini_edit_remove(&text, "s", "n"));
		read_text(&after, &problems, buf_slice(&text));
		assert(problems.errors == 0);
		assert(find(&after, "s", "n", "k") == NULL);
		check_kept(before, &after, true);
		ini_clear(&after);
		conf_problems_clear(&problems);
	}
	buf_clear(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = slice_make((const char *)data, size);
	struct conf_problems problems;
	struct ini ini;

	read_text(&ini, &problems, bytes);
	check_places(&ini, &problems, line_count(bytes));
	if (problems.errors == 0)
		check_edits(&ini, bytes);
	ini_clear(&ini);
	conf_problems_clear(&problems);
	return 0;
}
