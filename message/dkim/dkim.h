/*
 * Signing what leaves (RFC 6376, RFC 8463): relaxed/relaxed, with an RSA or an Ed25519 key.
 *
 * The signature is made over the very bytes that go out, so it comes after all rewriting of the header.
 */
#ifndef LANPOST_MESSAGE_DKIM_H
#define LANPOST_MESSAGE_DKIM_H

#include "base/buf.h"
#include "base/err.h"

struct dkim_key;

/* Reads a private key, PEM. */
int dkim_key_load(const char *path, struct dkim_key **key, struct error *error);
void dkim_key_free(struct dkim_key *key); /* accepts NULL */
/* Makes a private key and writes it, readable by its owner alone, to a file that must not be there: Ed25519, else RSA with 2048
 * bits. */
int dkim_key_make(const char *path, bool ed25519, struct error *error);
/* Appends what DNS must say of the public key: "v=DKIM1; k=rsa; p=...". */
int dkim_key_record(const struct dkim_key *key, struct buf *out, struct error *error);

/* Appends the field "DKIM-Signature: ..." with its line end, to be above the header. header ends with its empty line; the body's
 * line ends count as CRLF, as they go out. Any thread may use a key. */
int dkim_sign(const struct dkim_key *key, const char *domain, const char *selector, struct slice header,
    struct slice body, int64_t now, struct buf *out, struct error *error);

#endif
