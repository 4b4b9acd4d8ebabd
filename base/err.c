#include "base/err.h"

#include <errno.h>
#include <stdio.h>

int error_set(struct error *error, enum error_class class, const char *format, ...)
{
	struct error next = {.class = class};
	va_list args;

	va_start(args, format);
	phrase_vset(next.phrase, sizeof(next.phrase), format, args);
	va_end(args);
	*error = next;
	return -1;
}

int error_errno(struct error *error, const char *format, ...)
{
	int saved = errno;
	struct error next = {.class = ERROR_IO, .saved_errno = saved};
	char what[PHRASE_MAX];
	va_list args;

	va_start(args, format);
	phrase_vset(what, sizeof(what), format, args);
	va_end(args);
	phrase_join(next.phrase, sizeof(next.phrase), what, PHRASE_WORD(error_errno_word(saved)));
	if (saved == EMFILE || saved == ENFILE ||
	    saved == ENOMEM || saved == EAGAIN)
		next.class = ERROR_TEMPORARY;
	if (saved == ENOSPC || saved == EDQUOT)
		next.class = ERROR_FULL;
	*error = next;
	return -1;
}

int error_context(struct error *error, const char *format, ...)
{
	char context[PHRASE_MAX], whole[PHRASE_MAX];
	va_list args;

	va_start(args, format);
	phrase_vset(context, sizeof(context), format, args);
	va_end(args);
	phrase_join(whole, sizeof(whole), context, error->phrase);
	memcpy(error->phrase, whole, sizeof(whole));
	return -1;
}
