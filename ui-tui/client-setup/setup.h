/*
 * The settings for a user's mail program, from the configuration, and the files that contain them.
 *
 * setup_gather() collects the settings; each writer produces one format. None of them contains a
 * password.
 */
#ifndef LANPOST_UI_TUI_SETUP_H
#define LANPOST_UI_TUI_SETUP_H

#include "base/buf.h"
#include "base/tls/tls.h"
#include "config/conf.h"

enum setup_security { SETUP_PLAIN, SETUP_STARTTLS, SETUP_TLS };

/* A port for mail programs. */
struct setup_service {
	bool is_incoming; /* POP3, else SMTP */
	int port;
	enum setup_security security; /* the best encryption of the port */
};

#define SETUP_SERVICES_MAX 3

struct setup {
	const struct conf *conf; /* borrowed, as are user and host */
	const struct conf_user *user;
	const char *host;
	char *address; /* in the office */
	struct setup_service incoming[SETUP_SERVICES_MAX], outgoing[SETUP_SERVICES_MAX]; /* the best first */
	size_t incoming_count, outgoing_count;
	bool has_password;
	bool may_log_in; /* the user has a password, or needs none */
	bool sends_with_login;
	char *certificate_path;
	struct tls_certificate certificate; /* der is NULL if not available; certificate_error says why */
	struct error certificate_error;
};

/* Never fails: unknown settings are omitted. The caller calls setup_clear(). */
void setup_gather(struct setup *setup, const struct conf *conf, const struct conf_user *user, const char *host);
void setup_clear(struct setup *setup);
/* "tls", "starttls" or "none". */
const char *setup_security_name(enum setup_security security);

/* The writers need one service for each direction. */

/* Mozilla's config-v1.1.xml, which serves every user of the domain. */
void setup_write_autoconfig(const struct setup *setup, struct buf *out);
/* Apple's configuration profile; its UUIDs stay the same, so that a new one replaces the old. */
void setup_write_apple(const struct setup *setup, struct buf *out);
/* The content of the QR code of Thunderbird for phones ("Export for Mobile", version 1): JSON. New
 * memory. */
char *setup_qr_payload(const struct setup *setup);

/* A square of dark and light modules. */
struct setup_qr {
	int width;
	unsigned char *dark; /* width * width, row by row: 1 dark, 0 light; owned */
};

/* Fails if the payload is too long for any QR code. */
int setup_qr_encode(const char *payload, struct setup_qr *qr, struct error *error);
void setup_qr_clear(struct setup_qr *qr);
/* With the quiet zone that ISO/IEC 18004 requires. */
void setup_qr_write_svg(const struct setup_qr *qr, struct buf *out);
/* Two modules per cell, black on white, with any colours of the terminal. */
void setup_qr_write_terminal(const struct setup_qr *qr, struct buf *out);

#endif
