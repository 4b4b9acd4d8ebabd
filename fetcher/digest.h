/*
 * The identity of a message when its UIDL is not reliable: a digest of those header fields that no server changes.
 *
 * For servers without UIDL, servers that reuse a UIDL, and mailboxes that were moved and renumbered: the same header
 * returns under another UIDL, or another header under the same UIDL.
 */
#ifndef LANPOST_FETCHER_DIGEST_H
#define LANPOST_FETCHER_DIGEST_H

#include "base/str.h"

#define DIGEST_HEX_SIZE 65

/* Digest of the header at the start of message, up to DIGEST_HEADER_MAX: 1 to INT64_MAX; 0 for a message without any
 * of the fields. */
uint64_t digest_of_header(struct slice message);
#define DIGEST_HEADER_MAX (64u << 10)

/* The same, of what is equal in all copies of a message and differs in any other one, which may have the same Message-ID by mistake or by
 * intent: addresses, the fields that decide what a reader sees and whom an answer reaches (Content-Type, Reply-To ...), and the body (its
 * digest) count, too. 0 for a message without Message-ID, with a header above DIGEST_HEADER_MAX, or with one that programs read in
 * different ways (a line that is not a field, a blank before the colon, CR alone, NUL). */
uint64_t digest_of_copies(struct slice message, uint64_t body);

/* SHA-256 of the same, in hexadecimal digits: equal in copies that took different ways. Empty lines at the end of the body do not count.
 * Returns false where digest_of_copies() returns 0. */
bool digest_of_identity(struct slice message, char out[DIGEST_HEX_SIZE]);

/* Digest of the body, 1 to INT64_MAX, also of an empty body. A mapped message is not loaded completely for it. */
uint64_t digest_of_body(struct slice message);
/* True for a header that is practically unique: it has a Message-ID or Received. */
bool digest_is_telling(struct slice header);

/* SHA-256 of the bytes, in hexadecimal digits. */
void digest_hex(struct slice bytes, char out[DIGEST_HEX_SIZE]);

#endif
