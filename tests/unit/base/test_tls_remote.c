/* TLS servers whose private key is in another process: each kind of key, with each version, against OpenSSL as
 * the client. */
#include "base/tls/tls_remote.h"

#include "base/alloc.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

/* The work of the process with the key. */
static struct tls_key *key_elsewhere;
static unsigned asked;
static bool refuses;

static bool sign(void *context, const unsigned char key_id[TLS_KEY_ID_LEN], struct slice scheme, struct slice bytes, struct buf *signature)
{
	(void)context;
	asked++;
	return !refuses && tls_key_has_id(key_elsewhere, slice_make((const char *)key_id, TLS_KEY_ID_LEN)) &&
	       tls_key_sign(key_elsewhere, scheme, bytes, signature);
}

static const struct tls_signer signer = {sign, NULL};

static EVP_PKEY *make_key(const char *kind)
{
	EVP_PKEY_CTX *maker;
	EVP_PKEY *key = NULL;

	if (strncmp(kind, "P-", 2) == 0)
		return EVP_EC_gen(kind);
	maker = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
	assert_int_equal(EVP_PKEY_keygen_init(maker), 1);
	if (strncmp(kind, "RSA", 3) == 0)
		assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(maker, 2048), 1);
	assert_int_equal(EVP_PKEY_generate(maker, &key), 1);
	EVP_PKEY_CTX_free(maker);
	return key;
}

static X509 *make_certificate(EVP_PKEY *key, const char *kind)
{
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);

	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -60);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"gw", -1, -1, 0);
	X509_set_issuer_name(cert, name);
	X509_set_pubkey(cert, key);
	assert_true(X509_sign(cert, key, strncmp(kind, "ED", 2) == 0 ? NULL : EVP_sha256()) > 0);
	return cert;
}

static char *pem_of(EVP_PKEY *key, X509 *cert)
{
	BIO *file = BIO_new(BIO_s_mem());
	char *bytes, *text;
	long len;

	assert_int_equal(key != NULL ? PEM_write_bio_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) : PEM_write_bio_X509(file, cert), 1);
	len = BIO_get_mem_data(file, &bytes);
	text = xstrndup(bytes, (size_t)len);
	BIO_free(file);
	return text;
}

/* A handshake in which the client trusts only this certificate, and some data each way. */
static bool shake_hands(struct tls_context *context, X509 *cert, int version)
{
	SSL_CTX *client_context = SSL_CTX_new(TLS_client_method());
	struct tls *server;
	bool done = false;
	int fds[2];
	SSL *client;
	char word[8] = "";

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	SSL_CTX_set_min_proto_version(client_context, version);
	SSL_CTX_set_max_proto_version(client_context, version);
	SSL_CTX_set_verify(client_context, SSL_VERIFY_PEER, NULL);
	X509_STORE_add_cert(SSL_CTX_get_cert_store(client_context), cert);
	client = SSL_new(client_context);
	SSL_set_fd(client, fds[1]);
	server = tls_new(context, fds[0]);
	for (int i = 0; i < 100 && !done; i++) {
		bool connected = SSL_connect(client) == 1;

		done = tls_handshake(server) == 1 && connected;
	}
	if (done) {
		assert_int_equal(SSL_write(client, "hello", 5), 5);
		assert_int_equal(tls_read(server, word, sizeof(word)), 5);
		assert_memory_equal(word, "hello", 5);
	}
	SSL_free(client);
	SSL_CTX_free(client_context);
	tls_free(server);
	close(fds[0]);
	close(fds[1]);
	return done;
}

static void test_each_kind_of_key(void **state)
{
	static const char *const kinds[] = {"RSA", "RSA-PSS", "P-256", "P-384", "P-521", "ED25519", "ED448"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		EVP_PKEY *key = make_key(kinds[i]);
		X509 *cert = make_certificate(key, kinds[i]);
		char *key_pem = pem_of(key, NULL), *chain = pem_of(NULL, cert);
		struct tls_context *context;
		struct error error;

		key_elsewhere = tls_key_new(slice_of(key_pem));
		assert_non_null(key_elsewhere);
		assert_true(tls_key_is_of(key_elsewhere, slice_of(chain)));
		if (tls_context_new_remote(slice_of(chain), &signer, &context, &error) != 0)
			fail_msg("%s: %s", kinds[i], ERROR_EN(&error));
		for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
			asked = 0;
			if (!shake_hands(context, cert, version) || asked != 1)
				fail_msg("%s with version %x, asked %u", kinds[i], (unsigned)version, asked);
			refuses = true;
			assert_false(shake_hands(context, cert, version));
			refuses = false;
		}
		tls_context_free(context);
		tls_key_free(key_elsewhere);
		EVP_PKEY_free(key);
		X509_free(cert);
		free(key_pem);
		free(chain);
	}
}

static void test_what_is_not_signed(void **state)
{
	EVP_PKEY *key = make_key("RSA");
	char *pem = pem_of(key, NULL), big[TLS_SIGNED_MAX + 1] = "";
	static const char *const schemes[] = {"", "MD5", "SHA1", "SHA256 none", "SHA256 pss ", "SHA256  pss", "pss", "SHA256\npss"};
	struct buf signature = BUF_INIT(TLS_SIGNATURE_MAX);

	(void)state;
	key_elsewhere = tls_key_new(slice_of(pem));
	assert_true(tls_key_sign(key_elsewhere, SLICE_LITERAL("SHA256 pss"), SLICE_LITERAL("x"), &signature));
	buf_reset(&signature);
	assert_false(tls_key_sign(key_elsewhere, SLICE_LITERAL("SHA256"), slice_make(big, sizeof(big)), &signature));
	for (size_t i = 1; i < ARRAY_LEN(schemes); i++)
		if (tls_key_sign(key_elsewhere, slice_of(schemes[i]), SLICE_LITERAL("x"), &signature))
			fail_msg("%s", schemes[i]);
	assert_null(tls_key_new(SLICE_LITERAL("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")));
	tls_key_free(key_elsewhere);
	EVP_PKEY_free(key);
	free(pem);
	buf_clear(&signature);
}

static void test_a_chain_that_is_none(void **state)
{
	struct tls_context *context;
	struct error error;

	(void)state;
	assert_int_equal(tls_context_new_remote(SLICE_LITERAL("no certificate"), &signer, &context, &error), -1);
	assert_int_equal(error.class, ERROR_CONFIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_kind_of_key),
	    cmocka_unit_test(test_what_is_not_signed),
	    cmocka_unit_test(test_a_chain_that_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
