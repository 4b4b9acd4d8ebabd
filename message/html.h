/*
 * The visible text of HTML, as far as a search for words needs it: text without tags, scripts
 * and styles, common entities as characters. Not an HTML parser.
 */
#ifndef LANPOST_MESSAGE_HTML_H
#define LANPOST_MESSAGE_HTML_H

#include "base/buf.h"

/* Appends the text of UTF-8 HTML in linear time. A tag that ends a line or a block becomes a
 * blank. Returns -1 when out is full; it then has the beginning of the text. */
int html_to_text(struct slice html, struct buf *out);

#endif
