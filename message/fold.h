/*
 * Folds text for comparison without regard to case, in any script (full Unicode case folding and
 * NFC; ASCII and Cyrillic have a fast path without the library).
 */
#ifndef LANPOST_MESSAGE_FOLD_H
#define LANPOST_MESSAGE_FOLD_H

#include "base/buf.h"

/* Appends the folded form of valid or invalid UTF-8 (invalid bytes stay as they are). */
int fold_text(struct slice text, struct buf *out);
/* Bytes at the start of text whose folded form has the same length for each character. */
size_t fold_same_length(struct slice text);
/* Replaces ё by е (and Ё by Е) in place, in UTF-8 text, folded or not. The length does not
 * change. */
void fold_yo(char *text, size_t len);

#endif
