/* Logins by challenge, with the client's part played here. */
#include "lan-server/login/sasl.h"

#include "base/alloc.h"
#include "base/base64.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static int login(
    void *context, struct slice name, struct slice password, const char **user, struct error *error)
{
	(void)context;
	(void)name;
	(void)password;
	(void)user;
	return error_set(error, ERROR_LOGIN, "wrong");
}

#include "tests/unit/sample_secrets.h"

static const struct sasl_hooks hooks = {NULL, mechanisms, login, scram_begin, scram_end, digest, NULL};

static char *step(struct sasl *sasl, const char *plain, enum sasl_result expected)
{
	struct buf line = BUF_INIT(4096), challenge = BUF_INIT(4096), out = BUF_INIT(4096);
	struct error error = ERROR_INIT;
	const char *user = NULL;
	char *text;

	if (plain != NULL)
		base64_encode(slice_of(plain), &line);
	assert_int_equal(sasl_step(sasl, plain == NULL ? SLICE_NONE : slice_of(buf_text(&line)),
			     &challenge, &user, &error),
	    expected);
	if (expected == SASL_DONE)
		assert_string_equal(user, "ivan");
	assert_true(base64_decode(buf_slice(&challenge), &out));
	text = xstrdup(buf_text(&out));
	buf_clear(&line);
	buf_clear(&challenge);
	buf_clear(&out);
	return text;
}

static void mac(const EVP_MD *hash, const void *key, size_t key_len, const char *text, void *out)
{
	assert_non_null(
	    HMAC(hash, key, (int)key_len, (const unsigned char *)text, strlen(text), out, NULL));
}

/* "c=biws,r=...,p=..." as a client answers server-first, knowing the password; header and binding: what c= holds. */
static char *client_final_bound(const char *header, const char *first, const char *server_first, const char *password)
{
	struct buf bound = BUF_INIT(256);
	unsigned char salted[32], client[32], stored[32], signature[32];
	struct buf salt = BUF_INIT(64), proof = BUF_INIT(64);
	struct slice rest = slice_of(server_first), nonce, text;
	char *auth, *final;
	int iterations;

	nonce = slice_cut(&rest, ',');
	text = slice_from(slice_cut(&rest, ','), 2);
	assert_true(base64_decode(text, &salt));
	iterations = atoi(rest.ptr + 2);
	PKCS5_PBKDF2_HMAC(password, -1, (unsigned char *)salt.ptr, (int)salt.len, iterations,
	    EVP_sha256(), 32, salted);
	mac(EVP_sha256(), salted, 32, "Client Key", client);
	SHA256(client, 32, stored);
	base64_encode(slice_of(header), &bound);
	auth = xasprintf("%s,%s,c=%s,%.*s", first, server_first, buf_text(&bound), SLICE_PRINT(nonce));
	mac(EVP_sha256(), stored, 32, auth, signature);
	for (int i = 0; i < 32; i++)
		client[i] ^= signature[i];
	base64_encode(slice_make((char *)client, 32), &proof);
	final = xasprintf("c=%s,%.*s,p=%s", buf_text(&bound), SLICE_PRINT(nonce), buf_text(&proof));
	buf_clear(&bound);
	free(auth);
	buf_clear(&salt);
	buf_clear(&proof);
	return final;
}

static char *client_final(const char *first, const char *server_first, const char *password)
{
	return client_final_bound("n,,", first, server_first, password);
}

static struct sasl *begin(const char *mechanism)
{
	struct sasl *sasl;

	sasl_begin(&sasl, &hooks, "gw", mechanisms(NULL, false), slice_of(mechanism));
	assert_non_null(sasl);
	return sasl;
}

