/*
 * Patterns of rules: globs, and regular expressions of PCRE2 with limited work.
 */
#ifndef LANPOST_SORTER_PATTERN_H
#define LANPOST_SORTER_PATTERN_H

#include "base/err.h"
#include "base/str.h"

struct pattern;

/* Compiles a regular expression (Unicode, not case-sensitive). Returns NULL with the reason in
 * *error and the byte of the mistake in *offset. */
struct pattern *pattern_new(const char *text, size_t *offset, struct error *error);
void pattern_free(struct pattern *pattern);
enum pattern_outcome { PATTERN_NONE, PATTERN_FOUND, PATTERN_GAVE_UP };
/* Searches valid UTF-8; *found gets the part that matched. GAVE_UP means that the search reached
 * its limit. Thread-safe. */
enum pattern_outcome pattern_find(
    const struct pattern *pattern, struct slice text, struct slice *found);

/* True if the glob matches the whole text: * any characters, ? one character of UTF-8. */
bool pattern_match_glob(struct slice glob, struct slice text);

#endif
