/*
 * Charsets: from anything that iconv knows to UTF-8.
 */
#ifndef LANPOST_MESSAGE_CHARSET_H
#define LANPOST_MESSAGE_CHARSET_H

#include "base/buf.h"

/* Appends bytes of that charset as UTF-8; bytes that are invalid in it become U+FFFD. Returns -1,
 * with nothing appended, if the charset is unknown. */
int charset_to_utf8(struct slice charset, struct slice bytes, struct buf *out);
/* Appends raw 8-bit text of unknown charset: as UTF-8 if it is (nearly) valid, else in `hint` if
 * that is given and known, else the most likely of windows-1251, KOI8-R, CP866, ISO-8859-5 by
 * character statistics; windows-1252 if none is likely. */
int charset_guess_to_utf8(struct slice hint, struct slice bytes, struct buf *out);
/* The name of the most likely charset of text in an unknown charset: "utf-8" if it is that. */
const char *charset_guess(struct slice bytes);

/* Begins the next message: this thread may open converters again (256 per message). budget_begin() calls it. */
void charset_begin_message(void);
/* Whether text of this message was not decoded because it has too many charsets. */
bool charset_was_refused(void);

#endif
