/*
 * The words of an IMAP server's response (RFC 3501): reading them from the front, and finding one.
 */
#ifndef LANPOST_UPSTREAM_IMAP_WORDS_H
#define LANPOST_UPSTREAM_IMAP_WORDS_H

#include "base/buf.h"

/* Removes the prefix, in any case, from the front of the text. Returns false if the text begins with something else. */
bool imap_words_take(struct slice *rest, const char *prefix);
/* Removes the digits at the front: a number up to max. */
bool imap_words_take_number(struct slice *rest, uint64_t max, uint64_t *value);
/* The number after `name ` in the attributes of a FETCH response. */
bool imap_words_find_number(struct slice text, const char *name, uint64_t max, uint64_t *value);
/* Removes a string from the front, quoted or a literal ("{3}", CRLF, bytes), and appends it. */
bool imap_words_take_string(struct slice *rest, struct buf *out);
/* Whether the text contains the part, in any case. */
bool imap_words_have(struct slice text, const char *part);
/* Whether the line ends with "{123}" or "{123+}", and the number. */
bool imap_words_end_with_literal(struct slice line, uint64_t *size);

#endif
