/*
 * Our own certificate, for offices without one: mail programs ask once and remember it.
 */
#include "base/tls.h"

#include "base/alloc.h"
#include "base/fsx.h"
#include "base/i18n.h"
#include "base/rand.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <unistd.h>

#define VALID_SECONDS (10L * 365 * 24 * 3600)
#define COMMON_NAME_MAX 64 /* X.520 upper bound */

/* The extension's text form separates entries by commas, so a name must be nothing but a name. */
static bool is_dns_name(const char *name)
{
	static const char allowed[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";

	return name[0] != '\0' && name[strspn(name, allowed)] == '\0';
}

static int add_extension(X509 *cert, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;
	int done;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, cert, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	done = extension != NULL && X509_add_ext(cert, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return done ? 0 : -1;
}

static int add_names(X509 *cert, const char *hostname)
{
	char *names = xasprintf("DNS:%s,DNS:localhost,IP:127.0.0.1,IP:::1", hostname);
	const char *common = strlen(hostname) <= COMMON_NAME_MAX ? hostname : "lanpost";
	X509_NAME *subject = X509_get_subject_name(cert);
	int result = -1;

	if (X509_NAME_add_entry_by_txt(
	        subject, "CN", MBSTRING_UTF8, (const unsigned char *)common, -1, -1, 0) == 1 &&
	    X509_set_issuer_name(cert, subject) == 1 &&
	    add_extension(cert, NID_subject_alt_name, names) == 0 &&
	    add_extension(cert, NID_basic_constraints, "critical,CA:FALSE") == 0 &&
	    add_extension(cert, NID_ext_key_usage, "serverAuth") == 0)
		result = 0;
	free(names);
	return result;
}

/* Clients refuse a second certificate of the same issuer and number, hence a random number. */
static int set_serial(X509 *cert)
{
	unsigned char bytes[16];
	BIGNUM *number;
	int done;

	rand_bytes(bytes, sizeof(bytes));
	bytes[0] = (unsigned char)((bytes[0] & 0x7f) | 0x40);
	number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	done = number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) != NULL;
	BN_free(number);
	return done ? 0 : -1;
}

static X509 *make_certificate(EVP_PKEY *key, const char *hostname)
{
	X509 *cert = X509_new();

	if (cert != NULL && X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) == 0 &&
	    X509_gmtime_adj(X509_getm_notBefore(cert), -3600) != NULL &&
	    X509_gmtime_adj(X509_getm_notAfter(cert), VALID_SECONDS) != NULL &&
	    X509_set_pubkey(cert, key) == 1 && add_names(cert, hostname) == 0 &&
	    X509_sign(cert, key, EVP_sha256()) > 0)
		return cert;
	X509_free(cert);
	return NULL;
}

static int write_pem(BIO *pem, const char *path, unsigned mode, struct error *error)
{
	char *bytes;
	long len = BIO_get_mem_data(pem, &bytes);

	return fsx_replace(path, slice_make(bytes, (size_t)len), mode, error);
}

static int write_both(
    EVP_PKEY *key, X509 *cert, const char *key_path, const char *cert_path, struct error *error)
{
	BIO *key_pem = BIO_new(BIO_s_mem()), *cert_pem = BIO_new(BIO_s_mem());
	int result = -1;

	if (key_pem == NULL || cert_pem == NULL ||
	    PEM_write_bio_PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL) != 1 ||
	    PEM_write_bio_X509(cert_pem, cert) != 1)
		error_set(error, ERROR_TEMPORARY, "OpenSSL cannot write a certificate");
	else if (write_pem(key_pem, key_path, 0600, error) == 0)
		result = write_pem(cert_pem, cert_path, 0644, error);
	BIO_free(key_pem);
	BIO_free(cert_pem);
	return result;
}

int tls_make_certificate(const char *folder, const char *hostname, struct error *error)
{
	char *key_path = xasprintf("%s/key.pem", folder);
	char *cert_path = xasprintf("%s/cert.pem", folder);
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;
	int result = 0;

	if (access(key_path, F_OK) == 0 && access(cert_path, F_OK) == 0)
		goto out;
	result = fsx_make_dirs(folder, error);
	if (result != 0)
		goto out;
	key = EVP_EC_gen("P-256");
	if (key != NULL)
		cert = make_certificate(key, is_dns_name(hostname) ? hostname : "lanpost");
	if (cert == NULL)
		result = error_set(error, ERROR_TEMPORARY, "OpenSSL cannot make a certificate");
	else
		result = write_both(key, cert, key_path, cert_path, error);
out:
	X509_free(cert);
	EVP_PKEY_free(key);
	free(key_path);
	free(cert_path);
	return result;
}
