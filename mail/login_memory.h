/*
 * The login method that worked, stored across sessions: the next login needs one attempt.
 */
#ifndef LANPOST_MAIL_LOGIN_MEMORY_H
#define LANPOST_MAIL_LOGIN_MEMORY_H

#include "config/conf_remote.h"
#include "spool/storage/storage.h"

/* kind: "account" or "smarthost". AUTH_AUTO: nothing is known. */
enum conf_auth login_recall(struct state *state, const char *kind, const char *name);
/* A failure is only logged: the next session tries all methods again. */
void login_remember(struct state *state, const char *kind, const char *name, enum conf_auth way);

#endif
