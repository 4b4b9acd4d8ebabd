/*
 * Non-ASCII domains in the form that every server knows (RFC 5890 A-labels, RFC 3492).
 */
#ifndef LANPOST_MESSAGE_IDN_H
#define LANPOST_MESSAGE_IDN_H

#include "message/addr.h"

/* Writes the domain with each non-ASCII label as xn--..., in lower case and composed. Returns false if it is not UTF-8, or
 * if a label is empty or becomes longer than 63 bytes. */
bool idn_to_ascii(const char *domain, char *out, size_t size);
/* The same for an address, whose local part must be ASCII. An ASCII address stays unchanged. */
bool idn_address(const struct addr *addr, struct addr *out);

#endif
