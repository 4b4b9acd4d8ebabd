#include "base/err.h"

#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void error_text(struct error *error, const char *raw)
{
	str_printable(error->text, sizeof(error->text), slice_of(raw));
}

int error_set(struct error *error, enum error_class class, const char *format, ...)
{
	char raw[sizeof(error->text)];
	va_list args;

	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	*error = (struct error){.class = class};
	error_text(error, raw);
	return -1;
}

int error_errno(struct error *error, const char *format, ...)
{
	int saved = errno;
	char raw[sizeof(error->text)], reason[96];
	va_list args;

	va_start(args, format);
	vsnprintf(raw, sizeof(raw) - sizeof(reason), format, args);
	va_end(args);
	snprintf(reason, sizeof(reason), ": %s", strerror(saved));
	strncat(raw, reason, sizeof(raw) - strlen(raw) - 1);

	*error = (struct error){.class = ERROR_IO, .saved_errno = saved};
	if (saved == ENOSPC || saved == EDQUOT || saved == EMFILE || saved == ENFILE ||
	    saved == ENOMEM || saved == EAGAIN)
		error->class = ERROR_TEMPORARY;
	if (saved == ENOSPC || saved == EDQUOT)
		error_reply(error, 452, "4.3.1");
	error_text(error, raw);
	return -1;
}

int error_context(struct error *error, const char *format, ...)
{
	char raw[sizeof(error->text)];
	va_list args;
	int used;

	va_start(args, format);
	used = vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	if (used < 0 || (size_t)used >= sizeof(raw))
		used = (int)strlen(raw);
	snprintf(raw + used, sizeof(raw) - (size_t)used, ": %s", error->text);
	error_text(error, raw);
	return -1;
}

int error_reply(struct error *error, int code, const char *enhanced)
{
	error->code = code;
	snprintf(error->enhanced, sizeof(error->enhanced), "%s", enhanced);
	return -1;
}
