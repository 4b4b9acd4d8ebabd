/*
 * A configuration file without its secrets.
 */
#ifndef LANPOST_CONFIG_INI_SECRET_H
#define LANPOST_CONFIG_INI_SECRET_H

#include "base/buf.h"

/* Appends the text without passwords and keys, otherwise unchanged. A user who had a password gets an unknown one: without
 * any, login would need no password. */
void ini_without_secrets(struct slice text, struct buf *out);

#endif
