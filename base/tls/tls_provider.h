/*
 * The provider behind tls_remote.h: keys that look complete to OpenSSL, while another process makes their
 * signatures.
 */
#ifndef LANPOST_BASE_TLS_PROVIDER_H
#define LANPOST_BASE_TLS_PROVIDER_H

#include "base/tls/tls_remote.h"

#include <openssl/core.h>
#include <openssl/types.h>

#define TLS_PROVIDER_NAME "lanpost"

OSSL_provider_init_fn tls_provider_init;

/* A key with this public half, in a library context that has the provider. Returns NULL if OpenSSL rejects it. */
EVP_PKEY *tls_provider_key(OSSL_LIB_CTX *library, EVP_PKEY *public_key, const struct tls_signer *signer);

#endif
