/*
 * How to reach and trust an external server, and how to log in there; the same for accounts and smarthosts.
 */
#ifndef LANPOST_CONFIG_CONF_REMOTE_H
#define LANPOST_CONFIG_CONF_REMOTE_H

#include "base/err.h"

#include <stdatomic.h>
#include <stdint.h>

enum conf_auth {
	AUTH_AUTO, AUTH_PLAIN, AUTH_LOGIN, AUTH_CRAM_MD5, AUTH_APOP, AUTH_SCRAM_SHA_1, AUTH_SCRAM_SHA_256, AUTH_XOAUTH2,
	AUTH_OAUTHBEARER, AUTH_USER, AUTH_LOGIN_COMMAND, AUTH_DIGEST_MD5,
};
enum conf_oauth2 { OAUTH2_NONE, OAUTH2_MICROSOFT, OAUTH2_GOOGLE, OAUTH2_OWN };
enum conf_tls { TLS_REQUIRED, TLS_OPPORTUNISTIC, TLS_NONE };

struct conf_remote {
	char *url; /* pop3:// pop3s:// smtp:// smtps://, host and port in it */
	enum conf_tls tls;
	char *user, *password, *password_command;
	char *oauth2_token_command; /* instead of a password */
	enum conf_oauth2 oauth2;    /* instead of both: the provider where lanpost signs in itself (upstream/oauth2.h) */
	char *oauth2_client_id, *oauth2_client_secret, *oauth2_client_secret_command;
	char *oauth2_device_url, *oauth2_token_url, *oauth2_scope; /* "": as the provider has them */
	enum conf_auth auth;
	int64_t connect_timeout;
	char *ca_file, *pin_sha256;
};

/* Whether ca_file or pin_sha256 is given: then TLS is required, regardless of `tls`. */
bool conf_remote_names_its_server(const struct conf_remote *remote);
/* Whether the login sends a token of OAuth 2.0 and no password. */
bool conf_remote_has_token(const struct conf_remote *remote);

/* Gets a password or token: the configured one, or the first line that oauth2_token_command or password_command prints (run by
 * /bin/sh with a time limit of 30 s, aborted once *cancel is true; cancel may be NULL). *secret is new memory; the caller
 * wipes and frees it with conf_secret_free(). */
int conf_remote_password(const struct conf_remote *remote, const atomic_bool *cancel, char **secret, struct error *error);
/* The same for the secret of the application at the provider of oauth2; "" if it has none. */
int conf_remote_client_secret(const struct conf_remote *remote, const atomic_bool *cancel, char **secret, struct error *error);
void conf_secret_free(char *secret); /* accepts NULL */

#endif
