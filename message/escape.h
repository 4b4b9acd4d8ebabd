/*
 * Percent-escaping: writes any text as one word of a line, in envelopes and log records.
 */
#ifndef LANPOST_MESSAGE_ESCAPE_H
#define LANPOST_MESSAGE_ESCAPE_H

#include "base/buf.h"

/* Appends value with blanks, control bytes and '%' as %xx. */
void escape_append(struct buf *out, struct slice value);
/* Decodes the value to new memory; NULL if an escape is invalid or represents NUL. */
char *escape_undo(struct slice word);

#endif
