#include "base/scram.h"

#include "base/base64.h"
#include "base/rand.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdlib.h>

#define PREFIX "SCRAM-SHA-256$"
#define ITERATIONS_MAX 10000000

static void mac(const unsigned char key[SCRAM_KEY_LEN], struct slice text,
    unsigned char out[SCRAM_KEY_LEN])
{
	unsigned len = SCRAM_KEY_LEN;

	/* Fails only without memory, and then no answer is possible. */
	if (HMAC(EVP_sha256(), key, SCRAM_KEY_LEN, (const unsigned char *)text.ptr, text.len, out,
		&len) == NULL)
		abort();
}

void scram_keys_derive(struct slice password, struct scram_keys *keys)
{
	unsigned char salted[SCRAM_KEY_LEN], client[SCRAM_KEY_LEN];

	if (PKCS5_PBKDF2_HMAC(password.ptr, (int)password.len, keys->salt, (int)keys->salt_len,
		(int)keys->iterations, EVP_sha256(), SCRAM_KEY_LEN, salted) != 1)
		abort();
	mac(salted, SLICE_LITERAL("Client Key"), client);
	SHA256(client, sizeof(client), keys->stored);
	mac(salted, SLICE_LITERAL("Server Key"), keys->server);
	OPENSSL_cleanse(salted, sizeof(salted));
	OPENSSL_cleanse(client, sizeof(client));
}

void scram_keys_make(struct slice password, struct scram_keys *keys)
{
	*keys = (struct scram_keys){.iterations = SCRAM_ITERATIONS, .salt_len = SCRAM_SALT_LEN};
	rand_bytes(keys->salt, keys->salt_len);
	scram_keys_derive(password, keys);
}

static struct slice bytes_of(const unsigned char *bytes, size_t len)
{
	return slice_make((const char *)bytes, len);
}

void scram_keys_write(const struct scram_keys *keys, struct buf *out)
{
	buf_printf(out, PREFIX "%u:", keys->iterations);
	base64_encode(bytes_of(keys->salt, keys->salt_len), out);
	buf_append_byte(out, '$');
	base64_encode(bytes_of(keys->stored, SCRAM_KEY_LEN), out);
	buf_append_byte(out, ':');
	base64_encode(bytes_of(keys->server, SCRAM_KEY_LEN), out);
}

/* Decodes min to max bytes; returns their number, 0 if invalid. */
static size_t read_bytes(struct slice text, unsigned char *bytes, size_t min, size_t max)
{
	struct buf decoded = BUF_INIT(SCRAM_TEXT_MAX);
	size_t len = 0;

	if (base64_decode(text, &decoded) && decoded.len >= min && decoded.len <= max) {
		len = decoded.len;
		memcpy(bytes, decoded.ptr, len);
	}
	buf_clear(&decoded);
	return len;
}

bool scram_keys_read(struct slice text, struct scram_keys *keys)
{
	struct slice rest, part;
	uint64_t iterations;

	*keys = (struct scram_keys){0};
	if (!slice_begins_nocase(text, PREFIX) || text.len > SCRAM_TEXT_MAX)
		return false;
	rest = slice_from(text, strlen(PREFIX));
	part = slice_cut(&rest, ':');
	if (!slice_number(part, 1, ITERATIONS_MAX, &iterations))
		return false;
	keys->iterations = (unsigned)iterations;
	keys->salt_len = read_bytes(slice_cut(&rest, '$'), keys->salt, 1, SCRAM_SALT_MAX);
	part = slice_cut(&rest, ':');
	return keys->salt_len > 0 &&
	       read_bytes(part, keys->stored, SCRAM_KEY_LEN, SCRAM_KEY_LEN) > 0 &&
	       read_bytes(rest, keys->server, SCRAM_KEY_LEN, SCRAM_KEY_LEN) > 0;
}

bool scram_proof_fits(
    const struct scram_keys *keys, struct slice auth_message, const unsigned char *proof)
{
	unsigned char client[SCRAM_KEY_LEN], stored[SCRAM_KEY_LEN];

	mac(keys->stored, auth_message, client);
	for (size_t i = 0; i < SCRAM_KEY_LEN; i++)
		client[i] ^= proof[i];
	SHA256(client, sizeof(client), stored);
	OPENSSL_cleanse(client, sizeof(client));
	return CRYPTO_memcmp(stored, keys->stored, SCRAM_KEY_LEN) == 0;
}

void scram_signature(const struct scram_keys *keys, struct slice auth_message,
    unsigned char signature[SCRAM_KEY_LEN])
{
	mac(keys->server, auth_message, signature);
}
