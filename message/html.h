/*
 * What a reader sees of HTML, as far as a search for words needs it: text without tags, scripts
 * and styles, the usual entities as characters. Not a parser of HTML.
 */
#ifndef LANPOST_MESSAGE_HTML_H
#define LANPOST_MESSAGE_HTML_H

#include "base/buf.h"

/* Appends the text of UTF-8 HTML in linear time. A tag that ends a line or a block becomes a blank.
 * Returns -1 when out is full; what found room is in it. */
int html_to_text(struct slice html, struct buf *out);

#endif
