/*
 * The self-signed certificate, for offices without one: mail programs ask once and remember it.
 */
#include "base/tls/tls.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/rand.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define VALID_SECONDS (10L * 365 * 24 * 3600)
#define RENEW_SECONDS (30L * 24 * 3600)
#define NAMES_MAX 32
#define COMMON_NAME_MAX 64 /* X.520 upper bound */

/* The text form of the extension separates entries by commas, so a name must not contain other
 * characters. */
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

static bool is_address(const char *text)
{
	struct in6_addr address;

	return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

/* New memory: "DNS:gw.office.lan,IP:192.168.1.5". */
static char *alternative_names(const struct strlist *names)
{
	struct buf text = BUF_INIT(NAMES_MAX * 300);
	char *copy;

	for (size_t i = 0; i < names->count && i < NAMES_MAX; i++)
		buf_printf(&text, "%s%s:%s", text.len > 0 ? "," : "", is_address(names->items[i]) ? "IP" : "DNS", names->items[i]);
	copy = xstrdup(buf_text(&text));
	buf_clear(&text);
	return copy;
}

static const char *common_name(const struct strlist *names)
{
	for (size_t i = 0; i < names->count; i++)
		if (!is_address(names->items[i]) && strlen(names->items[i]) <= COMMON_NAME_MAX)
			return names->items[i];
	return "lanpost";
}

static int add_names(X509 *cert, const struct strlist *list)
{
	char *names = alternative_names(list);
	const char *common = common_name(list);
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

static X509 *make_certificate(EVP_PKEY *key, const struct strlist *names)
{
	X509 *cert = X509_new();

	if (cert != NULL && X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) == 0 &&
	    X509_gmtime_adj(X509_getm_notBefore(cert), -3600) != NULL &&
	    X509_gmtime_adj(X509_getm_notAfter(cert), VALID_SECONDS) != NULL &&
	    X509_set_pubkey(cert, key) == 1 && add_names(cert, names) == 0 &&
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

/* The key first: a certificate without its key is useless. */
static int write_both(
    EVP_PKEY *key, X509 *cert, const char *key_path, const char *cert_path, struct error *error)
{
	BIO *key_pem = BIO_new(BIO_s_mem()), *cert_pem = BIO_new(BIO_s_mem());
	int result = -1;

	if (key_pem == NULL || cert_pem == NULL ||
	    PEM_write_bio_PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL) != 1 ||
	    PEM_write_bio_X509(cert_pem, cert) != 1)
		error_set(error, ERROR_TEMPORARY, N_("OpenSSL cannot write a certificate"));
	else if (write_pem(key_pem, key_path, 0600, error) == 0)
		result = write_pem(cert_pem, cert_path, 0644, error);
	BIO_free(key_pem);
	BIO_free(cert_pem);
	return result;
}

/* --- existing certificates */

static X509 *read_certificate(const char *path)
{
	BIO *file = BIO_new_file(path, "r");
	X509 *cert = file == NULL ? NULL : PEM_read_bio_X509(file, NULL, NULL, NULL);

	BIO_free(file);
	return cert;
}

static EVP_PKEY *read_key(const char *path)
{
	BIO *file = BIO_new_file(path, "r");
	EVP_PKEY *key = file == NULL ? NULL : PEM_read_bio_PrivateKey(file, NULL, NULL, (void *)"");

	BIO_free(file);
	return key;
}

static void add_old_name(struct strlist *out, const GENERAL_NAME *name)
{
	char text[256] = "";

	if (name->type == GEN_DNS)
		snprintf(text, sizeof(text), "%.*s", ASN1_STRING_length(name->d.dNSName),
		    (const char *)ASN1_STRING_get0_data(name->d.dNSName));
	else if (name->type == GEN_IPADD && (name->d.iPAddress->length == 4 || name->d.iPAddress->length == 16))
		inet_ntop(name->d.iPAddress->length == 4 ? AF_INET : AF_INET6, name->d.iPAddress->data, text, sizeof(text));
	if (is_address(text) || is_dns_name(text))
		strlist_add(out, text);
}

static void read_names(X509 *cert, struct strlist *out)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
		add_old_name(out, sk_GENERAL_NAME_value(names, i));
	GENERAL_NAMES_free(names);
}

static bool is_valid_long_enough(X509 *cert)
{
	time_t soon = time(NULL) + RENEW_SECONDS;

	return X509_cmp_time(X509_get0_notAfter(cert), &soon) > 0 && X509_cmp_current_time(X509_get0_notBefore(cert)) < 0;
}

static bool has_all(const struct strlist *names, const struct strlist *wanted)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (!strlist_has(names, wanted->items[i]))
			return false;
	return true;
}

/* Whether the certificate may stay. Appends its names to *names. */
static bool is_good(X509 *cert, struct strlist *names)
{
	struct strlist old = {NULL, 0};
	bool good;

	if (X509_self_signed(cert, 0) != 1)
		return true; /* the admin manages it */
	read_names(cert, &old);
	good = has_all(&old, names) && is_valid_long_enough(cert);
	for (size_t i = 0; i < old.count && names->count < NAMES_MAX; i++)
		if (!strlist_has(names, old.items[i]))
			strlist_add(names, old.items[i]);
	strlist_clear(&old);
	return good;
}

static int make_new(const char *key_path, const char *cert_path, const struct strlist *names, struct error *error)
{
	EVP_PKEY *key = read_key(key_path);
	X509 *cert;
	int result;

	if (key == NULL)
		key = EVP_EC_gen("P-256");
	cert = key == NULL ? NULL : make_certificate(key, names);
	if (cert == NULL)
		result = error_set(error, ERROR_TEMPORARY, N_("OpenSSL cannot create a certificate"));
	else
		result = write_both(key, cert, key_path, cert_path, error);
	X509_free(cert);
	EVP_PKEY_free(key);
	return result;
}

int tls_make_certificate(const char *folder, const struct strlist *wanted, struct error *error)
{
	char *key_path = xasprintf("%s/key.pem", folder);
	char *cert_path = xasprintf("%s/cert.pem", folder);
	X509 *old = access(key_path, F_OK) == 0 ? read_certificate(cert_path) : NULL;
	struct strlist names = {NULL, 0};
	int result = 0;

	for (size_t i = 0; i < wanted->count && names.count < NAMES_MAX; i++)
		if ((is_address(wanted->items[i]) || is_dns_name(wanted->items[i])) && !strlist_has(&names, wanted->items[i]))
			strlist_add(&names, wanted->items[i]);
	if (old == NULL || !is_good(old, &names)) {
		result = fsx_make_dirs(folder, error);
		if (result == 0)
			result = make_new(key_path, cert_path, &names, error);
	}
	ERR_clear_error();
	X509_free(old);
	strlist_clear(&names);
	free(key_path);
	free(cert_path);
	return result;
}
