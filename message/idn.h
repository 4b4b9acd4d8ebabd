/*
 * Domains beyond ASCII in the form that every server knows (RFC 5890 A-labels, RFC 3492).
 */
#ifndef LANPOST_MESSAGE_IDN_H
#define LANPOST_MESSAGE_IDN_H

#include "message/addr.h"

/* Writes the domain with each label that is not ASCII as xn--..., in small letters and composed. Returns false if that cannot be:
 * it is no UTF-8, or a label is empty or becomes longer than 63 bytes. */
bool idn_to_ascii(const char *domain, char *out, size_t size);
/* Does it to an address, whose local part must be ASCII already. An address in ASCII stays unchanged. */
bool idn_address(const struct addr *addr, struct addr *out);

#endif
