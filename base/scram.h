/*
 * Keys of SCRAM-SHA-256 (RFC 5802, RFC 7677): what a server stores so that a client can prove
 * that it knows the password without sending it.
 *
 * They are written as PostgreSQL does: SCRAM-SHA-256$<iterations>:<salt>$<stored>:<server>.
 * Passwords are used unchanged (UTF-8), without SASLprep.
 */
#ifndef LANPOST_BASE_SCRAM_H
#define LANPOST_BASE_SCRAM_H

#include "base/buf.h"

#define SCRAM_KEY_LEN 32
#define SCRAM_SALT_MAX 64
#define SCRAM_SALT_LEN 16 /* of the keys that we create */
#define SCRAM_ITERATIONS 10000
#define SCRAM_TEXT_MAX 256

struct scram_keys {
	unsigned iterations;
	unsigned char salt[SCRAM_SALT_MAX];
	size_t salt_len;
	unsigned char stored[SCRAM_KEY_LEN], server[SCRAM_KEY_LEN];
};

/* Keys for a password, with a new salt. */
void scram_keys_derive(struct slice password, struct scram_keys *keys); /* with its salt and iterations */
void scram_keys_make(struct slice password, struct scram_keys *keys);
/* Appends the text. */
void scram_keys_write(const struct scram_keys *keys, struct buf *out);
/* False if the text is not one. */
bool scram_keys_read(struct slice text, struct scram_keys *keys);

/* True if the proof (SCRAM_KEY_LEN bytes) is correct for this AuthMessage: the client knows the
 * password. */
bool scram_proof_fits(
    const struct scram_keys *keys, struct slice auth_message, const unsigned char *proof);
/* The server's own proof. */
void scram_signature(const struct scram_keys *keys, struct slice auth_message,
    unsigned char signature[SCRAM_KEY_LEN]);

#endif
