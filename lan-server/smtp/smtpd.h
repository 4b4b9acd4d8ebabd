/*
 * SMTP as a server (RFC 5321, submission RFC 6409), the dialogue without any I/O.
 *
 * The caller feeds lines and message bytes; replies gather in a buffer and an effect says what to
 * do next. Logins, room on disk and acceptance come through hooks, routing is a pure decision over
 * the configuration. So unit tests, fuzzers and session threads drive the same code. What we accept
 * beyond the standards is listed in docs/tolerated.md.
 */
#ifndef LANPOST_LAN_SERVER_SMTPD_H
#define LANPOST_LAN_SERVER_SMTPD_H

#include "config/conf.h"
#include "spool/body.h"
#include "spool/envelope.h"

#include "lan-server/smtp/daily.h"
#include "lan-server/login/sasl.h"

#define SMTPD_LINE_MAX 12288   /* RFC 4954 section 4: responses of AUTH */
#define SMTPD_COMMAND_MAX 2048 /* any other command line */
#define SMTPD_RECIPIENTS_MAX 1000
#define SMTPD_RECEIVED_MAX 50
#define SMTPD_HEADER_MAX (1u << 20)

enum smtpd_effect {
	SMTPD_CONTINUE,  /* read the next line */
	SMTPD_WANT_DATA, /* feed message bytes to smtpd_data() */
	SMTPD_START_TLS, /* send the replies, shake hands, call smtpd_tls_started() */
	SMTPD_CLOSE,     /* send the replies and close */
};

struct smtpd_hooks {
	void *context;
	/* True if the spool has room for this many more bytes. */
	bool (*has_room)(void *context, uint64_t bytes);
	/* Makes the message durable; takes *envelope and *body over (empty afterwards in either
	 * case). */
	int (*accept)(
	    void *context, struct envelope *envelope, struct body *body, struct error *error);
	/* Asked for only where there is such a limit: bytes in a mailbox, and what a user has sent today, counting `more`
	 * first (may be NULL). */
	uint64_t (*mailbox_bytes)(void *context, const char *user);
	struct daily_total (*sent_today)(void *context, const char *user, const struct daily_total *more);
};

struct smtpd_options {
	const struct conf *conf; /* all borrowed, must outlive the session */
	const struct spool *spool; /* for bodies that are too large for the memory */
	const char *session;     /* id for envelopes and logs */
	struct in6_addr client;
	unsigned guesses; /* unknown names that were asked for from there lately */
	bool tls;         /* encrypted from the first byte */
	bool tls_offered; /* STARTTLS can be done */
	bool tls_required; /* nothing that matters goes on without it */
	/* enum sasl_mechanisms that are offered, with and without TLS; context is sasl's. */
	unsigned (*mechanisms)(void *context, bool tls);
	struct sasl_hooks sasl;
	struct smtpd_hooks hooks;
};

struct smtpd;

/* A session; its greeting is among the replies already. */
struct smtpd *smtpd_new(const struct smtpd_options *options);
void smtpd_free(struct smtpd *smtpd);
/* Replies not yet taken; the caller sends them and empties the buffer with buf_reset(). */
struct buf *smtpd_replies(struct smtpd *smtpd);
/* True between MAIL and the end of its transaction. */
bool smtpd_in_transaction(const struct smtpd *smtpd);

/* The user who is logged in, NULL for none; owned by the configuration. */
const char *smtpd_user(const struct smtpd *smtpd);
/* Grows whenever the client has done what it is here for: a login, a recipient or a message that was accepted. */
uint64_t smtpd_progress(const struct smtpd *smtpd);
/* How many unknown names were asked for in this session. */
unsigned smtpd_unknown_names(const struct smtpd *smtpd);
/* How long the replies must wait before they are sent: errors are answered late. Asked for once per command. */
int64_t smtpd_delay_ms(struct smtpd *smtpd);

/* True once a recipient of a message was accepted, until the message is. */
bool smtpd_has_recipients(const struct smtpd *smtpd);

/* One line without its end. */
enum smtpd_effect smtpd_line(struct smtpd *smtpd, struct slice line);
/* The line was longer than SMTPD_LINE_MAX. */
enum smtpd_effect smtpd_line_too_long(struct smtpd *smtpd);
/* Message bytes, of DATA or of a BDAT chunk (RFC 3030); *bytes moves past what was taken. Returns WANT_DATA until
 * the end of data or of the chunk. */
enum smtpd_effect smtpd_data(struct smtpd *smtpd, struct slice *bytes);
/* TLS is up: all that was said before it is forgotten (RFC 3207 section 4.2). */
void smtpd_tls_started(struct smtpd *smtpd);
/* Last words before the caller closes. */
void smtpd_timed_out(struct smtpd *smtpd);
void smtpd_evicted(struct smtpd *smtpd); /* others need the place */
void smtpd_stopping(struct smtpd *smtpd);

#endif
