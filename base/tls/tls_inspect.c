/*
 * The details of a certificate that people check before they trust it.
 */
#include "base/tls/tls.h"

#include "base/alloc.h"
#include "base/i18n.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

/* "AB:CD:...", as mail programs and browsers show it. */
static void write_fingerprint(char out[TLS_FINGERPRINT_MAX], const unsigned char *digest, unsigned len)
{
	size_t used = 0;

	for (unsigned i = 0; i < len && used + 3 < TLS_FINGERPRINT_MAX; i++)
		used += (size_t)snprintf(
		    out + used, TLS_FINGERPRINT_MAX - used, "%s%02X", i > 0 ? ":" : "", digest[i]);
}

static int inspect(X509 *x509, struct tls_certificate *certificate)
{
	unsigned char digest[EVP_MAX_MD_SIZE], *der = NULL;
	unsigned digest_len;
	int der_len = i2d_X509(x509, &der);

	if (der_len <= 0 || X509_digest(x509, EVP_sha256(), digest, &digest_len) != 1) {
		OPENSSL_free(der);
		return -1;
	}
	*certificate = (struct tls_certificate){
	    .is_self_signed = X509_self_signed(x509, 1) == 1,
	    .der = slice_dup(slice_make((const char *)der, (size_t)der_len)),
	    .der_len = (size_t)der_len,
	};
	write_fingerprint(certificate->sha256, digest, digest_len);
	OPENSSL_free(der);
	return 0;
}

int tls_certificate_read(const char *path, struct tls_certificate *certificate, struct error *error)
{
	FILE *file = fopen(path, "re");
	X509 *x509;
	char reason[120];
	int result;

	if (file == NULL)
		return error_errno(error, N_("cannot read certificate %s"), path);
	x509 = PEM_read_X509(file, NULL, NULL, NULL);
	fclose(file);
	if (x509 == NULL)
		return error_set(error, ERROR_CONFIG, N_("cannot use certificate %s: %s"), path,
		    tls_reason(reason, sizeof(reason)));
	result = inspect(x509, certificate);
	X509_free(x509);
	return result == 0 ? 0
			   : error_set(error, ERROR_CONFIG, N_("cannot use certificate %s: %s"), path,
				 tls_reason(reason, sizeof(reason)));
}

void tls_certificate_clear(struct tls_certificate *certificate)
{
	free(certificate->der);
	*certificate = (struct tls_certificate){.der = NULL};
}
