/* The private key of message/dkim/dkim.h: its file, its DNS record, signatures. */
#include "message/dkim/dkim.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "base/file/fsx.h"
#include "base/i18n.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <unistd.h>

#define FILE_MAX 65536
#define RSA_BITS 2048 /* RFC 8301 section 3.2; larger keys do not fit every DNS */
#define RSA_BITS_MIN 1024

struct dkim_key {
	EVP_PKEY *pkey;
	bool is_ed25519;
};

static struct dkim_key *take(EVP_PKEY *pkey)
{
	struct dkim_key *key = xcalloc(1, sizeof(*key));

	key->pkey = pkey;
	key->is_ed25519 = EVP_PKEY_base_id(pkey) == EVP_PKEY_ED25519;
	return key;
}

static bool is_usable(const EVP_PKEY *pkey)
{
	return EVP_PKEY_base_id(pkey) == EVP_PKEY_ED25519 ||
	       (EVP_PKEY_base_id(pkey) == EVP_PKEY_RSA && EVP_PKEY_bits(pkey) >= RSA_BITS_MIN);
}

int dkim_key_load(const char *path, struct dkim_key **key, struct error *error)
{
	EVP_PKEY *pkey;
	size_t len;
	char *text;
	BIO *bio;

	if (fsx_read(path, FILE_MAX, &text, &len, error) != 0)
		return -1;
	bio = BIO_new_mem_buf(text, (int)len);
	pkey = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"");
	BIO_free(bio);
	OPENSSL_cleanse(text, len);
	free(text);
	if (pkey == NULL || !is_usable(pkey)) {
		EVP_PKEY_free(pkey);
		return error_set(error, ERROR_CONFIG, N_("%s contains no RSA or Ed25519 private key "
		    "(PEM) for DKIM"), path);
	}
	*key = take(pkey);
	return 0;
}

void dkim_key_free(struct dkim_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->pkey);
	free(key);
}

static bool sign_by_ed25519(EVP_PKEY *pkey, const unsigned char *digest, unsigned char *signature, size_t *len)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool good = md != NULL && EVP_DigestSignInit(md, NULL, NULL, NULL, pkey) == 1 &&
		    EVP_DigestSign(md, signature, len, digest, DKIM_DIGEST_LEN) == 1;

	EVP_MD_CTX_free(md);
	return good;
}

static bool sign_by_rsa(EVP_PKEY *pkey, const unsigned char *digest, unsigned char *signature, size_t *len)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(pkey, NULL);
	bool good = context != NULL && EVP_PKEY_sign_init(context) == 1 && EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
		    EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1 &&
		    EVP_PKEY_sign(context, signature, len, digest, DKIM_DIGEST_LEN) == 1;

	EVP_PKEY_CTX_free(context);
	return good;
}

static int sign_digest(void *context, const unsigned char digest[DKIM_DIGEST_LEN], unsigned char *signature, size_t *len)
{
	const struct dkim_key *key = context;

	*len = DKIM_SIGNATURE_MAX;
	return (key->is_ed25519 ? sign_by_ed25519 : sign_by_rsa)(key->pkey, digest, signature, len) ? 0 : -1;
}

struct dkim_signer dkim_key_signer(struct dkim_key *key)
{
	return (struct dkim_signer){key->is_ed25519, sign_digest, key};
}

int dkim_key_make(const char *path, bool ed25519, struct error *error)
{
	EVP_PKEY *pkey = ed25519 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519") : EVP_RSA_gen(RSA_BITS);
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	long len = 0;
	int result;

	if (access(path, F_OK) == 0) {
		EVP_PKEY_free(pkey);
		BIO_free(bio);
		return error_set(error, ERROR_CONFIG, N_("%s already exists; messages signed with "
		    "its key may still be in transit"),
		    path);
	}
	if (pkey != NULL && bio != NULL && PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) == 1)
		len = BIO_get_mem_data(bio, &text);
	if (len <= 0)
		result = error_set(error, ERROR_IO, N_("OpenSSL cannot create a key"));
	else
		result = fsx_replace(path, slice_make(text, (size_t)len), 0600, error);
	BIO_free(bio);
	EVP_PKEY_free(pkey);
	return result;
}

/* RFC 8463 section 4: Ed25519 keys are stored raw, RSA keys as SubjectPublicKeyInfo. */
static int public_bytes(const struct dkim_key *key, unsigned char **bytes, size_t *len)
{
	int size;

	*bytes = NULL;
	if (!key->is_ed25519) {
		size = i2d_PUBKEY(key->pkey, bytes);
		*len = size > 0 ? (size_t)size : 0;
		return size > 0 ? 0 : -1;
	}
	*len = 32;
	*bytes = OPENSSL_malloc(*len);
	return *bytes != NULL && EVP_PKEY_get_raw_public_key(key->pkey, *bytes, len) == 1 ? 0 : -1;
}

int dkim_key_record(const struct dkim_key *key, struct buf *out, struct error *error)
{
	unsigned char *bytes;
	size_t len;
	int result = public_bytes(key, &bytes, &len);

	buf_printf(out, "v=DKIM1; k=%s; p=", key->is_ed25519 ? "ed25519" : "rsa");
	if (result == 0)
		result = base64_encode(slice_make((const char *)bytes, len), out);
	OPENSSL_free(bytes);
	return result == 0 ? 0 : error_set(error, ERROR_IO, N_("OpenSSL cannot write the public key"));
}
