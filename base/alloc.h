/*
 * Memory allocation that does not fail.
 *
 * Each call ends the process with a message when the system has no memory. This is allowed
 * because every size that a peer can choose is checked against a limit first, and the spool
 * survives the end of a process at any point (spool/QUEUE.md).
 */
#ifndef LANPOST_BASE_ALLOC_H
#define LANPOST_BASE_ALLOC_H

#include <stdarg.h>
#include <stddef.h>

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *old, size_t size);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t len);
/* printf into new memory. The caller frees it. */
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

/* Makes room for one more item in an array that grows by doubling. */
#define ARRAY_GROW(items, count)                                                                  \
	do {                                                                                       \
		if (((count) & ((count) - 1)) == 0)                                                \
			(items) = xrealloc((items), ((count) ? (count)*2 : 1) * sizeof(*(items))); \
	} while (0)

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

#endif
