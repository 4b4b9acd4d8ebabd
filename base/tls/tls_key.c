#include "base/tls/tls_key.h"

#include "base/alloc.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>

struct tls_key {
	EVP_PKEY *key;
	unsigned char id[TLS_KEY_ID_LEN];
};

bool tls_key_id(EVP_PKEY *key, unsigned char id[TLS_KEY_ID_LEN])
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	unsigned id_len = TLS_KEY_ID_LEN;
	bool done = len > 0 && EVP_Digest(der, (size_t)len, id, &id_len, EVP_sha256(), NULL) == 1;

	OPENSSL_free(der);
	return done;
}

struct tls_key *tls_key_new(struct slice pem)
{
	BIO *file = BIO_new_mem_buf(pem.ptr, (int)pem.len);
	EVP_PKEY *pkey = file == NULL ? NULL : PEM_read_bio_PrivateKey(file, NULL, NULL, (void *)"");
	struct tls_key *key = NULL;

	BIO_free(file);
	if (pkey != NULL) {
		key = xcalloc(1, sizeof(*key));
		key->key = pkey;
		if (!tls_key_id(pkey, key->id)) {
			tls_key_free(key);
			key = NULL;
		}
	}
	ERR_clear_error();
	return key;
}

void tls_key_free(struct tls_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->key);
	free(key);
}

bool tls_key_is_of(const struct tls_key *key, struct slice chain)
{
	BIO *file = BIO_new_mem_buf(chain.ptr, (int)chain.len);
	X509 *cert = file == NULL ? NULL : PEM_read_bio_X509(file, NULL, NULL, NULL);
	bool fits = cert != NULL && X509_check_private_key(cert, key->key) == 1;

	X509_free(cert);
	BIO_free(file);
	ERR_clear_error();
	return fits;
}

bool tls_key_has_id(const struct tls_key *key, struct slice id)
{
	return id.len == TLS_KEY_ID_LEN && memcmp(id.ptr, key->id, TLS_KEY_ID_LEN) == 0;
}

static const EVP_MD *hash_of(struct slice name)
{
	static const struct {
		const char *name;
		const EVP_MD *(*get)(void);
	} hashes[] = {
	    {"SHA2-224", EVP_sha224}, {"SHA224", EVP_sha224}, {"SHA2-256", EVP_sha256}, {"SHA256", EVP_sha256},
	    {"SHA2-384", EVP_sha384}, {"SHA384", EVP_sha384}, {"SHA2-512", EVP_sha512}, {"SHA512", EVP_sha512},
	};

	for (size_t i = 0; i < ARRAY_LEN(hashes); i++)
		if (slice_is_nocase(name, hashes[i].name))
			return hashes[i].get();
	return NULL;
}

/* RFC 8446 section 4.2.3: the salt is as long as the hash, and MGF1 uses the same hash. */
static bool use_pss(EVP_PKEY_CTX *context)
{
	return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static bool sign(EVP_MD_CTX *context, const struct tls_key *key, struct slice scheme, struct slice bytes, struct buf *signature)
{
	struct slice padding = scheme, hash = slice_cut(&padding, ' ');
	const EVP_MD *md = hash_of(hash);
	size_t len = TLS_SIGNATURE_MAX;
	EVP_PKEY_CTX *settings;
	char *room;

	if ((md == NULL && scheme.len > 0) || (padding.len > 0 && !slice_is(padding, "pss")) || bytes.len > TLS_SIGNED_MAX)
		return false;
	if (EVP_DigestSignInit(context, &settings, md, NULL, key->key) != 1 || (padding.len > 0 && !use_pss(settings)))
		return false;
	room = buf_reserve(signature, len);
	if (room == NULL || EVP_DigestSign(context, (unsigned char *)room, &len, (const unsigned char *)bytes.ptr, bytes.len) != 1)
		return false;
	signature->len += len;
	return true;
}

bool tls_key_sign(const struct tls_key *key, struct slice scheme, struct slice bytes, struct buf *signature)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool done = context != NULL && sign(context, key, scheme, bytes, signature);

	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return done;
}
