#include "base/conversion.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Reads "2$" of "%2$s"; returns 0 if there is no position. */
static int read_position(const char **at)
{
	size_t digits = strspn(*at, "0123456789");
	int position = 0;

	if (digits == 0 || digits > 2 || (*at)[digits] != '$')
		return 0;
	for (size_t i = 0; i < digits; i++)
		position = position * 10 + ((*at)[i] - '0');
	*at += digits + 1;
	return position;
}

/* Digits, or a star, perhaps with its own position ("*1$"). */
static bool skip_number(const char **at, int *stars)
{
	size_t digits = strspn(*at, "0123456789");

	if (**at != '*') {
		*at += digits;
		return digits <= 3;
	}
	(*at)++;
	(*stars)++;
	read_position(at);
	return true;
}

static bool read_conversion(const char **at, struct conversion *conversion)
{
	const char *spec = *at + 1, *end;

	*conversion = (struct conversion){.start = *at};
	*at = spec;
	conversion->position = read_position(at);
	spec = *at;
	*at += strspn(*at, "-+ #0");
	if (!skip_number(at, &conversion->stars))
		return false;
	if (**at == '.') {
		(*at)++;
		if (!skip_number(at, &conversion->stars))
			return false;
	}
	for (; **at != '\0' && strchr("hlzj", **at) != NULL; (*at)++)
		conversion->length = **at == 'h' ? '\0' : conversion->length == 'l' ? 'L' : **at;
	if (**at == '\0' || strchr("diuxXcs%", **at) == NULL)
		return false;
	conversion->type = *(*at)++;
	end = *at;
	return snprintf(conversion->spec, sizeof(conversion->spec), "%%%.*s", (int)(end - spec), spec) <
	       (int)sizeof(conversion->spec);
}

bool conversion_next(const char **format, struct conversion *conversion)
{
	while ((*format = strchr(*format, '%')) != NULL) {
		const char *after = *format + 1;

		if (read_conversion(format, conversion))
			return true;
		*format = after;
	}
	*format = "";
	return false;
}

bool conversion_is_plain_text(const struct conversion *conversion)
{
	return strcmp(conversion->spec, "%s") == 0;
}

/* The format is a literal that the compiler has checked; specs that are read from a file are used only by fill_in() of
 * phrase.c. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static void print_text(const struct conversion *c, va_list *args, char *out, size_t size)
{
	int precision = c->stars > 0 ? va_arg(*args, int) : INT_MAX;
	const char *text = va_arg(*args, const char *), *dot = strchr(c->spec, '.');

	if (c->stars > 0)
		snprintf(out, size, "%.*s", precision, text == NULL ? "" : text);
	else if (dot != NULL || c->spec[1] != 's')
		snprintf(out, size, c->spec, text == NULL ? "" : text);
	else
		snprintf(out, size, "%s", text == NULL ? "" : text);
}

char *conversion_print(const struct conversion *c, va_list *args, char *out, size_t size)
{
	out[0] = '\0';
	if (c->type == 's')
		print_text(c, args, out, size);
	else if (c->stars > 0)
		return out; /* no format uses numbers of this size */
	else if (c->type == 'c')
		snprintf(out, size, c->spec, va_arg(*args, int));
	else if (c->length == 'z')
		snprintf(out, size, c->spec, va_arg(*args, size_t));
	else if (c->length == 'j')
		snprintf(out, size, c->spec, va_arg(*args, intmax_t));
	else if (c->length == 'L')
		snprintf(out, size, c->spec, va_arg(*args, long long));
	else if (c->length == 'l')
		snprintf(out, size, c->spec, va_arg(*args, long));
	else
		snprintf(out, size, c->spec, va_arg(*args, int));
	return out;
}

#pragma GCC diagnostic pop
