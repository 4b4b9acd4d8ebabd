/*
 * Names and passwords of the mail programs, as the LAN server sees them: it asks the process that holds the verifiers
 * (lan-server/login/verifier.h, over lan-server/login/auth_wire.h) and waits as long as the answer wants the client to wait.
 *
 * Without an answer a login fails for now (class TEMPORARY). One struct is shared by all sessions.
 */
#ifndef LANPOST_LAN_SERVER_AUTH_H
#define LANPOST_LAN_SERVER_AUTH_H

#include "base/tls/tls_remote.h"
#include "config/conf.h"

#include "lan-server/login/auth_wire.h"
#include "lan-server/login/sasl.h"

struct auth;

struct auth_options {
	int fd;           /* our end of the socket to that process; stays the caller's */
	int64_t delay_ms; /* what an answer's delays are counted in; 0 in tests */
	int stop_fd;      /* readable ends a delay; -1 */
	/* Tests: asks without a process; as auth_ask(). */
	int (*ask)(void *context, const struct auth_question *question, struct auth_answer *answer, struct error *error);
	void *context;
};

struct auth *auth_new(const struct auth_options *options);
void auth_free(struct auth *auth);

/* Bits of enum auth_offers; none if they are not to be had now. */
unsigned auth_offers(struct auth *auth);
/* The mechanisms (enum sasl_mechanisms) that are offered: CRAM-MD5 only outside TLS and where somebody may use it;
 * SCRAM only when all users have keys for it, since clients that see it use nothing else. */
unsigned auth_mechanisms(unsigned offers, bool tls);

/* All of these take a name as the client gave it (a user's name, alias or address) and return 0, with *user owned by
 * conf where there is one, or -1 with class LOGIN for a wrong pair, TEMPORARY for a client that failed too
 * often, or when there is no answer. */
int auth_check(struct auth *auth, const struct conf *conf, const struct in6_addr *client,
    struct slice name, struct slice password, const char **user, struct error *error);
/* Salt and iterations for a login by SCRAM. Nobody's name gets made up ones, always the same. */
int auth_scram_begin(struct auth *auth, const struct conf *conf, const struct in6_addr *client,
    struct slice name, struct scram_keys *keys, struct error *error);
/* The client's proof for this AuthMessage; signature: the server's. */
int auth_scram_end(struct auth *auth, const struct conf *conf, const struct in6_addr *client, struct slice name,
    const struct sasl_proof *proof, unsigned char signature[SCRAM_KEY_LEN], const char **user, struct error *error);
/* CRAM-MD5 and APOP: a digest, in hexadecimal digits, of a challenge and the password. */
int auth_digest(struct auth *auth, const struct conf *conf, const struct in6_addr *client, struct slice name,
    enum sasl_digest kind, const struct sasl_proof *proof, const char **user, struct error *error);

/* The TLS certificate with its chain (PEM); -1 with class CONFIG where it cannot be used, TEMPORARY when there is no answer. */
int auth_certificate(struct auth *auth, struct buf *chain, struct error *error);
/* Signs for handshakes; lives as long as auth. */
const struct tls_signer *auth_signer(const struct auth *auth);

#endif
