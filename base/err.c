#include "base/err.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Both texts end in the same bytes, which are in no language. */
static void set_texts(struct error *error, const char *format, va_list args, const char *end)
{
	char raw[sizeof(error->text)];
	const char *const formats[] = {format, i18n_other(format)};
	char *const texts[] = {error->text, error->other};
	size_t room = strlen(end) < sizeof(raw) / 2 ? sizeof(raw) - strlen(end) : sizeof(raw) / 2;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		va_list again;

		va_copy(again, args);
		vsnprintf(raw, room, formats[i], again);
		va_end(again);
		strncat(raw, end, sizeof(raw) - strlen(raw) - 1);
		str_printable(texts[i], sizeof(error->text), slice_of(raw));
	}
	error->is_russian = i18n_is_russian();
}

int error_set(struct error *error, enum error_class class, const char *format, ...)
{
	struct error next = {.class = class};
	va_list args;

	va_start(args, format);
	set_texts(&next, format, args, "");
	va_end(args);
	*error = next;
	return -1;
}

int error_errno(struct error *error, const char *format, ...)
{
	int saved = errno;
	struct error next = {.class = ERROR_IO, .saved_errno = saved};
	char reason[96];
	va_list args;

	snprintf(reason, sizeof(reason), ": %s", strerror(saved));
	va_start(args, format);
	set_texts(&next, format, args, reason);
	va_end(args);
	if (saved == ENOSPC || saved == EDQUOT || saved == EMFILE || saved == ENFILE ||
	    saved == ENOMEM || saved == EAGAIN)
		next.class = ERROR_TEMPORARY;
	if (saved == ENOSPC || saved == EDQUOT)
		error_reply(&next, 452, "4.3.1");
	*error = next;
	return -1;
}

/* Puts "<context>: " before a text. */
static void put_before(char *text, size_t size, const char *context)
{
	char whole[2 * sizeof(((struct error *)NULL)->text) + 2];

	snprintf(whole, sizeof(whole), "%s: %s", context, text);
	str_printable(text, size, slice_of(whole));
}

int error_context(struct error *error, const char *format, ...)
{
	struct error context = {.class = error->class};
	va_list args;

	va_start(args, format);
	set_texts(&context, format, args, "");
	va_end(args);
	if (context.is_russian != error->is_russian) { /* the language has changed meanwhile */
		char text[sizeof(context.text)];

		memcpy(text, context.text, sizeof(text));
		memcpy(context.text, context.other, sizeof(text));
		memcpy(context.other, text, sizeof(text));
	}
	put_before(error->text, sizeof(error->text), context.text);
	put_before(error->other, sizeof(error->other), context.other);
	return -1;
}

int error_set_other(struct error *error, const char *format, ...)
{
	char raw[sizeof(error->other)];
	va_list args;

	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	str_printable(error->other, sizeof(error->other), slice_of(raw));
	return -1;
}

const char *error_said(const struct error *error)
{
	return error->is_russian == i18n_is_russian() ? error->text : error->other;
}

int error_reply(struct error *error, int code, const char *enhanced)
{
	error->code = code;
	snprintf(error->enhanced, sizeof(error->enhanced), "%s", enhanced);
	return -1;
}
