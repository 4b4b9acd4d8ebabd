/*
 * The conversions of a printf format, one by one: "%s", "%-8.3lld", "%1$s".
 */
#ifndef LANPOST_BASE_CONVERSION_H
#define LANPOST_BASE_CONVERSION_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct conversion {
	const char *start;  /* its % */
	char spec[24];	    /* without position, ready for printf */
	int position;	    /* of "%2$s": 2; 0: the next argument */
	int stars;	    /* widths and precisions that are separate arguments */
	char type;	    /* 's', 'd', ...; '%' for "%%" */
	char length;	    /* 'l', 'z', 'j', 'L' (for ll), else 0 */
};

/* Finds the next conversion and moves *format past it. Returns false at the end. Anything that is not a printf conversion,
 * or is not supported here (%n, %a), is skipped as text. */
bool conversion_next(const char **format, struct conversion *conversion);
/* Whether the conversion is a plain %s. */
bool conversion_is_plain_text(const struct conversion *conversion);
/* Takes the arguments of the conversion and prints them. Returns out. */
char *conversion_print(const struct conversion *conversion, va_list *args, char *out, size_t size);

#endif
