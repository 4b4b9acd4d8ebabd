/*
 * Many literal texts at once: which of them are in a text, found in one pass over it
 * (Aho-Corasick, as a table of states by classes of bytes).
 *
 * It is a sieve: where the table would grow too large only the first bytes of long texts are looked
 * for, so a text that is reported may not be there; one that is not reported is not.
 * What is compiled never changes and may be used by many threads.
 */
#ifndef LANPOST_SORTER_LITERALS_H
#define LANPOST_SORTER_LITERALS_H

#include "base/str.h"

struct literals;

struct literals *literals_new(void);
void literals_free(struct literals *literals);
/* Returns the number of the text, from 0 on; the same number for the same text. Not empty. */
size_t literals_add(struct literals *literals, struct slice text);
/* After the last text was added and before the first scan. */
void literals_compile(struct literals *literals);
size_t literals_count(const struct literals *literals);

/* Sets marks[number] for each text found; found() is called once for each that was not marked
 * before (may be NULL). */
void literals_scan(const struct literals *literals, struct slice text, unsigned char *marks,
    void (*found)(void *context, size_t number), void *context);

#endif
