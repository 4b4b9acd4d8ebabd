/* Declarations that the connection and the login share. */
#ifndef LANPOST_UPSTREAM_REMOTE_PRIV_H
#define LANPOST_UPSTREAM_REMOTE_PRIV_H

#include "base/buf.h"
#include "upstream/login.h"
#include "upstream/remote.h"

#include <curl/curl.h>

#define REMOTE_LOGIN_MS 90000 /* until the login is done: servers delay greetings and refusals */

struct remote {
	CURL *curl;
	char *host;
	const atomic_bool *cancel;
	char tls[32];		     /* its version, "" for none */
	char words[LOGIN_WORDS_MAX]; /* the server's last reply during libcurl's part, printable */
	char curl_text[CURL_ERROR_SIZE];
	int64_t started;
	int64_t reply_ms; /* the server may be silent for this long before the login is done; 0: REMOTE_LOGIN_MS in total */
	enum login_protocol protocol;
	struct buf greeting; /* its first line */
	struct buf heard;    /* the reply to libcurl's last command, its lines with CRLF: CAPA, CAPABILITY, EHLO */
	struct buf rest;     /* bytes after the last reply to the login */
	struct buf capabilities; /* of an IMAP server, by the last reply to the login */
	struct deflate *deflate; /* NULL: not compressed */
	struct buf out;	     /* compressed bytes to send */
	struct remote_bytes moved;
	struct remote_wire *wire; /* NULL: not counted */
	curl_socket_t counted_fd; /* the socket whose bytes are counted as far as `counted` */
	uint64_t counted_received, counted_sent;
	int64_t connect_ms;  /* until TCP is up */
	bool is_secure;	     /* TLS from the first byte */
	bool is_verified;    /* with TLS the server is verified */
	bool cannot_connect; /* the TCP connect timed out */
	bool has_web_proxy;  /* its replies come before the server's */
	bool is_web_server;  /* by its greeting */
};

enum remote_login {
	REMOTE_LOGGED_IN,
	REMOTE_LOGIN_AGAIN,  /* the server has disconnected and another method is left: connect again and call again */
	REMOTE_LOGIN_FAILED, /* with an error as for remote_open() */
};

bool remote_is_cancelled(const struct remote *remote);
/* What TCP has moved over the socket; false: not known. */
bool remote_socket_bytes(curl_socket_t socket, struct remote_bytes *bytes);
/* Adds the last bytes of a socket that is about to be closed. */
void remote_count_end(struct remote *remote, curl_socket_t socket);
/* Fills the error for a connection attempt that ended with this code, and returns -1. */
int remote_connect_failed(const struct remote *remote, CURLcode code, struct error *error);
/* How far the connection came, before the login. */
void remote_fill_report(const struct remote *remote, CURLcode code, struct remote_report *report);
/* Logs in over the connection. */
enum remote_login remote_log_in(struct remote *remote, struct login *login, struct error *error);

#endif
