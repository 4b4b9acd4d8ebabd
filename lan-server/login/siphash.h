/*
 * SipHash-2-4 with 128 bits (Aumasson and Bernstein, 2012): a keyed digest of short texts for tables in memory. A sender that
 * does not know the key can neither provoke nor find a collision. It costs a hundredth of an HMAC.
 */
#ifndef LANPOST_LAN_SERVER_SIPHASH_H
#define LANPOST_LAN_SERVER_SIPHASH_H

#include "base/str.h"

#define SIPHASH_LEN 16 /* of keys and digests */

void siphash(const unsigned char key[SIPHASH_LEN], struct slice text, unsigned char digest[SIPHASH_LEN]);

#endif
