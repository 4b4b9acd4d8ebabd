/* The format is in the manual of gettext, "The Format of GNU MO Files": a header of words of 32 bits, then tables of
 * (length, offset) of the originals, sorted, and of the translations in the same order. A text with plural forms is stored
 * as "one\0many", its translation as "form\0form\0form". */
#include "base/catalog.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/plural.h"

#include <stdio.h>
#include <stdlib.h>

#define MAGIC 0x950412deu
#define FILE_MAX (16u << 20)
#define PIECE 16384

enum { WORD_MAGIC, WORD_REVISION, WORD_COUNT, WORD_ORIGINALS, WORD_TRANSLATIONS };

struct catalog {
	struct buf bytes;
	struct slice file; /* those */
	uint32_t count, originals, translations;
	struct slice plural; /* the expression */
};

/* 0 beyond the end of the file. */
static uint32_t word_at(const struct catalog *catalog, size_t offset)
{
	uint32_t word = 0;

	if (offset < catalog->file.len && catalog->file.len - offset >= sizeof(word))
		memcpy(&word, catalog->file.ptr + offset, sizeof(word));
	return word;
}

/* Returns an empty slice for a text that is not inside the file together with its final NUL. */
static struct slice text_at(const struct catalog *catalog, uint32_t table, uint32_t index)
{
	size_t at = table + (size_t)index * 8;
	uint32_t len = word_at(catalog, at), offset = word_at(catalog, at + 4);

	if ((uint64_t)offset + len >= catalog->file.len || catalog->file.ptr[offset + len] != '\0')
		return SLICE_LITERAL("");
	return slice_make(catalog->file.ptr + offset, len);
}

/* The head of the catalogue is the translation of "". */
static struct slice find_plural_rule(const struct catalog *catalog)
{
	struct slice head = text_at(catalog, catalog->translations, 0);
	const char *at = head.len == 0 ? NULL : strstr(head.ptr, "plural=");
	struct slice rule;

	if (at == NULL)
		return SLICE_LITERAL("n != 1");
	rule = slice_of(at + strlen("plural="));
	return slice_cut(&rule, ';');
}

/* Not by fsx, whose errors are translated by a catalogue. */
static bool read_file(const char *path, struct buf *bytes)
{
	FILE *file = fopen(path, "re");
	char piece[PIECE];
	bool is_whole;
	size_t got;

	if (file == NULL)
		return false;
	while ((got = fread(piece, 1, sizeof(piece), file)) > 0)
		buf_append_slice(bytes, slice_make(piece, got));
	is_whole = ferror(file) == 0 && !bytes->overflow;
	fclose(file);
	return is_whole;
}

struct catalog *catalog_open(const char *path)
{
	struct catalog *made = xcalloc(1, sizeof(*made));

	made->bytes = (struct buf)BUF_INIT(FILE_MAX);
	if (read_file(path, &made->bytes))
		made->file = buf_slice(&made->bytes);
	if (word_at(made, WORD_MAGIC) != MAGIC || made->file.ptr[made->file.len - 1] != '\0') {
		catalog_close(made);
		return NULL;
	}
	made->count = word_at(made, WORD_COUNT * 4) < made->file.len ? word_at(made, WORD_COUNT * 4) : 0;
	made->originals = word_at(made, WORD_ORIGINALS * 4);
	made->translations = word_at(made, WORD_TRANSLATIONS * 4);
	made->plural = find_plural_rule(made);
	return made;
}

void catalog_close(struct catalog *catalog)
{
	if (catalog == NULL)
		return;
	buf_clear(&catalog->bytes);
	free(catalog);
}

/* The translation with all its forms; empty if there is none. */
static struct slice find(const struct catalog *catalog, const char *text)
{
	uint32_t low = 1, high = catalog->count; /* the first entry, "", has the head */

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = strcmp(text, text_at(catalog, catalog->originals, middle).ptr);

		if (order == 0)
			return text_at(catalog, catalog->translations, middle);
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return SLICE_LITERAL("");
}

const char *catalog_find(const struct catalog *catalog, const char *text)
{
	struct slice found = find(catalog, text);

	return found.len == 0 ? NULL : found.ptr;
}

const char *catalog_find_plural(const struct catalog *catalog, const char *one, unsigned long n)
{
	struct slice forms = find(catalog, one);
	unsigned long wanted = plural_form(catalog->plural, n);
	const char *form = forms.len == 0 ? NULL : slice_cut(&forms, '\0').ptr;

	for (; wanted > 0 && forms.len > 0; wanted--)
		form = slice_cut(&forms, '\0').ptr;
	return form;
}
