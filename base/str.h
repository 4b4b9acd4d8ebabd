/*
 * Bytes from outside are slices: a pointer and a length, never a C string.
 *
 * A slice borrows the bytes it points to. C strings are for our own constants
 * and for paths. Numbers are read with an explicit range, and everything that
 * a log or a terminal will show goes through str_printable() or str_quote().
 */
#ifndef LANPOST_BASE_STR_H
#define LANPOST_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
	const char *ptr;
	size_t len;
};

#define SLICE_NONE ((struct slice){NULL, 0})
#define SLICE_LITERAL(text) ((struct slice){(text), sizeof(text) - 1})
/* For printf: printf("%.*s", SLICE_PRINT(s)) */
#define SLICE_PRINT(slice) (int)(slice).len, (slice).ptr

static inline struct slice slice_make(const char *ptr, size_t len)
{
	return (struct slice){ptr, len};
}

static inline struct slice slice_of(const char *text)
{
	return (struct slice){text, strlen(text)};
}

bool slice_equal(struct slice a, struct slice b);
/* ASCII letters are not case-sensitive; other bytes must be equal. */
bool slice_equal_nocase(struct slice a, struct slice b);
bool slice_is(struct slice a, const char *text);        /* slice_equal with a C string */
bool slice_is_nocase(struct slice a, const char *text); /* slice_equal_nocase with a C string */
bool slice_is_ascii(struct slice a); /* no byte above 127 */
bool slice_begins_nocase(struct slice a, const char *prefix);
/* Without white space (space, tab, CR, LF) at both ends. */
struct slice slice_trim(struct slice a);
struct slice slice_from(struct slice a, size_t start); /* the rest from byte start on */
/* Position of the first or the last such byte, or -1. An empty slice, also one whose ptr is NULL, has none. */
ptrdiff_t slice_find(struct slice a, char byte);
ptrdiff_t slice_find_last(struct slice a, char byte);
/* Position of the first occurrence of `wanted`, which is not empty, or -1. Linear in the length. */
ptrdiff_t slice_search(struct slice a, struct slice wanted);
/* True if slice_search() finds the C string. */
bool slice_contains(struct slice a, const char *text);
/* Cuts *rest at the first `byte`: returns the part before it, *rest becomes the part after it.
 * Without such a byte all of *rest is returned and *rest becomes empty with ptr NULL. */
struct slice slice_cut(struct slice *rest, char byte);
/* Decimal digits only (no sign, no blanks) and min <= value <= max. Returns false otherwise. */
bool slice_number(struct slice a, uint64_t min, uint64_t max, uint64_t *value);
/* A whole number in decimal, with a minus sign or without one. */
bool slice_integer(struct slice text, int64_t *number);
char *slice_dup(struct slice a); /* new C string; the caller frees it */

/* Lower case for ASCII letters, independent of the locale. */
static inline char ascii_lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}
void str_lower_ascii(char *text);

/* True for a character (of UTF-8) that could control the reader's terminal or reorder a line of a log. */
bool str_is_treacherous(struct slice character);
/* Copies text so that it is safe on a terminal and in a line of a log: valid UTF-8 stays,
 * control bytes (C0, DEL, C1), invalid bytes and bidirectional overrides become \xNN. The result
 * is NUL-terminated within size bytes and never cut inside a character. Returns out. */
char *str_printable(char *out, size_t size, struct slice text);
/* The same, in double quotes with " and \ escaped: one value in a key=value line. */
char *str_quote(char *out, size_t size, struct slice text);
/* For logs: log_info("from=%s", LOG_TEXT(slice)). Valid until the end of the block. */
#define LOG_TEXT(slice) str_quote((char[320]){0}, 320, (slice))
#define LOG_CSTR(text) LOG_TEXT(slice_of(text))

/* Bytes of the UTF-8 character at the start of text: 1 to 4, or 0 if it is not valid UTF-8. */
size_t utf8_char_len(struct slice text);
bool utf8_is_valid(struct slice text);
/* The item of a NULL-terminated list nearest to name, or NULL if none is near. */
const char *str_nearest(const char *name, const char *const *list);

/* A list of C strings that it owns. */
struct strlist {
	char **items;
	size_t count;
};
void strlist_add(struct strlist *list, const char *text);
bool strlist_has(const struct strlist *list, const char *text); /* exact */
void strlist_clear(struct strlist *list);

#endif
