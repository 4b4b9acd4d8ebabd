/*
 * Text made comparable: the same letters whatever their case, in any script (full Unicode case
 * folding and NFC; ASCII and Cyrillic take a short way without the library).
 */
#ifndef LANPOST_MESSAGE_FOLD_H
#define LANPOST_MESSAGE_FOLD_H

#include "base/buf.h"

/* Appends the folded form of valid or invalid UTF-8 (invalid bytes stay as they are). */
int fold_text(struct slice text, struct buf *out);
/* Bytes at the start of text whose folded form has the same length, character by character. */
size_t fold_same_length(struct slice text);
/* Makes е of ё (and Е of Ё) in place: of UTF-8 text, folded or not. The length stays. */
void fold_yo(char *text, size_t len);

#endif
