/*
 * A private key that signs for TLS servers (tls_remote.h).
 */
#ifndef LANPOST_BASE_TLS_KEY_H
#define LANPOST_BASE_TLS_KEY_H

#include "base/buf.h"
#include "base/err.h"

#include <openssl/types.h>

/* SHA-256 of the public key (SubjectPublicKeyInfo). */
#define TLS_KEY_ID_LEN 32
#define TLS_SIGNED_MAX 4096 /* maximum bytes that a handshake signs */
#define TLS_SCHEME_MAX 64
#define TLS_SIGNATURE_MAX 4096

struct tls_key;

/* Reads a certificate with its chain, and its private key, from files as tls_context_new() takes them; appends both as
 * PEM, without other content of the files. Errors as there. */
int tls_files_read(const char *cert_path, const char *key_path, struct buf *chain, struct buf *key, struct error *error);

/* Reads a key. Returns NULL if the text (PEM) has no key without a passphrase. */
struct tls_key *tls_key_new(struct slice pem);
void tls_key_free(struct tls_key *key);
/* Whether the first certificate of a chain (PEM) is this key's. */
bool tls_key_is_of(const struct tls_key *key, struct slice chain);
bool tls_key_has_id(const struct tls_key *key, struct slice id);
/* Signs bytes, never a hash that another process has computed. scheme: the name of a hash of the SHA-2 family, followed by
 * " pss" for that padding; "" for keys with a fixed scheme. Returns false for any other scheme, or for too many bytes. */
bool tls_key_sign(const struct tls_key *key, struct slice scheme, struct slice bytes, struct buf *signature);

/* The id of a public key. */
bool tls_key_id(EVP_PKEY *key, unsigned char id[TLS_KEY_ID_LEN]);

#endif
