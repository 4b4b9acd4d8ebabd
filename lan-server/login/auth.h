/*
 * Checks names and passwords for the LAN server: it asks the process that has the verifiers (lan-server/login/verifier.h,
 * over lan-server/login/auth_wire.h) and waits for the delay in the answer.
 *
 * Without an answer a login fails temporarily (class TEMPORARY). All sessions share one struct.
 */
#ifndef LANPOST_LAN_SERVER_AUTH_H
#define LANPOST_LAN_SERVER_AUTH_H

#include "base/tls/tls_remote.h"
#include "config/conf.h"

#include "lan-server/login/auth_wire.h"
#include "lan-server/login/sasl.h"

struct auth;

struct auth_options {
	int fd;           /* our end of the socket to that process; remains the caller's */
	int64_t delay_ms; /* the unit of an answer's delays; 0 in tests */
	/* Tests only: asks without a process; as auth_ask(). */
	int (*ask)(void *context, const struct auth_question *question, struct auth_answer *answer, struct error *error);
	void *context;
};

struct auth *auth_new(const struct auth_options *options);
void auth_free(struct auth *auth);

/* Bits of enum auth_offers, as the users of the configuration allow; none if not available now. */
unsigned auth_offers(struct auth *auth);

/* One client that may log in; all is borrowed. */
struct auth_client {
	struct auth *auth;
	const struct conf *conf;
	unsigned offers; /* enum auth_offers, of this configuration */
	struct in6_addr address;
	const struct tls *tls; /* of its connection; NULL: none */
	void (*logged_in)(void *context, const char *user);
	void (*delay)(void *context, int64_t ms); /* waits before a reply; NULL: no delays */
	void *context;
};

/* The hooks for its dialogue. They accept a name as the client sent it (a user's name, alias or address); *user is owned
 * by conf. Errors have class LOGIN for a wrong name or password, TEMPORARY after too many failures or without an answer.
 * Salt and iterations of an unknown name are fake, always the same. */
struct sasl_hooks auth_hooks(struct auth_client *client);
/* The TLS certificate with its chain (PEM); -1 with class CONFIG if it is unusable, TEMPORARY without an answer. */
int auth_certificate(struct auth *auth, struct buf *chain, struct error *error);
/* Signs for TLS handshakes; valid as long as auth. */
const struct tls_signer *auth_signer(const struct auth *auth);

#endif
