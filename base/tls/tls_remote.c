#include "base/tls/tls_remote.h"

#include "base/i18n.h"
#include "base/tls/tls_priv.h"
#include "base/tls/tls_provider.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <pthread.h>

static OSSL_LIB_CTX *library; /* NULL: OpenSSL rejected it */

static void make_library(void)
{
	OSSL_LIB_CTX *made = OSSL_LIB_CTX_new();

	/* Algorithms that are fetched without naming our provider are OpenSSL's own. */
	if (made != NULL && OSSL_PROVIDER_add_builtin(made, TLS_PROVIDER_NAME, tls_provider_init) == 1 &&
	    OSSL_PROVIDER_load(made, "default") != NULL && OSSL_PROVIDER_load(made, TLS_PROVIDER_NAME) != NULL &&
	    EVP_set_default_properties(made, "?provider=default") == 1)
		library = made;
	else
		OSSL_LIB_CTX_free(made);
}

/* The first certificate is the server's, the others are its chain. */
static bool use_chain(SSL_CTX *ctx, struct slice chain)
{
	BIO *file = BIO_new_mem_buf(chain.ptr, (int)chain.len);
	X509 *cert = file == NULL ? NULL : PEM_read_bio_X509_AUX(file, NULL, NULL, NULL);
	bool good = cert != NULL && SSL_CTX_use_certificate(ctx, cert) == 1;

	X509_free(cert);
	while (good && (cert = PEM_read_bio_X509(file, NULL, NULL, NULL)) != NULL)
		if (SSL_CTX_add0_chain_cert(ctx, cert) != 1) {
			X509_free(cert);
			good = false;
		}
	if (good)
		ERR_clear_error(); /* the end of the text */
	BIO_free(file);
	return good;
}

static bool use_key(SSL_CTX *ctx, const struct tls_signer *signer)
{
	EVP_PKEY *key = tls_provider_key(library, X509_get0_pubkey(SSL_CTX_get0_certificate(ctx)), signer);
	bool good = key != NULL && SSL_CTX_use_PrivateKey(ctx, key) == 1;

	EVP_PKEY_free(key);
	return good;
}

int tls_context_new_remote(struct slice chain, const struct tls_signer *signer, struct tls_context **context, struct error *error)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	char reason[120];

	ERR_clear_error();
	pthread_once(&once, make_library);
	*context = library == NULL ? NULL : tls_context_make(library);
	if (*context == NULL)
		return error_set(error, ERROR_TEMPORARY, N_("OpenSSL cannot create a context"));
	if (use_chain((*context)->ctx, chain) && use_key((*context)->ctx, signer))
		return 0;
	error_set(error, ERROR_CONFIG, N_("cannot use certificate %s: %s"), "[lan] tls_cert", tls_reason(reason, sizeof(reason)));
	tls_context_free(*context);
	*context = NULL;
	return -1;
}
