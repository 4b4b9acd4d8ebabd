/*
 * The TLS certificate and its private key, in the process that holds secrets: gives the chain to the LAN server and signs for its
 * handshakes. Sessions that began before a reload may still ask for the key of then: the last one before is kept.
 */
#ifndef LANPOST_LAN_SERVER_KEYRING_H
#define LANPOST_LAN_SERVER_KEYRING_H

#include "lan-server/login/auth_view.h"
#include "lan-server/login/auth_wire.h"

struct keyring;

/* For as long as the process lives. */
struct keyring *keyring_new(void);
/* Takes chain and key of the view; the view stays the caller's. False, with a problem to tell instead, if they do not fit. */
bool keyring_load(struct keyring *keyring, const struct auth_view *view);
/* ASK_CERTIFICATE and ASK_SIGN. */
void keyring_answer(struct keyring *keyring, const struct auth_question *question, struct auth_answer *answer);

#endif
