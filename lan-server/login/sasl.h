/*
 * Logins by SASL (RFC 4422), for AUTH of SMTP and POP3 and AUTHENTICATE of IMAP: SCRAM-SHA-256 (RFC 7677), with and without
 * channel binding, CRAM-MD5 (RFC 2195), PLAIN (RFC 4616) and LOGIN. No I/O: the caller passes
 * lines in and sends the results.
 *
 * An exchange with an unknown name continues to its end and fails there, as with a wrong password.
 */
#ifndef LANPOST_LAN_SERVER_SASL_H
#define LANPOST_LAN_SERVER_SASL_H

#include "base/buf.h"
#include "base/err.h"
#include "base/scram.h"
#include "base/tls/tls.h"

/* The proof that a client sends instead of its password, and its challenge. */
struct sasl_proof {
	struct slice message; /* SCRAM: the AuthMessage (RFC 5802 section 3); CRAM-MD5, APOP: the challenge */
	struct slice bytes;   /* SCRAM: SCRAM_KEY_LEN bytes; else hexadecimal digits */
};

enum sasl_digest { SASL_DIGEST_CRAM_MD5, SASL_DIGEST_APOP };

/* Access to secrets: an exchange only sees salts, proofs and results. */
struct sasl_hooks {
	void *context;
	/* The offered enum sasl_mechanisms, with and without TLS. */
	unsigned (*mechanisms)(void *context, bool tls);
	/* Checks name and password, slowly if they are wrong. Returns 0 with *user, the mailbox
	 * name (owned by the configuration), or -1: error has the reply. */
	int (*login)(void *context, struct slice name, struct slice password, const char **user,
	    struct error *error);
	/* Salt and iterations for this name, fake ones for an unknown name; -1: no more attempts
	 * now. */
	int (*scram_begin)(void *context, struct slice name, struct scram_keys *keys, struct error *error);
	/* The result of a login by SCRAM, as login(); signature: the server's own proof. */
	int (*scram_end)(void *context, struct slice name, const struct sasl_proof *proof,
	    unsigned char signature[SCRAM_KEY_LEN], const char **user, struct error *error);
	/* The result of a login by CRAM-MD5 or APOP, as login(). */
	int (*digest)(void *context, struct slice name, enum sasl_digest kind, const struct sasl_proof *proof,
	    const char **user, struct error *error);
	/* The channel binding of the session, as tls_binding() in base/tls/tls.h; NULL without TLS: 0. */
	size_t (*binding)(void *context, struct slice type, unsigned char out[TLS_BINDING_MAX]);
};

enum sasl_mechanisms {
	SASL_PLAIN = 1,
	SASL_LOGIN = 2,
	SASL_CRAM_MD5 = 4,
	SASL_SCRAM_SHA_256 = 8,
	SASL_SCRAM_SHA_256_PLUS = 16,
};

enum sasl_result {
	SASL_CHALLENGE, /* send the challenge; the client's next line goes to sasl_step() */
	SASL_DONE,      /* *user is logged in */
	SASL_FAILED,    /* error has the reply */
	SASL_MALFORMED, /* invalid, or cancelled by the client; error has the reason */
};

struct sasl;

/* Appends the names of the offered mechanisms, with blanks between them. */
void sasl_list(unsigned offered, struct buf *out);
/* Begins a login by the named mechanism; *sasl is NULL if it is not offered. */
void sasl_begin(struct sasl **sasl, const struct sasl_hooks *hooks, const char *hostname,
    unsigned offered, struct slice mechanism);
void sasl_free(struct sasl *sasl);
/* The first step takes the initial response ("=": an empty one), ptr NULL if none exists; each later one a line
 * of the client. *challenge is emptied and gets the text to send, already in base64. */
enum sasl_result sasl_step(struct sasl *sasl, struct slice line, struct buf *challenge,
    const char **user, struct error *error);

#endif
