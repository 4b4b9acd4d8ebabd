/*
 * Files within a text, which mail programs show as attachments: uuencode (POSIX uuencode(1), also with base64) and yEnc.
 */
#ifndef LANPOST_MESSAGE_ATTACHMENT_ENCODED_H
#define LANPOST_MESSAGE_ATTACHMENT_ENCODED_H

#include "base/buf.h"

/* Takes the next file from the text, of which the rest remains. Returns false if there is none. The buffers are reset first; overflow means that
 * the name or the file is longer than their limits. Each byte of the text is read once. */
bool attachment_encoded_next(struct slice *text, struct buf *name, struct buf *bytes);

#endif
