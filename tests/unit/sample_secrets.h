/*
 * Logins by challenge for tests of the protocol cores: the user ivan, whose password is "secret".
 */
#ifndef LANPOST_TESTS_SAMPLE_SECRETS_H
#define LANPOST_TESTS_SAMPLE_SECRETS_H

#include "base/alloc.h"
#include "base/scram.h"
#include "lan-server/login/sasl.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned mechanisms(void *context, bool tls)
{
	(void)context;
	return SASL_PLAIN | SASL_LOGIN | SASL_SCRAM_SHA_256 | (tls ? 0 : SASL_CRAM_MD5);
}

static int scram_begin(void *context, struct slice name, struct scram_keys *keys, struct error *error)
{
	(void)context;
	if (slice_is(name, "busy"))
		return error_set(error, ERROR_TEMPORARY, "Too many failed logins, try again later");
	*keys = (struct scram_keys){.iterations = 4096, .salt_len = 4, .salt = "salt"};
	return 0;
}

static int scram_end(void *context, struct slice name, const struct sasl_proof *proof,
    unsigned char signature[SCRAM_KEY_LEN], const char **user, struct error *error)
{
	static struct scram_keys keys;

	if (keys.iterations == 0) { /* slow, as it should be */
		scram_begin(context, SLICE_LITERAL(""), &keys, error);
		scram_keys_derive(slice_of("secret"), &keys);
	}
	if (proof->bytes.len != SCRAM_KEY_LEN || !slice_is(name, "ivan") ||
	    !scram_proof_fits(&keys, proof->message, (const unsigned char *)proof->bytes.ptr))
		return error_set(error, ERROR_LOGIN, "Authentication failed: wrong name or password");
	scram_signature(&keys, proof->message, signature);
	*user = "ivan";
	return 0;
}

static int digest(void *context, struct slice name, enum sasl_digest kind, const struct sasl_proof *proof,
    const char **user, struct error *error)
{
	unsigned char sum[16];
	char *text = NULL, digits[33];
	unsigned len = sizeof(sum);

	if (slice_is(name, "busy"))
		return scram_begin(context, name, NULL, error);
	if (kind == SASL_DIGEST_APOP) {
		text = xasprintf("%.*ssecret", SLICE_PRINT(proof->message));
		EVP_Digest(text, strlen(text), sum, &len, EVP_md5(), NULL);
		free(text);
	} else {
		HMAC(EVP_md5(), "secret", 6, (const unsigned char *)proof->message.ptr, proof->message.len, sum, &len);
	}
	for (size_t i = 0; i < sizeof(sum); i++)
		snprintf(digits + 2 * i, 3, "%02x", sum[i]);
	if (!slice_is(name, "ivan") || !slice_is(proof->bytes, digits))
		return error_set(error, ERROR_LOGIN, "Authentication failed: wrong name or password");
	*user = "ivan";
	return 0;
}

#endif
