/*
 * A connection to a server outside, logged in: POP3, IMAP and SMTP, plain or TLS, through a proxy.
 *
 * libcurl connects, checks the certificate and asks for the server's abilities (CURLOPT_CONNECT_ONLY), upstream/login logs in;
 * from there on the dialogue is the caller's. Every wait has an absolute deadline and ends when the caller is cancelled.
 * Passwords reach neither the log nor an error text.
 */
#ifndef LANPOST_UPSTREAM_REMOTE_H
#define LANPOST_UPSTREAM_REMOTE_H

#include "config/conf.h"

#include <stdatomic.h>

struct remote;

/* How far it came; the step that failed where it did. */
enum remote_step { REMOTE_NAME, REMOTE_CONNECT, REMOTE_TLS, REMOTE_LOGIN, REMOTE_READY };

struct remote_report {
	enum remote_step step;
	char address[64]; /* of the server or the proxy; "" if none exists */
	char tls[32];	  /* "TLSv1.3"; "" for a line in the clear */
	enum conf_auth way, refused; /* how we logged in, and what was refused before; AUTH_AUTO: none */
};

struct login_keeper;

/* A process that keeps the passwords, so that ours holds of them only what a login is showing to its server. */
struct remote_secrets {
	/* Makes *keeper answer for the password of this server; blocks while a command prints it, until *cancel is true. */
	int (*open)(void *context, const struct conf_remote *remote, const atomic_bool *cancel, struct login_keeper *keeper,
	    struct error *error);
	void (*close)(struct login_keeper *keeper);
	void *context;
};

struct remote_options {
	const struct conf_remote *remote;
	const char *hostname;	   /* for EHLO */
	const char *proxy;	   /* "": none, whatever the environment says */
	int64_t timeout;	   /* seconds that the server may be silent while it greets and logs us in; 0: as all of it may take */
	const atomic_bool *cancel; /* may be NULL; must outlive the remote */
	const struct remote_secrets *secrets; /* who keeps the passwords; NULL: conf_remote_password() */
	enum conf_auth *known;	   /* the way that worked the last time is tried first, and the one that works is put here; may be NULL */
	struct remote_report *report; /* filled in by remote_open(); may be NULL */
};

/* Connects and logs in; with an empty user it does not log in (SMTP only). tls = required and
 * an url with s demand a certificate that fits, from ca_file or the system's authorities; opportunistic demands one
 * only where ca_file or pin_sha256 is set. With pin_sha256 (base64 of
 * the SHA-256 of the public key, as curl has it) and no ca_file the key alone is the proof.
 * Errors, with the server's own words where it gave any: LOGIN for a refused name or password, TEMPORARY where another
 * try may help, PERMANENT for trouble with TLS, CONFIG for settings, CANCELLED. */
int remote_open(struct remote **remote, const struct remote_options *options, struct error *error);
/* Hangs up without a word; accepts NULL. */
void remote_close(struct remote *remote);
const char *remote_host(const struct remote *remote); /* "pop.example.ru:995" */
/* Of an SMTP server: its reply to EHLO as it came, all lines ended by CRLF. */
struct slice remote_hello(const struct remote *remote);

enum remote_result {
	REMOTE_OK,
	REMOTE_TIMEOUT, /* the deadline passed */
	REMOTE_CLOSED,	/* the peer is gone, orderly or not */
	REMOTE_CANCELLED,
};

/* Sends all of it, at latest until deadline (base/clock.h). */
enum remote_result remote_send(struct remote *remote, struct slice bytes, int64_t deadline);
/* Receives at least one byte and at most size. */
enum remote_result remote_recv(struct remote *remote, char *bytes, size_t size, size_t *got,
    int64_t deadline);
/* Fills the error for a result that is not REMOTE_OK and returns -1; doing: N_("waiting for a reply"). */
int remote_error(const struct remote *remote, enum remote_result result, const char *doing,
    struct error *error);

#endif
