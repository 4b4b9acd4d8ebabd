/*
 * The LAN server: SMTP, POP3 and IMAP for the mail programs of the office, one thread per client.
 *
 * The caller (the LAN process) opens state and intake, passes listening sockets, and runs the
 * accept loop in its main thread:
 *
 *	lan_server_new(&server, &options, &error) -> lan_server_run(server) -> lan_server_free(server)
 *
 * Clients that the IP filter or a limit refuses get one line and no thread. A session keeps the
 * configuration of its start. SIGPIPE must be ignored in the process; new() does that.
 */
#ifndef LANPOST_LAN_SERVER_LAN_SERVER_H
#define LANPOST_LAN_SERVER_LAN_SERVER_H

#include "config/conf.h"
#include "spool/storage/storage.h"

#include "lan-server/server/lan_kind.h"

struct lan_listener {
	int fd; /* non-blocking (net_listen); remains the caller's */
	enum lan_kind kind;
};

struct lan_server_options {
	const struct lan_listener *listeners; /* copied */
	size_t listener_count;
	struct conf *conf;     /* lan_server_new() takes ownership, also on failure */
	const struct spool *spool; /* all of it is open; borrowed, must outlive the server */
	int stop_fd;           /* readable: stop; the server does not read it */
	/* Readable: call reload(), which reads it and returns a new configuration, or NULL to keep
	 * the old one. -1: never. */
	int reload_fd;
	struct conf *(*reload)(void *context);
	/* With `fetch_on_login`: a user has logged in by POP3 or IMAP. Called by any thread, which it must not keep waiting. */
	void (*logged_in)(void *context, const char *user);
	void *context;
	int auth_fd;           /* to the process with the verifiers (auth.h); remains the caller's */
	int filter_fd;	       /* to the process that asks the scanners (mail/filter/filter_ask.h); remains the caller's */
	int64_t login_delay_ms; /* after a failed login; 0: 1000; below 0: none (tests) */
};

struct lan_server;

/* Loads the certificate (lan-server/login/certificate.h). */
int lan_server_new(
    struct lan_server **server, const struct lan_server_options *options, struct error *error);
/* Serves until stop_fd is readable, then gives commands and messages in progress some seconds to
 * end. Returns when no session is left. */
void lan_server_run(struct lan_server *server);
void lan_server_free(struct lan_server *server);

#endif
