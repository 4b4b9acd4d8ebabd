/*
 * The TLS certificate and its private key, in the process that has the secrets: it returns the chain to the LAN server and
 * signs its handshakes. Sessions that began before a reload may still need the previous key: the last one is kept.
 */
#ifndef LANPOST_LAN_SERVER_TLS_CREDENTIALS_H
#define LANPOST_LAN_SERVER_TLS_CREDENTIALS_H

#include "lan-server/login/auth_config.h"
#include "lan-server/login/auth_wire.h"

struct tls_credentials;

/* Created once for the life of the process. */
struct tls_credentials *tls_credentials_new(void);
/* Copies chain and key of the config. Returns false, with a problem to report instead, if they do not match. */
bool tls_credentials_load(struct tls_credentials *credentials, const struct auth_config *config);
/* ASK_CERTIFICATE and ASK_SIGN. */
void tls_credentials_answer(struct tls_credentials *credentials, const struct auth_question *question, struct auth_answer *answer);

#endif
