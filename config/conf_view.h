/*
 * A part of the configuration as text, for a process that must not see the rest.
 *
 * schema_view.c lists the keys that each kind of process sees. The text is JSON, made from a checked configuration; its
 * reader checks nothing again and reads no file.
 */
#ifndef LANPOST_CONFIG_CONF_VIEW_H
#define LANPOST_CONFIG_CONF_VIEW_H

#include "base/buf.h"
#include "config/conf.h"

#define CONF_VIEW_MAX (64 * 1024 * 1024)

/* Appends the keys with one of these marks (SCHEMA_..., config/schema.h) to out. */
int conf_view_write(const struct conf *conf, unsigned marks, struct buf *out, struct error *error);
/* Returns a new configuration, with defaults for all missing keys; NULL for a text that is not a view. */
struct conf *conf_view_read(struct slice text, struct error *error);

#endif