static void test_scram(void **state)
{
	static const struct {
		const char *first, *password;
		bool fits;
	} cases[] = {
	    {"n=ivan,r=abc", "secret", true},
	    {"n=ivan,r=abc", "wrong", false},
	    {"n=nobody,r=abc", "secret", false},
	    {"n=ivan,r=abc,x=y", "secret", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sasl *sasl = begin("scram-sha-256");
		char *whole = xasprintf("n,,%s", cases[i].first);
		char *server_first, *final, *last;

		free(step(sasl, NULL, SASL_CHALLENGE));
		server_first = step(sasl, whole, SASL_CHALLENGE);
		assert_memory_equal(server_first, "r=abc", 5);
		final = client_final(cases[i].first, server_first, cases[i].password);
		last = step(sasl, final, cases[i].fits ? SASL_CHALLENGE : SASL_FAILED);
		if (cases[i].fits) {
			assert_memory_equal(last, "v=", 2);
			free(step(sasl, "", SASL_DONE));
		}
		free(whole);
		free(server_first);
		free(final);
		free(last);
		sasl_free(sasl);
	}
}

static void test_scram_refuses(void **state)
{
	static const char *const firsts[] = {"", "n=ivan,r=a", "p=tls-unique,,n=ivan,r=a",
	    "n,,r=a,n=ivan", "n,,n=ivan", "n,,n=iv=an,r=a", "n,,n=iv=2,r=a", "n,b,n=ivan,r=a",
	    "n,,m=x,n=ivan,r=a", "n,,n=ivan,"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(firsts); i++) {
		struct sasl *sasl = begin("SCRAM-SHA-256");

		print_message("%s\n", firsts[i]);
		free(step(sasl, firsts[i], SASL_MALFORMED));
		sasl_free(sasl);
	}
}

static size_t binding(void *context, struct slice type, unsigned char out[TLS_BINDING_MAX])
{
	(void)context;
	memcpy(out, "of this session", 15);
	return slice_is(type, "tls-exporter") ? 15 : 0;
}

static void test_channel_binding(void **state)
{
	static const struct {
		const char *mechanism, *header, *bound;
		enum sasl_result first, final;
	} cases[] = {
	    {"SCRAM-SHA-256-PLUS", "p=tls-exporter,,", "p=tls-exporter,,of this session", SASL_CHALLENGE, SASL_CHALLENGE},
	    {"SCRAM-SHA-256-PLUS", "p=tls-exporter,a=ivan,", "p=tls-exporter,a=ivan,of this session", SASL_CHALLENGE, SASL_CHALLENGE},
	    {"SCRAM-SHA-256-PLUS", "p=tls-exporter,,", "p=tls-exporter,,of another one", SASL_CHALLENGE, SASL_MALFORMED},
	    {"SCRAM-SHA-256-PLUS", "p=tls-exporter,,", "p=tls-exporter,,", SASL_CHALLENGE, SASL_MALFORMED},
	    {"SCRAM-SHA-256-PLUS", "p=tls-unique,,", NULL, SASL_MALFORMED, SASL_FAILED},
	    {"SCRAM-SHA-256-PLUS", "n,,", NULL, SASL_MALFORMED, SASL_FAILED},
	    {"SCRAM-SHA-256-PLUS", "y,,", NULL, SASL_MALFORMED, SASL_FAILED},
	    {"SCRAM-SHA-256", "n,,", "n,,", SASL_CHALLENGE, SASL_CHALLENGE},
	    {"SCRAM-SHA-256", "y,,", NULL, SASL_FAILED, SASL_FAILED}, /* it was offered */
	    {"SCRAM-SHA-256", "p=tls-exporter,,", NULL, SASL_MALFORMED, SASL_FAILED},
	};
	struct sasl_hooks bound = hooks;

	(void)state;
	bound.binding = binding;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *first = xasprintf("%sn=ivan,r=abc", cases[i].header), *server_first, *final;
		struct sasl *sasl;

		sasl_begin(&sasl, &bound, "gw", SASL_SCRAM_SHA_256 | SASL_SCRAM_SHA_256_PLUS, slice_of(cases[i].mechanism));
		print_message("%s %s\n", cases[i].mechanism, first);
		server_first = step(sasl, first, cases[i].first);
		if (cases[i].bound != NULL) {
			final = client_final_bound(cases[i].bound, "n=ivan,r=abc", server_first, "secret");
			free(step(sasl, final, cases[i].final));
			free(final);
		}
		free(server_first);
		free(first);
		sasl_free(sasl);
	}
}

/* If it is not offered, "y" is right. */
static void test_no_channel_binding(void **state)
{
	struct sasl *sasl = begin("SCRAM-SHA-256");
	char *server_first = step(sasl, "y,,n=ivan,r=abc", SASL_CHALLENGE);
	char *final = client_final_bound("y,,", "n=ivan,r=abc", server_first, "secret");

	(void)state;
	free(step(sasl, final, SASL_CHALLENGE));
	free(final);
	free(server_first);
	sasl_free(sasl);
}

