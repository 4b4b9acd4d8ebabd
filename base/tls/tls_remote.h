/*
 * A TLS server whose private key is in another process: the process that talks to clients has the certificate, and asks
 * for each signature.
 *
 * It uses a small OpenSSL provider (provider(7)) in a separate library context, so that the rest of the process is not
 * affected. All kinds of keys that TLS servers use are supported: RSA, RSA-PSS, EC, Ed25519, Ed448. The other side is
 * tls_key.h.
 */
#ifndef LANPOST_BASE_TLS_REMOTE_H
#define LANPOST_BASE_TLS_REMOTE_H

#include "base/buf.h"
#include "base/tls/tls.h"
#include "base/tls/tls_key.h"

struct tls_signer {
	/* Has the bytes signed by the private key of that public key; appends the signature. Returns false on failure.
	 * Called by any thread that does a handshake. */
	bool (*sign)(void *context, const unsigned char key_id[TLS_KEY_ID_LEN], struct slice scheme, struct slice bytes, struct buf *signature);
	void *context;
};

/* Creates a context of tls.h from a certificate chain (PEM). The signer must outlive it and all its
 * sessions. */
int tls_context_new_remote(struct slice chain, const struct tls_signer *signer, struct tls_context **context, struct error *error);

#endif
