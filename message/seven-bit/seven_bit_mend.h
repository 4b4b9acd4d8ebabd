/*
 * Replaces 8-bit bytes that cannot be encoded: between the parts of a message, and in parts that are already encoded. For
 * seven_bit.c.
 */
#ifndef LANPOST_MESSAGE_SEVEN_BIT_MEND_H
#define LANPOST_MESSAGE_SEVEN_BIT_MEND_H

#include "message/seven-bit/seven_bit.h"

/* Text that is never shown (RFC 2046 section 5.1.1): before, between and after parts. Bytes above 127 and NULs become '?',
 * except in lines that begin like a boundary. Returns -1 if fn did. */
int seven_bit_mask(struct slice text, seven_bit_fn fn, void *context);
/* Whether the result would be 7-bit. */
bool seven_bit_can_mask(struct slice text);

/* The body of a quoted-printable part: bytes above 127 and NULs become "=XX", and readers see what they saw. Lines without such bytes stay
 * as they are; the others get soft line breaks where they grow too long (RFC 2045 section 6.7). Returns -1 if fn did. */
int seven_bit_requote(struct slice body, seven_bit_fn fn, void *context);

#endif
