/*
 * Searches for many literal texts in one pass over a text (Aho-Corasick, as a table of states by
 * classes of bytes).
 *
 * It is a filter: if the table would be too large, only the first bytes of long texts are
 * searched for. So a reported text may be absent, but a present text is always reported. After
 * compilation it never changes and may be used by many threads.
 */
#ifndef LANPOST_SORTER_LITERALS_H
#define LANPOST_SORTER_LITERALS_H

#include "base/str.h"

struct literals;

struct literals *literals_new(void);
void literals_free(struct literals *literals);
/* Adds a text, which must not be empty. Returns its number, from 0 on; the same number for the
 * same text. */
size_t literals_add(struct literals *literals, struct slice text);
/* Must be called after the last text was added and before the first scan. */
void literals_compile(struct literals *literals);
size_t literals_count(const struct literals *literals);

/* Sets marks[number] for each text found; found() is called once for each that was not marked
 * before (may be NULL). */
void literals_scan(const struct literals *literals, struct slice text, unsigned char *marks,
    void (*found)(void *context, size_t number), void *context);

#endif
