/* Declarations that the files of base/tls/tls share. */
#ifndef LANPOST_BASE_TLS_PRIV_H
#define LANPOST_BASE_TLS_PRIV_H

#include "base/tls/tls.h"

#include <openssl/ssl.h>

struct tls_context {
	SSL_CTX *ctx;
};

/* A context with all settings, without certificate and key; library: NULL for OpenSSL's default. Returns NULL if
 * out of memory. */
struct tls_context *tls_context_make(OSSL_LIB_CTX *library);

struct tls {
	SSL *ssl;
	int reads; /* of the socket, in the current call of OpenSSL */
};

#endif
