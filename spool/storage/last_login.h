/*
 * The last login of each user: when, how and from where. A value of the state.
 */
#ifndef LANPOST_SPOOL_LAST_LOGIN_H
#define LANPOST_SPOOL_LAST_LOGIN_H

#include "spool/storage/state.h"

struct last_login {
	int64_t time; /* seconds since 1970; 0: never, as far as known */
	char protocol[16], address[64];
};

int last_login_put(struct state *state, const char *user, const char *protocol, const char *address, int64_t time,
    struct error *error);
/* A login that cannot be read counts as never; state may be NULL. */
void last_login_get(struct state *state, const char *user, struct last_login *login);

#endif
