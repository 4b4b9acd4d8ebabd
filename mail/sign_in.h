/*
 * Signing in at providers that take no password: `oauth2` of an account or a smarthost.
 *
 * A sign-in is a refresh token, kept by spool/sign_in_file.h under a name made of the application, the provider, the scope and `user`: so an account
 * and a smarthost with the same settings share one, and others never do. From it an access token is made, which serves for the logins of about
 * an hour, in all sessions. A provider that replaces the refresh token finds the new one in use only when it is on the disk.
 */
#ifndef LANPOST_MAIL_SIGN_IN_H
#define LANPOST_MAIL_SIGN_IN_H

#include "config/conf.h"
#include "upstream/oauth2_answer.h"
#include "upstream/remote.h"

#define SIGN_IN_WARN_SECONDS (7 * 86400) /* before a sign-in ends postmaster is asked to renew it */

struct sign_in {
	const struct conf *conf;
	const struct conf_remote *remote; /* of conf */
	const char *proxy;		  /* "": none */
	const atomic_bool *cancel;	  /* may be NULL */
	struct remote_bytes *bytes;	  /* what it costs on the line is added; may be NULL */
	bool is_test; /* asks the provider even if the last access token is still valid, or the sign-in was refused before */
};

/* The password or token of a login, as conf_remote_password(); with `oauth2` an access token. Class LOGIN: there is no sign-in, or it
 * is no longer accepted; the error names the verb that begins one. */
int sign_in_secret(const struct sign_in *sign_in, char **secret, struct error *error);

/* The mail server does not accept this access token: the next login gets a new one, or learns that a new sign-in is needed. */
int sign_in_refuse(const struct conf *conf, const struct conf_remote *remote, const char *access, struct error *error);

/* Begins a sign-in: *device has the page and the code for the user. */
int sign_in_begin(const struct sign_in *sign_in, struct oauth2_device *device, struct error *error);
/* Waits until the user has entered the code, and keeps the sign-in. Returns -1 with the error if the user declines, does not do it in time,
 * or the provider cannot be reached for a while. */
int sign_in_wait(const struct sign_in *sign_in, const struct oauth2_device *device, struct error *error);

enum sign_in_state {
	SIGN_IN_GOOD,
	SIGN_IN_MISSING, /* there was none yet */
	SIGN_IN_REFUSED, /* the provider no longer accepts it */
	SIGN_IN_UNKNOWN, /* the file cannot be read */
	SIGN_IN_SHARED,	 /* it is that of an account; see there */
};
/* Only reads. *dies: when it ends if it is not used before, in seconds since 1970; 0: not known. */
enum sign_in_state sign_in_look(const struct conf *conf, const struct conf_remote *remote, int64_t *dies);
/* "lanpost account login sales". Returns out. */
char *sign_in_verb(const struct conf *conf, const struct conf_remote *remote, char *out, size_t size);

#endif
