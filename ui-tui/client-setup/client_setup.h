/*
 * The settings for a user's mail program, from the configuration, and the files that contain them.
 *
 * client_setup_gather() collects the settings; each writer produces one format. None of them contains a
 * password.
 */
#ifndef LANPOST_UI_TUI_CLIENT_SETUP_H
#define LANPOST_UI_TUI_CLIENT_SETUP_H

#include "base/buf.h"
#include "base/tls/tls.h"
#include "config/conf.h"

enum client_setup_security { CLIENT_SETUP_PLAIN, CLIENT_SETUP_STARTTLS, CLIENT_SETUP_TLS };

/* A port for mail programs. */
struct client_setup_service {
	const char *protocol; /* "imap", "pop3", "smtp" */
	bool is_incoming;
	int port;
	enum client_setup_security security; /* the best encryption of the port */
};

#define CLIENT_SETUP_SERVICES_MAX 4

struct client_setup {
	const struct conf *conf; /* borrowed, as are user and host */
	const struct conf_user *user;
	const char *host;
	char *address; /* in the office */
	struct client_setup_service incoming[CLIENT_SETUP_SERVICES_MAX], outgoing[CLIENT_SETUP_SERVICES_MAX]; /* the best first */
	size_t incoming_count, outgoing_count;
	bool has_password;
	bool may_log_in; /* the user has a password, or needs none */
	bool sends_with_login;
	char *certificate_path;
	struct tls_certificate certificate; /* der is NULL if not available; certificate_error says why */
	struct error certificate_error;
};

/* Never fails: unknown settings are omitted. The caller calls client_setup_clear(). */
void client_setup_gather(struct client_setup *setup, const struct conf *conf, const struct conf_user *user, const char *host);
void client_setup_clear(struct client_setup *setup);
/* "tls", "starttls" or "none". */
const char *client_setup_security_name(enum client_setup_security security);

/* The writers need one service for each direction. */

/* Mozilla's config-v1.1.xml, which serves every user of the domain. */
void client_setup_write_autoconfig(const struct client_setup *setup, struct buf *out);
/* Apple's configuration profile; its UUIDs stay the same, so that a new one replaces the old. */
void client_setup_write_apple(const struct client_setup *setup, struct buf *out);
/* The content of the QR code of Thunderbird for phones ("Export for Mobile", version 1): JSON. New
 * memory. */
char *client_setup_qr_payload(const struct client_setup *setup);

#endif
