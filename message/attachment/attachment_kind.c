#include "message/attachment/attachment_kind.h"

#include "base/i18n.h"
#include "base/phrase.h"

char *attachment_kind_phrase(char *out, size_t size, unsigned kind, const char *name)
{
	switch (kind) {
	case ATTACHMENT_ENCRYPTED:
		return phrase_set(out, size, N_("attachment with a password: %s"), name);
	case ATTACHMENT_MACROS:
		return phrase_set(out, size, N_("attachment with macros: %s"), name);
	case ATTACHMENT_PROGRAM:
		return phrase_set(out, size, N_("attached program: %s"), name);
	case ATTACHMENT_UNREADABLE:
		return phrase_set(out, size, N_("attachment that cannot be looked through: %s"), name);
	default:
		return phrase_set(out, size, N_("forbidden attachment: %s"), name);
	}
}
