/*
 * By what a message is known when its UIDL cannot be relied on: a digest of those header fields that no server changes.
 *
 * Servers without UIDL, servers that use a UIDL again, and mailboxes that were moved and numbered anew: the same header
 * comes back under another name, or another header under the same name.
 */
#ifndef LANPOST_FETCHER_DIGEST_H
#define LANPOST_FETCHER_DIGEST_H

#include "base/str.h"

#define DIGEST_HEX_SIZE 65

/* Of the header at the start of message, as far as DIGEST_HEADER_MAX. 1 to INT64_MAX; 0 for a message without any of the
 * fields, which cannot be known by them. */
uint64_t digest_of_header(struct slice message);
#define DIGEST_HEADER_MAX (64u << 10)

/* The same of those fields that are one in all copies of a message; 0 for a message without Message-ID. */
uint64_t digest_of_letter(struct slice message);

/* Of all behind the header, 1 to INT64_MAX, of an empty body as well. A mapped message is not all in memory for it. */
uint64_t digest_of_body(struct slice message);
/* True for a header that hardly two messages share: it has a Message-ID or Received. */
bool digest_is_telling(struct slice header);

/* SHA-256 of the bytes, in hexadecimal digits. */
void digest_hex(struct slice bytes, char out[DIGEST_HEX_SIZE]);

#endif
