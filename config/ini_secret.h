/*
 * A configuration file without what is secret in it.
 */
#ifndef LANPOST_CONFIG_INI_SECRET_H
#define LANPOST_CONFIG_INI_SECRET_H

#include "base/buf.h"

/* Appends the text with all passwords and keys left out, all else unchanged. Where a user had a password they get one that nobody
 * knows: without any they would be let in. */
void ini_without_secrets(struct slice text, struct buf *out);

#endif
