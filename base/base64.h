/*
 * Base64 (RFC 4648 section 4) without line ends. message/decode decodes the base64 of messages
 * less strictly.
 */
#ifndef LANPOST_BASE_BASE64_H
#define LANPOST_BASE_BASE64_H

#include "base/buf.h"

/* Appends the text for the bytes. Returns -1 past the buffer's limit. */
int base64_encode(struct slice bytes, struct buf *out);
/* Appends the bytes of the text. Strict: whole groups, padding only at the end. */
bool base64_decode(struct slice text, struct buf *out);

#endif
