#include "base/alloc.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *alloc_checked(void *ptr, size_t size)
{
	if (ptr == NULL && size > 0) {
		fprintf(stderr, "lanpost: out of memory (%zu bytes wanted)\n", size);
		abort();
	}
	return ptr;
}

void *xmalloc(size_t size)
{
	return alloc_checked(malloc(size), size);
}

void *xcalloc(size_t count, size_t size)
{
	return alloc_checked(calloc(count, size), size);
}

void *xrealloc(void *old, size_t size)
{
	return alloc_checked(realloc(old, size), size);
}

char *xstrndup(const char *text, size_t len)
{
	char *copy = xmalloc(len + 1);

	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

char *xstrdup(const char *text)
{
	return xstrndup(text, strlen(text));
}

char *xvasprintf(const char *format, va_list args)
{
	char *text = NULL;

	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	return alloc_checked(text, SIZE_MAX);
}

char *xasprintf(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	return text;
}
