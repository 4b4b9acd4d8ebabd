/*
 * POP3 as a server (RFC 1939, 2449, 2595, 3206, 5034, 6856), the dialogue without any I/O.
 *
 * The caller feeds lines; replies gather in a buffer and an effect says what to do next. The
 * mailbox is a snapshot behind hooks: numbers never shift within a session, and nothing is removed
 * but by QUIT.
 */
#ifndef LANPOST_LAN_SERVER_POP3D_H
#define LANPOST_LAN_SERVER_POP3D_H

#include "base/buf.h"
#include "base/err.h"
#include "spool/mailbox/maildir.h"

#include "lan-server/login/sasl.h"
#include "lan-server/pop3/maildrop.h"

#define POP3D_LINE_MAX 1100 /* passwords are longer than RFC 2449's 255 octets */

enum pop3d_effect {
	POP3D_CONTINUE,  /* read the next line */
	POP3D_SEND,      /* send the replies, then call pop3d_send() for more */
	POP3D_START_TLS, /* send the replies, shake hands, call pop3d_tls_started() */
	POP3D_CLOSE,     /* send the replies and close */
	POP3D_BREAK,     /* close at once: what was sent of a message is not it, and must not look whole */
};

struct pop3d_hooks {
	void *context;
	/* Locks the mailbox and lists it. */
	enum maildrop_outcome (*open)(void *context, const char *user, struct maildir_list *list, struct error *error);
	/* Finds a size not known yet. -1: the message is gone. */
	int (*size)(void *context, struct maildir_message *message);
	/* The bytes of a message, valid until done_reading(). -1: it is gone. */
	int (*read)(void *context, const struct maildir_message *message, struct slice *bytes);
	void (*done_reading)(void *context, struct slice bytes);
	/* Whether what was read of those bytes is the message. */
	bool (*is_intact)(void *context, struct slice bytes);
	/* Takes messages out of the mailbox permanently. */
	int (*remove)(void *context, const char *const *uniques, size_t count, struct error *error);
	/* Days after which messages are removed, -1: never. user NULL: the least of all users. */
	int64_t (*expire_days)(void *context, const char *user);
	/* Unlocks the mailbox; called once for each open() that did. */
	void (*close)(void *context);
};

struct pop3d_options {
	const char *hostname; /* borrowed */
	bool tls;             /* encrypted from the first byte */
	bool tls_offered;     /* STLS can be done */
	bool tls_required;    /* no login without it */
	bool offers_apop;
	int64_t login_delay;  /* seconds, for CAPA; 0: none */
	/* enum sasl_mechanisms that are offered, with and without TLS; context is sasl's. */
	unsigned (*mechanisms)(void *context, bool tls);
	struct sasl_hooks sasl;
	struct pop3d_hooks hooks;
};

struct pop3d;

struct pop3d *pop3d_new(const struct pop3d_options *options);
/* Ends the session without removing anything. */
void pop3d_free(struct pop3d *pop3d);
/* Replies not yet taken; the caller sends them and empties the buffer with buf_reset(). */
struct buf *pop3d_replies(struct pop3d *pop3d);
/* Who is logged in, NULL if nobody. */
const char *pop3d_user(const struct pop3d *pop3d);

/* Grows whenever the client has done what it is here for: a login, a message that was read or marked. */
uint64_t pop3d_progress(const struct pop3d *pop3d);
/* How long the replies must wait before they are sent: errors are answered late. Asked for once per command. */
int64_t pop3d_delay_ms(struct pop3d *pop3d);

/* One line without its end. */
enum pop3d_effect pop3d_line(struct pop3d *pop3d, struct slice line);
enum pop3d_effect pop3d_line_too_long(struct pop3d *pop3d);
/* Appends the next piece of a message to the replies; SEND while there is more. */
enum pop3d_effect pop3d_send(struct pop3d *pop3d);
void pop3d_tls_started(struct pop3d *pop3d);
/* Last words before the caller closes. */
void pop3d_timed_out(struct pop3d *pop3d);
void pop3d_evicted(struct pop3d *pop3d); /* others need the place */
void pop3d_stopping(struct pop3d *pop3d);

#endif
