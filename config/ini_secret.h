/*
 * A configuration file without what is secret in it.
 */
#ifndef LANPOST_CONFIG_INI_SECRET_H
#define LANPOST_CONFIG_INI_SECRET_H

#include "base/buf.h"

/* Appends the text with all passwords and keys left out, all else as it stands. Where a user had a password he gets one that nobody
 * knows: without any he would be let in. */
void ini_without_secrets(struct slice text, struct buf *out);

#endif
