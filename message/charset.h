/*
 * Charsets: anything that iconv knows to UTF-8.
 */
#ifndef LANPOST_MESSAGE_CHARSET_H
#define LANPOST_MESSAGE_CHARSET_H

#include "base/buf.h"

/* Appends bytes of that charset as UTF-8; bytes that are invalid in it become U+FFFD. Returns -1,
 * with nothing appended, if the charset is unknown. */
int charset_to_utf8(struct slice charset, struct slice bytes, struct buf *out);
/* Appends raw 8-bit text of unknown charset: as UTF-8 if it is (or nearly), else in `hint` if that
 * is given and known, else the likeliest of windows-1251, KOI8-R, CP866, ISO-8859-5 by letter
 * statistics; windows-1252 where none is likely. */
int charset_guess_to_utf8(struct slice hint, struct slice bytes, struct buf *out);
/* The name of the charset that text in an unknown one is likeliest in: "utf-8" where it is that. */
const char *charset_guess(struct slice bytes);

/* Another message begins: this thread may open converters anew (one message may open 256). budget_begin() calls it. */
void charset_begin_message(void);
/* Whether text of this message stayed undecoded since it has too many charsets. */
bool charset_was_refused(void);

#endif
