/* The format is in the manual of gettext, "The Format of GNU MO Files": a header of words of 32 bits, then tables of (length, offset) of
 * the originals, sorted, and of the translations in the same order. */
#include "base/catalog.h"

#include "base/alloc.h"
#include "base/fsx.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC 0x950412deu

enum { WORD_MAGIC, WORD_REVISION, WORD_COUNT, WORD_ORIGINALS, WORD_TRANSLATIONS };

static struct slice file;
static uint32_t count, originals, translations;

/* 0 beyond the end of the file. */
static uint32_t word_at(size_t offset)
{
	uint32_t word = 0;

	if (offset < file.len && file.len - offset >= sizeof(word))
		memcpy(&word, file.ptr + offset, sizeof(word));
	return word;
}

/* "" for a text that does not lie in the file, with the 0 that ends it. */
static const char *text_at(uint32_t table, uint32_t index)
{
	uint32_t len = word_at(table + (size_t)index * 8), offset = word_at(table + (size_t)index * 8 + 4);

	return (uint64_t)offset + len < file.len && file.ptr[offset + len] == '\0' ? file.ptr + offset : "";
}

void catalog_open(const char *folder)
{
	char *path = xasprintf("%s/ru/LC_MESSAGES/lanpost.mo", folder);
	struct error error;

	if (file.len == 0 && fsx_map(path, &file, &error) == 0 && word_at(WORD_MAGIC) == MAGIC) {
		count = word_at(WORD_COUNT * 4) < file.len ? word_at(WORD_COUNT * 4) : 0;
		originals = word_at(WORD_ORIGINALS * 4);
		translations = word_at(WORD_TRANSLATIONS * 4);
	}
	free(path);
}

const char *catalog_russian(const char *english)
{
	uint32_t low = 1, high = count; /* the first one, "", has the header */

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = strcmp(english, text_at(originals, middle));

		if (order == 0)
			return text_at(translations, middle);
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const char *catalog_english(const char *russian)
{
	for (uint32_t i = 1; i < count; i++)
		if (strcmp(russian, text_at(translations, i)) == 0)
			return text_at(originals, i);
	return NULL;
}
