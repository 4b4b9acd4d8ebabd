/*
 * The reference of all sections and keys, written from the table of schema.c.
 */
#ifndef LANPOST_CONFIG_CONF_REFERENCE_H
#define LANPOST_CONFIG_CONF_REFERENCE_H

#include "base/buf.h"
#include "config/schema.h"

/* Appends docs/configuration.md, Markdown, in the language of the process. */
void conf_reference_write(struct buf *out);
/* Appends the form of a key's value, its limits and default: "a size: bytes, or with K, M, G; 1 … 2G. Default: 50M". */
void conf_reference_value(struct buf *out, const struct schema_key *key);
/* Appends docs/lanpost.conf.5, a manual page. */
void conf_reference_man(struct buf *out);

#endif
