/*
 * Channel bindings: bytes that only the two ends of a TLS session know, so that a login can prove that it was made over
 * this session.
 */
#include "base/tls/tls_priv.h"

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#define EXPORTER_LEN 32

/* RFC 9266. For TLS 1.3 only: in older versions the value depends on how a library treats "no context", and is not
 * unique without the extended master secret. */
static size_t exporter(SSL *ssl, unsigned char *out)
{
	static const char label[] = "EXPORTER-Channel-Binding";

	if (SSL_version(ssl) < TLS1_3_VERSION ||
	    SSL_export_keying_material(ssl, out, EXPORTER_LEN, label, sizeof(label) - 1, (const unsigned char *)"", 0, 1) != 1)
		return 0;
	return EXPORTER_LEN;
}

/* RFC 5929 section 3: the first Finished message. TLS 1.3 does not have it (RFC 8446 appendix C.5), and without the
 * extended master secret it may be that of another session (RFC 7627). */
static size_t unique(SSL *ssl, unsigned char *out)
{
	if (SSL_version(ssl) >= TLS1_3_VERSION || SSL_get_extms_support(ssl) != 1)
		return 0;
	return SSL_session_reused(ssl) ? SSL_get_finished(ssl, out, TLS_BINDING_MAX)
				       : SSL_get_peer_finished(ssl, out, TLS_BINDING_MAX);
}

/* RFC 5929 section 4: a digest of our certificate, with the hash of its signature, or SHA-256 if that is MD5 or
 * SHA-1. */
static size_t server_end_point(SSL *ssl, unsigned char *out)
{
	X509 *cert = SSL_get_certificate(ssl);
	int hash = NID_undef;
	unsigned len = 0;

	if (cert == NULL || X509_get_signature_info(cert, &hash, NULL, NULL, NULL) != 1 || hash == NID_undef)
		return 0; /* Ed25519 names no hash */
	if (hash == NID_md5 || hash == NID_sha1)
		hash = NID_sha256;
	if (EVP_get_digestbynid(hash) == NULL || X509_digest(cert, EVP_get_digestbynid(hash), out, &len) != 1)
		return 0;
	return len;
}

static const struct {
	const char *type;
	size_t (*get)(SSL *ssl, unsigned char *out);
} bindings[] = {
    {"tls-exporter", exporter},
    {"tls-unique", unique},
    {"tls-server-end-point", server_end_point},
};

size_t tls_binding(const struct tls *tls, struct slice type, unsigned char out[TLS_BINDING_MAX])
{
	for (size_t i = 0; i < sizeof(bindings) / sizeof(bindings[0]); i++)
		if (slice_is(type, bindings[i].type))
			return bindings[i].get(tls->ssl, out);
	return 0;
}
