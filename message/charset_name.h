/*
 * Charset names in mail, mapped to the names that iconv knows.
 */
#ifndef LANPOST_MESSAGE_CHARSET_NAME_H
#define LANPOST_MESSAGE_CHARSET_NAME_H

#include "base/str.h"

#define CHARSET_NAME_MAX 40 /* bytes of a name, without the NUL */

/* Writes iconv's name for a label to name, which has room for CHARSET_NAME_MAX + 1 bytes. Lower case; `_` and `-`
 * are the same. As in all mail programs (and the WHATWG Encoding Standard, "names and labels"), a label may mean a
 * superset of the charset that it names: iso-8859-1 is windows-1252. Returns false for what cannot be a name. */
bool charset_name(struct slice label, char *name);

#endif
