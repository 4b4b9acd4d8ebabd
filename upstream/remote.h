/*
 * A connection to an external server, including the login: POP3, IMAP and SMTP, plain or TLS, through a proxy.
 *
 * libcurl connects, checks the certificate and requests the server's capabilities (CURLOPT_CONNECT_ONLY), upstream/login
 * logs in; then the caller does the dialogue. Every wait has an absolute deadline and ends when the caller is cancelled.
 * Neither the log nor an error text contains a password.
 */
#ifndef LANPOST_UPSTREAM_REMOTE_H
#define LANPOST_UPSTREAM_REMOTE_H

#include "config/conf_remote.h"

#include <stdatomic.h>

struct remote;

/* The step that was reached, or that failed. */
enum remote_step { REMOTE_NAME, REMOTE_CONNECT, REMOTE_TLS, REMOTE_LOGIN, REMOTE_READY };

struct remote_report {
	enum remote_step step;
	char address[64]; /* of the server or the proxy; "" if none exists */
	char tls[32];	  /* "TLSv1.3"; "" for a line in the clear */
	enum conf_auth way, refused; /* the method of the login, and the one refused before; AUTH_AUTO: none */
};

struct login_keeper;

/* A process that keeps the passwords, so that this process has only what a login sends to its server. */
struct remote_secrets {
	/* Sets *keeper for the password of this server; blocks while a command prints it, until *cancel is true. */
	int (*open)(void *context, const struct conf_remote *remote, const atomic_bool *cancel, struct login_keeper *keeper,
	    struct error *error);
	/* was_refused: the server does not accept what it was given. */
	void (*close)(struct login_keeper *keeper, bool was_refused);
	void *context;
};

/* Bytes on the line as TCP counts them: TLS, the login and failed attempts included, the packets' own headers not. */
struct remote_wire {
	atomic_ullong received, sent;
};

struct remote_bytes {
	uint64_t received, sent;
};

struct remote_options {
	const struct conf_remote *remote;
	const char *hostname;	   /* for EHLO */
	const char *proxy;	   /* "": none, independent of the environment */
	int64_t timeout;	   /* seconds that the server may be silent until the login is done; 0: only the total limit */
	const atomic_bool *cancel; /* may be NULL; must outlive the remote */
	const struct remote_secrets *secrets; /* the keeper of the passwords; NULL: conf_remote_password() */
	const char *secret; /* the password or token, if the caller has it; NULL: see above */
	enum conf_auth *known;	   /* the method that worked last time is tried first, and the one that works is stored here;
	 * may be NULL */
	struct remote_wire *wire; /* what its connections cost is added while they are used, and when they end; may be NULL; must outlive the remote */
	struct remote_report *report; /* filled in by remote_open(); may be NULL */
};

/* Connects and logs in; with an empty user it does not log in (SMTP only). tls = required and a URL with s require
 * a valid certificate, from ca_file or the system's authorities; opportunistic requires one only if ca_file or
 * pin_sha256 is set. With pin_sha256 (base64 of the SHA-256 of the public key, as in curl) and without ca_file only
 * the key is checked. Errors, with the server's reply if there is one: LOGIN for a refused name or password,
 * TEMPORARY if a retry may help, PERMANENT for TLS problems, CONFIG for settings, CANCELLED. */
int remote_open(struct remote **remote, const struct remote_options *options, struct error *error);
/* Closes the connection without QUIT; accepts NULL. */
void remote_close(struct remote *remote);
const char *remote_host(const struct remote *remote); /* "pop.example.ru:995" */
/* For an SMTP server: its unchanged reply to EHLO, all lines ended by CRLF. */
struct slice remote_hello(const struct remote *remote);

/* The capabilities that an IMAP server has named at the end of the login, blank between them; empty if it has not. */
struct slice remote_capabilities(const struct remote *remote);

enum remote_result {
	REMOTE_OK,
	REMOTE_TIMEOUT, /* the deadline passed */
	REMOTE_CLOSED,	/* the peer has closed the connection, or it broke */
	REMOTE_GARBLED, /* what has come cannot be expanded (remote_start_deflate()) */
	REMOTE_CANCELLED,
};

/* Sends all bytes, until deadline (base/clock.h) at the latest. */
enum remote_result remote_send(struct remote *remote, struct slice bytes, int64_t deadline);
/* Receives at least one byte and at most size. */
enum remote_result remote_recv(struct remote *remote, char *bytes, size_t size, size_t *got,
    int64_t deadline);
/* How many bytes remote_recv() and remote_send() have moved, before they are expanded and after they are compressed; without TLS's own. */
struct remote_bytes remote_moved(const struct remote *remote);
/* From now on both directions are compressed (RFC 4978). input: what was received after the server's reply. */
void remote_start_deflate(struct remote *remote, struct slice input);
/* Fills the error for a result that is not REMOTE_OK and returns -1; doing: N_("waiting for a reply"). */
int remote_error(const struct remote *remote, enum remote_result result, const char *doing,
    struct error *error);

#endif
