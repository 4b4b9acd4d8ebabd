/*
 * What decode.c, parameter.c and encode.c share.
 */
#ifndef LANPOST_MAIL_DECODE_PRIV_H
#define LANPOST_MAIL_DECODE_PRIV_H

#include "base/buf.h"

/* Appends text so that only valid UTF-8 comes out; a control character becomes a blank. */
int decode_append_clean(struct slice text, struct buf *out);
/* The byte that the mark and two hex digits at text[at] stand for, -1 if they are none. */
int decode_hex_byte(struct slice text, size_t at, char mark);

#endif
