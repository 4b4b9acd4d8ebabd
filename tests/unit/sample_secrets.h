/*
 * Logins by challenge for tests of the protocol cores: the user ivan, whose password is "secret".
 */
#ifndef LANPOST_TESTS_SAMPLE_SECRETS_H
#define LANPOST_TESTS_SAMPLE_SECRETS_H

#include "base/scram.h"
#include "lan-server/sasl.h"

static unsigned mechanisms(void *context, bool tls)
{
	(void)context;
	return SASL_PLAIN | SASL_LOGIN | SASL_SCRAM_SHA_256 | (tls ? 0 : SASL_CRAM_MD5);
}

static int find_secret(void *context, struct slice name, struct sasl_secret *secret,
    struct error *error)
{
	static struct scram_keys keys;

	(void)context;
	if (slice_is(name, "busy"))
		return error_set(error, ERROR_TEMPORARY, "Too many failed logins, try again later");
	if (keys.iterations == 0) /* slow, as it should be */
		scram_keys_make(slice_of("secret"), &keys);
	*secret = (struct sasl_secret){.clear = "secret", .known = slice_is(name, "ivan"), .scram = keys};
	return 0;
}

static int settle_login(void *context, struct slice name, bool fits, const char **user,
    struct error *error)
{
	(void)context;
	(void)name;
	*user = "ivan";
	return fits ? 0 : error_set(error, ERROR_LOGIN, "Name or password is wrong");
}

#endif
