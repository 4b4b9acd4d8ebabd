/*
 * Signing in at a provider of OAuth 2.0 without a browser on this computer (RFC 8628), and getting tokens (RFC 6749): the requests.
 *
 * One request is one HTTPS connection by libcurl: no redirection is followed, the answer is bounded, and it ends within OAUTH2_REQUEST_MS or
 * when the caller is cancelled. Plain HTTP only to this computer, for tests.
 */
#ifndef LANPOST_UPSTREAM_OAUTH2_H
#define LANPOST_UPSTREAM_OAUTH2_H

#include "config/conf_remote.h"
#include "upstream/oauth2_answer.h"
#include "upstream/remote.h"

#define OAUTH2_REQUEST_MS 60000

struct oauth2_client {
	const char *device_url, *token_url, *scope; /* scope "": not sent */
	const char *id, *secret;		    /* of the application; secret "": none */
	const char *ca_file, *proxy;		    /* "": the system's authorities; no proxy, independent of the environment */
	int64_t refresh_lifetime;   /* seconds since its last use that a refresh token lives at this provider, if it does not say; 0: not known */
	const atomic_bool *cancel;  /* may be NULL */
	struct remote_bytes *bytes; /* what the requests cost on the line is added; may be NULL */
};

/* The settings of a server with `oauth2`, completed by what is known of its provider; everything belongs to the configuration. The secret is left
 * to the caller: a command may print it (conf_remote_client_secret()). A pin_sha256 is the key of the mail server, and says nothing about the
 * provider's. */
struct oauth2_client oauth2_client_of(const struct conf_remote *remote, const char *proxy);

/* Requests a code for the user. Returns -1 with the error. */
int oauth2_begin(const struct oauth2_client *client, struct oauth2_device *device, struct error *error);
/* Asks whether the user has entered the code. The error as for oauth2_answer_token(); FAILED with class TEMPORARY if the provider was not reached. */
enum oauth2_result oauth2_poll(const struct oauth2_client *client, const char *device_code, struct oauth2_tokens *tokens, struct error *error);
/* Gets a new access token, and perhaps a new refresh token, which replaces the old one. */
enum oauth2_result oauth2_refresh(const struct oauth2_client *client, const char *refresh, struct oauth2_tokens *tokens, struct error *error);

#endif