/* A wrong nonce, or a channel binding other than announced. */
static void test_scram_final_must_belong(void **state)
{
	static const char *const finals[] = {"", "c=biws,r=abc,p=AAAA", "c=biws", "r=abc,c=biws,p=x",
	    "c=eSws,r=abc,p=AAAA"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(finals); i++) {
		struct sasl *sasl = begin("SCRAM-SHA-256");

		free(step(sasl, "n,,n=ivan,r=abc", SASL_CHALLENGE));
		free(step(sasl, finals[i], SASL_MALFORMED));
		sasl_free(sasl);
	}
}

static void test_cram_md5(void **state)
{
	static const struct {
		const char *name, *password;
		enum sasl_result expected;
	} cases[] = {{"ivan", "secret", SASL_DONE}, {"ivan", "wrong", SASL_FAILED},
	    {"nobody", "secret", SASL_FAILED}, {"busy", "secret", SASL_FAILED}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sasl *sasl = begin("CRAM-MD5");
		char *challenge = step(sasl, NULL, SASL_CHALLENGE), answer[128], hex[33];
		unsigned char digest[16];

		assert_true(challenge[0] == '<' && strstr(challenge, "@gw>") != NULL);
		mac(EVP_md5(), cases[i].password, strlen(cases[i].password), challenge, digest);
		for (int j = 0; j < 16; j++)
			snprintf(hex + 2 * j, 3, "%02x", digest[j]);
		snprintf(answer, sizeof(answer), "%s %s", cases[i].name, hex);
		free(step(sasl, answer, cases[i].expected));
		free(challenge);
		sasl_free(sasl);
	}
}

/* RFC 7677 section 3. */
static void test_the_rfc_s_example(void **state)
{
	static const char message[] =
	    "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
	    "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
	    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
	struct buf salt = BUF_INIT(64), proof = BUF_INIT(64), text = BUF_INIT(SCRAM_TEXT_MAX);
	struct scram_keys keys = {.iterations = 4096}, read;
	unsigned char signature[SCRAM_KEY_LEN];

	(void)state;
	assert_true(base64_decode(slice_of("W22ZaJ0SNY7soEsUEjb6gQ=="), &salt));
	memcpy(keys.salt, salt.ptr, keys.salt_len = salt.len);
	scram_keys_derive(slice_of("pencil"), &keys);
	scram_keys_write(&keys, &text);
	assert_true(scram_keys_read(buf_slice(&text), &read));
	assert_memory_equal(&keys, &read, sizeof(keys));
	assert_true(
	    base64_decode(slice_of("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="), &proof));
	assert_true(scram_proof_fits(&keys, slice_of(message), (unsigned char *)proof.ptr));
	proof.ptr[0] ^= 1;
	assert_false(scram_proof_fits(&keys, slice_of(message), (unsigned char *)proof.ptr));
	scram_signature(&keys, slice_of(message), signature);
	buf_reset(&text);
	base64_encode(slice_make((char *)signature, sizeof(signature)), &text);
	assert_string_equal(buf_text(&text), "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
	buf_clear(&salt);
	buf_clear(&proof);
	buf_clear(&text);
}

static void test_keys_are_read_strictly(void **state)
{
	static const char *const bad[] = {"", "SCRAM-SHA-256$", "SCRAM-SHA-256$4096:AAAA$AAAA:AAAA",
	    "SCRAM-SHA-256$0:AAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	    "SCRAM-SHA-1$4096:AAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="};
	struct scram_keys keys;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(scram_keys_read(slice_of(bad[i]), &keys));
	assert_true(scram_keys_read(
	    slice_of(
		"SCRAM-SHA-256$4096:AAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
	    &keys));
}

static void test_base64_is_strict(void **state)
{
	static const char *const bad[] = {"A", "AA", "AAA", "A===", "====", "AA=A", "AA==AAAA",
	    "AAA\n", " AAA", "AA A", "!AAA"};
	struct buf out = BUF_INIT(64);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(base64_decode(slice_of(bad[i]), &out));
	assert_true(base64_decode(slice_of("QQ=="), &out));
	assert_true(base64_decode(slice_of("QUI="), &out));
	assert_true(base64_decode(slice_of("QUJD"), &out));
	assert_string_equal(buf_text(&out), "AABABC");
	buf_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_scram),
	    cmocka_unit_test(test_scram_refuses),
	    cmocka_unit_test(test_channel_binding),
	    cmocka_unit_test(test_no_channel_binding),
	    cmocka_unit_test(test_scram_final_must_belong),
	    cmocka_unit_test(test_cram_md5),
	    cmocka_unit_test(test_the_rfc_s_example),
	    cmocka_unit_test(test_keys_are_read_strictly),
	    cmocka_unit_test(test_base64_is_strict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
