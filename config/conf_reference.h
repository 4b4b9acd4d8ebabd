/*
 * The reference of all sections and keys, written from the table of schema.c.
 */
#ifndef LANPOST_CONFIG_CONF_REFERENCE_H
#define LANPOST_CONFIG_CONF_REFERENCE_H

#include "base/buf.h"

/* Appends docs/configuration.md, Markdown, in the language of the process. */
void conf_reference_write(struct buf *out);
/* Appends docs/lanpost.conf.5, a manual page. */
void conf_reference_man(struct buf *out);

#endif
