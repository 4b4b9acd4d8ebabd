/*
 * Names and passwords of the mail programs.
 *
 * An unknown name and a wrong password cost the same time and get the same words. A failure is
 * answered slowly, many from one address are answered not at all for a while. A success is
 * remembered for some minutes (a keyed digest, in memory only), since crypt(3) takes 20 ms and mail
 * programs poll. One struct is shared by all sessions, behind its own mutex; nothing is held while
 * hashing or waiting.
 */
#ifndef LANPOST_LAN_AUTH_H
#define LANPOST_LAN_AUTH_H

#include "config/conf.h"

#include "lan-server/sasl.h"

struct auth;

struct auth_options {
	int64_t (*now_ms)(void); /* NULL: clock_now_ms */
	int64_t delay_ms;        /* after a first failure; grows with more; 0 in tests */
	int stop_fd;             /* readable ends a delay; -1 */
};

struct auth *auth_new(const struct auth_options *options);
void auth_free(struct auth *auth);

/* The mechanisms (enum sasl_mechanisms) that are offered: CRAM-MD5 only outside TLS and where somebody may use it;
 * SCRAM only when all who have a password have keys for it, since clients that see it use nothing else. */
unsigned auth_mechanisms(const struct conf *conf, bool tls);
/* True if APOP is worth offering. */
bool auth_has_weak(const struct conf *conf);

/* Checks a name (a user's name, alias or address) and a password. Returns 0 with *user owned by
 * conf; -1 with class LOGIN for a wrong pair, TEMPORARY (reply 454 4.7.0) for an address that
 * failed too often. */
int auth_check(struct auth *auth, const struct conf *conf, const struct in6_addr *client,
    struct slice name, struct slice password, const char **user, struct error *error);
/* What a login by challenge is checked against. Nobody's name gets keys made up from it, always the same ones. Returns -1
 * with class TEMPORARY for an address that failed too often. */
int auth_secret(struct auth *auth, const struct conf *conf, const struct in6_addr *client,
    struct slice name, struct sasl_secret *secret, struct error *error);
/* The outcome of such a login; returns as auth_check(). */
int auth_settle(struct auth *auth, const struct conf *conf, const struct in6_addr *client,
    struct slice name, bool fits, const char **user, struct error *error);

#endif
