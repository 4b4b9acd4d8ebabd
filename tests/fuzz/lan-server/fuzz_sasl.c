/*
 * Any client logs in: no login succeeds without the password, for any input in any order; an ended exchange stays ended;
 * challenges are one line of base64.
 *
 * The first byte chooses the mechanism and what is offered; then a line of the client each, in base64, but for those that begin with a
 * bang: those stand for the text behind it, which is encoded, and with "!!" they are given a true proof of the password.
 */
#include "base/base64.h"
#include "lan-server/login/sasl.h"
#include "tests/fuzz/common/fuzz.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#define STEPS_MAX 6

static const char *const names[] = {"PLAIN", "login", "CRAM-MD5", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"};

static bool has_shown; /* the password went over the wire, or a proof of it */

static int login(void *context, struct slice name, struct slice password, const char **user, struct error *error)
{
	(void)context;
	if (!slice_is(name, "ivan") || !slice_is(password, "secret"))
		return error_set(error, ERROR_LOGIN, "wrong");
	has_shown = true;
	*user = "ivan";
	return 0;
}

#include "tests/unit/sample_secrets.h"

/* As tls_binding() in base/tls/tls.h. */
static size_t binding(void *context, struct slice type, unsigned char out[TLS_BINDING_MAX])
{
	(void)context;
	memset(out, 'b', TLS_BINDING_MAX);
	return slice_is(type, "tls-exporter") ? TLS_BINDING_MAX : 0;
}

static void mac(const unsigned char *key, size_t len, struct slice text, unsigned char out[32])
{
	assert(HMAC(EVP_sha256(), key, (int)len, (const unsigned char *)text.ptr, text.len, out, NULL) != NULL);
}

/* The client's part of SCRAM, knowing the password: ",p=" behind `without_proof`. */
static void add_proof(struct slice bare, struct slice challenge, struct buf *line)
{
	static unsigned char client[32], stored[32];
	struct scram_keys keys;
	struct error error;
	unsigned char salted[32], signature[32];
	struct buf message = BUF_INIT(1u << 20);

	if (stored[0] == 0 && scram_begin(NULL, slice_of("ivan"), &keys, &error) == 0) {
		assert(PKCS5_PBKDF2_HMAC("secret", 6, keys.salt, (int)keys.salt_len, (int)keys.iterations, EVP_sha256(), 32, salted) == 1);
		mac(salted, 32, SLICE_LITERAL("Client Key"), client);
		assert(EVP_Digest(client, 32, stored, NULL, EVP_sha256(), NULL) == 1);
	}
	buf_append_slice(&message, bare);
	buf_append_byte(&message, ',');
	buf_append_slice(&message, challenge);
	buf_append_byte(&message, ',');
	buf_append_slice(&message, buf_slice(line));
	mac(stored, 32, buf_slice(&message), signature);
	for (int i = 0; i < 32; i++)
		signature[i] ^= client[i];
	buf_append_text(line, ",p=");
	base64_encode(slice_make((char *)signature, 32), line);
	buf_clear(&message);
}

struct client {
	struct buf bare;      /* client-first without its header */
	struct buf challenge; /* the last one, decoded */
};

/* What is said for a line of the input: "@" in it stands for the nonce of the challenge. */
static void say(struct client *client, struct slice text, struct buf *out)
{
	struct buf plain = BUF_INIT(1u << 16);
	bool proves = text.len > 1 && text.ptr[1] == '!';

	if (text.len == 0 || text.ptr[0] != '!') {
		buf_append_slice(out, text);
		return;
	}
	text = slice_from(text, proves ? 2 : 1);
	for (size_t i = 0; i < text.len; i++) {
		struct slice rest = buf_slice(&client->challenge), nonce = slice_cut(&rest, ',');

		if (text.ptr[i] == '@' && nonce.len > 2)
			buf_append_slice(&plain, slice_from(nonce, 2));
		else
			buf_append_byte(&plain, text.ptr[i]);
	}
	if (proves) {
		add_proof(buf_slice(&client->bare), buf_slice(&client->challenge), &plain);
		has_shown = true; /* by somebody who knew it */
	} else {
		struct slice rest = buf_slice(&plain);

		slice_cut(&rest, ',');
		slice_cut(&rest, ',');
		buf_reset(&client->bare);
		buf_append_slice(&client->bare, rest);
	}
	base64_encode(buf_slice(&plain), out);
	buf_clear(&plain);
}

static enum sasl_result step(struct sasl *sasl, struct client *client, struct slice line)
{
	struct buf challenge = BUF_INIT(1u << 16), said = BUF_INIT(1u << 16);
	struct error error = ERROR_INIT;
	const char *user = NULL;
	enum sasl_result result;

	if (line.ptr != NULL)
		say(client, line, &said);
	result = sasl_step(sasl, line.ptr == NULL ? SLICE_NONE : slice_make(said.ptr == NULL ? "" : said.ptr, said.len), &challenge, &user, &error);
	if (result == SASL_DONE)
		assert(user != NULL && strcmp(user, "ivan") == 0 && has_shown);
	if (result == SASL_FAILED || result == SASL_MALFORMED)
		assert(error.phrase[0] != '\0');
	buf_reset(&client->challenge);
	assert(result != SASL_CHALLENGE || base64_decode(buf_slice(&challenge), &client->challenge));
	buf_clear(&challenge);
	buf_clear(&said);
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sasl_hooks hooks = {NULL, mechanisms, login, scram_begin, scram_end, digest, binding};
	struct slice rest = slice_make((const char *)data, size);
	unsigned how = fuzz_byte(&rest), offered = (how & 64) != 0 ? mechanisms(NULL, (how & 32) != 0) : fuzz_byte(&rest);
	struct client client = {BUF_INIT(1u << 16), BUF_INIT(1u << 16)};
	enum sasl_result result = SASL_CHALLENGE;
	struct sasl *sasl;

	has_shown = false;
	sasl_begin(&sasl, &hooks, "gw", offered, slice_of(names[how % ARRAY_LEN(names)]));
	if (sasl != NULL && (how & 128) != 0)
		result = step(sasl, &client, SLICE_NONE);
	for (int i = 0; sasl != NULL && rest.len > 0 && result == SASL_CHALLENGE && i < STEPS_MAX; i++)
		result = step(sasl, &client, slice_cut(&rest, '\n'));
	sasl_free(sasl);
	buf_clear(&client.bare);
	buf_clear(&client.challenge);
	return 0;
}
