/*
 * POP3 server (RFC 1939, 2449, 2595, 3206, 5034, 6856): the dialogue, without I/O.
 *
 * The mailbox is a snapshot behind hooks: numbers never change within a session, and only QUIT
 * removes messages.
 */
#ifndef LANPOST_LAN_SERVER_POP3D_H
#define LANPOST_LAN_SERVER_POP3D_H

#include "base/err.h"
#include "config/conf.h"

#include "lan-server/dialogue.h"
#include "lan-server/login/sasl.h"
#include "lan-server/pop3/maildrop.h"

#define POP3D_LINE_MAX 1100 /* passwords are longer than RFC 2449's 255 octets */

/* The functions of a mailbox (maildrop.h), or of a test. */
struct pop3d_hooks {
	struct maildrop *drop;
	enum maildrop_outcome (*open)(
	    struct maildrop *drop, const char *user, struct mailbox_list *list, struct error *error);
	int (*size)(struct maildrop *drop, struct mailbox_message *message);
	int (*read)(struct maildrop *drop, const struct mailbox_message *message, struct slice *bytes);
	void (*done)(struct maildrop *drop, struct slice bytes);
	bool (*is_intact)(struct maildrop *drop, struct slice bytes);
	int (*remove)(struct maildrop *drop, const char *const *uniques, size_t count, struct error *error);
	void (*close)(struct maildrop *drop); /* called once for each successful open() */
};

struct pop3d_options {
	const struct conf *conf; /* borrowed */
	bool tls;             /* encrypted from the first byte */
	bool tls_offered;     /* STLS is possible */
	bool tls_required;    /* no login without TLS */
	bool offers_apop;
	struct sasl_hooks sasl;
	struct pop3d_hooks hooks;
};

/* Creates a session; its greeting is already in the replies. Freeing it removes no messages. */
struct dialogue *pop3d_new(const struct pop3d_options *options);

#endif
