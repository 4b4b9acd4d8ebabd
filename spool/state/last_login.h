/*
 * When, how and from where each user logged in last: a value of the state.
 */
#ifndef LANPOST_SPOOL_LAST_LOGIN_H
#define LANPOST_SPOOL_LAST_LOGIN_H

#include "spool/state/state.h"

struct last_login {
	int64_t time; /* seconds since 1970; 0: never, as far as is known */
	char protocol[16], address[64];
};

int last_login_put(struct state *state, const char *user, const char *protocol, const char *address, int64_t time,
    struct error *error);
/* What cannot be read was never; state may be NULL. */
void last_login_get(struct state *state, const char *user, struct last_login *login);

#endif
