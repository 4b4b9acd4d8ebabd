/*
 * Signs outgoing mail (RFC 6376, RFC 8463): relaxed/relaxed, with an RSA or an Ed25519 key.
 *
 * The signature covers the bytes as they are sent, so it is made after all changes of the header.
 */
#ifndef LANPOST_MESSAGE_DKIM_H
#define LANPOST_MESSAGE_DKIM_H

#include "base/buf.h"
#include "base/err.h"

struct dkim_key;

/* Reads a private key, PEM. */
int dkim_key_load(const char *path, struct dkim_key **key, struct error *error);
void dkim_key_free(struct dkim_key *key); /* accepts NULL */
/* Creates a private key and writes it, readable by its owner only, to a file that must not exist: Ed25519, or RSA with
 * 2048 bits. */
int dkim_key_make(const char *path, bool ed25519, struct error *error);
/* Appends the DNS record of the public key: "v=DKIM1; k=rsa; p=...". */
int dkim_key_record(const struct dkim_key *key, struct buf *out, struct error *error);

#define DKIM_DIGEST_LEN 32	/* SHA-256 */
#define DKIM_SIGNATURE_MAX 1024 /* bytes, for a key with 8192 bits */

/* Signs digests: a key, or a process that holds one. Any thread may use it. */
struct dkim_signer {
	bool is_ed25519;
	/* Returns 0 with the signature (at most DKIM_SIGNATURE_MAX bytes), or -1. */
	int (*sign)(void *context, const unsigned char digest[DKIM_DIGEST_LEN], unsigned char *signature, size_t *len);
	void *context;
};

/* The key must outlive the signer. */
struct dkim_signer dkim_key_signer(struct dkim_key *key);

struct dkim_message {
	const char *domain, *selector; /* the signing domain */
	struct slice header; /* ends with its empty line */
	struct slice body;   /* its line ends count as CRLF, as they are sent */
	int64_t time;	     /* time of the signature */
};

/* Appends the field "DKIM-Signature: ..." with its line end, to be placed before the header. */
int dkim_sign(const struct dkim_signer *signer, const struct dkim_message *message, struct buf *out, struct error *error);

#endif
