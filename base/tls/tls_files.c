/*
 * Reads certificate and key from their files, for use in other processes.
 */
#include "base/i18n.h"
#include "base/tls/tls_key.h"
#include "base/tls/tls_priv.h"

#include <openssl/pem.h>

static bool append_pem(BIO *pem, struct buf *out)
{
	char *bytes;
	long len = BIO_get_mem_data(pem, &bytes);

	return len > 0 && buf_append(out, bytes, (size_t)len) == 0;
}

static bool write_chain(SSL_CTX *ctx, struct buf *out)
{
	STACK_OF(X509) *others = NULL;
	BIO *pem = BIO_new(BIO_s_mem());
	bool done = pem != NULL && PEM_write_bio_X509(pem, SSL_CTX_get0_certificate(ctx)) == 1;

	SSL_CTX_get0_chain_certs(ctx, &others);
	for (int i = 0; done && i < sk_X509_num(others); i++)
		done = PEM_write_bio_X509(pem, sk_X509_value(others, i)) == 1;
	done = done && append_pem(pem, out);
	BIO_free(pem);
	return done;
}

static bool write_key(SSL_CTX *ctx, struct buf *out)
{
	BIO *pem = BIO_new(BIO_s_secmem());
	bool done = pem != NULL && PEM_write_bio_PrivateKey(pem, SSL_CTX_get0_privatekey(ctx), NULL, NULL, 0, NULL, NULL) == 1 &&
		    append_pem(pem, out);

	BIO_free(pem);
	return done;
}

int tls_files_read(const char *cert_path, const char *key_path, struct buf *chain, struct buf *key, struct error *error)
{
	struct tls_context *context;
	bool done;

	if (tls_context_new(cert_path, key_path, &context, error) != 0)
		return -1;
	done = write_chain(context->ctx, chain) && write_key(context->ctx, key);
	tls_context_free(context);
	return done ? 0 : error_set(error, ERROR_LIMIT, N_("cannot use certificate %s: %s"), cert_path, "too long");
}
