/*
 * SMTP server (RFC 5321, submission RFC 6409): the dialogue, without I/O.
 *
 * Hooks provide logins, disk space and acceptance; routing is a pure decision from the configuration. docs/tolerated.md
 * lists deviations from the standards that are accepted.
 */
#ifndef LANPOST_LAN_SERVER_SMTPD_H
#define LANPOST_LAN_SERVER_SMTPD_H

#include "config/conf.h"
#include "message/scan/scan_verdict.h"
#include "spool/body.h"
#include "spool/envelope.h"

#include "lan-server/smtp/send_quota.h"
#include "lan-server/dialogue.h"
#include "lan-server/login/sasl.h"

#define SMTPD_LINE_MAX 12288   /* RFC 4954 section 4: responses of AUTH */
#define SMTPD_COMMAND_MAX 2048 /* any other command line */
#define SMTPD_RECIPIENTS_MAX 1000
#define SMTPD_RECEIVED_MAX 50
#define SMTPD_HEADER_MAX (1u << 20)

struct smtpd_hooks {
	void *context;
	/* True if the spool has space for this many more bytes. */
	bool (*has_room)(void *context, uint64_t bytes);
	/* Makes the message durable; takes ownership of *envelope and *body (always empty
	 * afterwards). */
	int (*accept)(
	    void *context, struct envelope *envelope, struct body *body, struct error *error);
	/* Called only if there is such a limit: bytes in a mailbox, the messages that a user has sent today; and to count
	 * one more message. */
	uint64_t (*mailbox_bytes)(void *context, const char *user);
	struct send_quota_total (*sent_today)(void *context, const char *user);
	void (*count_sent)(void *context, const char *user, uint64_t bytes);
	/* Notes whom the sender of a message with this envelope, which is about to be accepted, has written to. NULL: nobody wants to know. */
	void (*befriend)(void *context, const struct envelope *envelope);
	/* What the scanners say of a finished message with its envelope, on its way to these: CONF_LOCAL, CONF_OUTGOING. Blocks.
	 * NULL: there are no scanners. */
	void (*scan)(void *context, unsigned sources, const struct envelope *envelope, struct body *body, struct scan_verdict *verdict);
};

struct smtpd_options {
	const struct conf *conf; /* all borrowed, must outlive the session */
	const struct spool *spool; /* for bodies too large for memory */
	const char *session;     /* id for envelopes and logs */
	struct in6_addr client;
	unsigned guesses; /* recent unknown names from the same address */
	bool tls;         /* encrypted from the first byte */
	bool tls_offered; /* STARTTLS is possible */
	bool tls_required; /* required before any transaction */
	struct sasl_hooks sasl;
	struct smtpd_hooks hooks;
};

/* Creates a session; its greeting is already in the replies. */
struct dialogue *smtpd_new(const struct smtpd_options *options);

#endif
