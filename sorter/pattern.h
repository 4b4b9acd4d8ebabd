/*
 * Patterns of rules: globs, and regular expressions of PCRE2 with bounds on their work.
 */
#ifndef LANPOST_SORTER_PATTERN_H
#define LANPOST_SORTER_PATTERN_H

#include "base/err.h"
#include "base/str.h"

struct pattern;

/* Compiles a regular expression (Unicode, without regard to case). NULL with the reason in *error,
 * and the byte where it went wrong in *offset. */
struct pattern *pattern_new(const char *text, size_t *offset, struct error *error);
void pattern_free(struct pattern *pattern);
enum pattern_outcome { PATTERN_NONE, PATTERN_FOUND, PATTERN_GAVE_UP };
/* Searches valid UTF-8; *found gets the part that matched. GAVE_UP is a search past its bounds. May
 * be called by several threads at once. */
enum pattern_outcome pattern_find(
    const struct pattern *pattern, struct slice text, struct slice *found);

/* True if all of text is as the glob says: * any characters, ? one character of UTF-8. */
bool glob_match(struct slice glob, struct slice text);

#endif
