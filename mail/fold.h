/*
 * Text made comparable: the same letters whatever their case, in any script (full Unicode case
 * folding and NFC; ASCII takes a short way without the library).
 */
#ifndef LANPOST_MAIL_FOLD_H
#define LANPOST_MAIL_FOLD_H

#include "base/buf.h"

/* Appends the folded form of valid or invalid UTF-8 (invalid bytes stay as they are). */
int fold_text(struct slice text, struct buf *out);

#endif
