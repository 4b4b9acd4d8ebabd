/* SCRAM (RFC 5802, RFC 7677), the client's side. The password is used unchanged, without SASLprep. */
#include "base/alloc.h"
#include "base/base64.h"
#include "upstream/login_priv.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

struct hash {
	const EVP_MD *md;
	size_t len;
};

static struct slice bytes_of(const unsigned char *bytes, size_t len)
{
	return slice_make((const char *)bytes, len);
}

static void mac(const struct hash *hash, const unsigned char *key, struct slice text, unsigned char *out)
{
	unsigned len = 0;

	/* Fails only without memory, and then no answer is possible. */
	if (HMAC(hash->md, key, (int)hash->len, (const unsigned char *)text.ptr, text.len, out, &len) == NULL)
		abort();
}

static void append_escaped(struct buf *out, const char *name)
{
	for (; *name != '\0'; name++) {
		if (*name == ',' || *name == '=')
			buf_append_text(out, *name == ',' ? "=2C" : "=3D");
		else
			buf_append_byte(out, *name);
	}
}

static bool first(struct login *login, struct buf *response)
{
	buf_reset(&login->scram);
	buf_append_text(&login->scram, "n=");
	append_escaped(&login->scram, login->settings.user);
	buf_printf(&login->scram, ",r=%s", login->nonce);
	buf_append_text(response, "n,,");
	buf_append_slice(response, buf_slice(&login->scram));
	login->is_proved = false;
	return true;
}

/* "x=value" up to the next comma. */
static bool take(struct slice *rest, char letter, struct slice *value)
{
	*value = slice_cut(rest, ',');
	if (value->len < 3 || value->ptr[0] != letter || value->ptr[1] != '=')
		return false;
	*value = slice_from(*value, 2);
	return true;
}

static void prove(struct login *login, const struct hash *hash, const unsigned char *salted, struct buf *response)
{
	unsigned char client[EVP_MAX_MD_SIZE], stored[EVP_MAX_MD_SIZE], server[EVP_MAX_MD_SIZE], signature[EVP_MAX_MD_SIZE];
	struct slice message = buf_slice(&login->scram);

	mac(hash, salted, SLICE_LITERAL("Client Key"), client);
	if (EVP_Digest(client, hash->len, stored, NULL, hash->md, NULL) != 1)
		abort();
	mac(hash, stored, message, signature);
	for (size_t i = 0; i < hash->len; i++)
		client[i] ^= signature[i];
	buf_append_text(response, ",p=");
	base64_encode(bytes_of(client, hash->len), response);
	mac(hash, salted, SLICE_LITERAL("Server Key"), server);
	mac(hash, server, message, login->signature);
	login->signature_len = hash->len;
	OPENSSL_cleanse(client, sizeof(client));
	OPENSSL_cleanse(server, sizeof(server));
}

/* The message without the proof; returns false if it is too long. */
static bool append_final(struct login *login, struct slice nonce, struct slice challenge, struct buf *response)
{
	buf_append_text(response, "c=biws,r=");
	buf_append_slice(response, nonce);
	buf_append_byte(&login->scram, ',');
	buf_append_slice(&login->scram, challenge);
	buf_append_byte(&login->scram, ',');
	buf_append_slice(&login->scram, buf_slice(response));
	return !login->scram.overflow && !response->overflow;
}

static bool final(struct login *login, const struct hash *hash, struct slice challenge, struct buf *response)
{
	struct slice rest = challenge, nonce, salt, count;
	struct buf salt_bytes = BUF_INIT(1024);
	struct buf salted = BUF_SECRET(EVP_MAX_MD_SIZE);
	uint64_t iterations;
	bool good = take(&rest, 'r', &nonce) && take(&rest, 's', &salt) && take(&rest, 'i', &count) &&
		    nonce.len > strlen(login->nonce) && memcmp(nonce.ptr, login->nonce, strlen(login->nonce)) == 0 &&
		    slice_number(count, 1, LOGIN_ITERATIONS_MAX, &iterations) && base64_decode(salt, &salt_bytes) &&
		    login_ask(login, EVP_MD_is_a(hash->md, "SHA1") ? LOGIN_SALTED_SHA_1 : LOGIN_SALTED_SHA_256, buf_slice(&salt_bytes),
			(unsigned)iterations, &salted) &&
		    salted.len == hash->len;

	buf_clear(&salt_bytes);
	good = good && append_final(login, nonce, challenge, response);
	if (good)
		prove(login, hash, (const unsigned char *)salted.ptr, response);
	buf_clear(&salted);
	return good;
}

/* "v=": the server knows the password, too. */
static bool verify(struct login *login, struct slice challenge)
{
	struct buf given = BUF_INIT(1024);
	struct slice rest = challenge, value;

	login->is_proved = take(&rest, 'v', &value) && base64_decode(value, &given) && given.len == login->signature_len &&
			   CRYPTO_memcmp(given.ptr, login->signature, given.len) == 0;
	buf_clear(&given);
	return login->is_proved;
}

bool login_scram(struct login *login, const char *digest_name, struct slice challenge, struct buf *response)
{
	struct hash hash = {.md = EVP_get_digestbyname(digest_name)};

	if (hash.md == NULL)
		return false;
	hash.len = (size_t)EVP_MD_get_size(hash.md);
	switch (login->step) {
	case 0:
		return first(login, response);
	case 1:
		return final(login, &hash, challenge, response);
	default:
		return login->step == 2 && verify(login, challenge);
	}
}
