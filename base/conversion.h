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
	int stars;	    /* widths and precisions that are arguments of their own */
	char type;	    /* 's', 'd', ...; '%' for "%%" */
	char length;	    /* 'l', 'z', 'j', 'L' for ll, else 0 */
};

/* Finds the next one and moves *format behind it. False at the end. What is not a conversion of printf, or none that is known here (%n, %a),
 * is left in the text. */
bool conversion_next(const char **format, struct conversion *conversion);
/* A %s and nothing else. */
bool conversion_is_plain_text(const struct conversion *conversion);
/* Takes its arguments and prints them. Returns out. */
char *conversion_print(const struct conversion *conversion, va_list *args, char *out, size_t size);

#endif
