/*
 * Delivery status notifications (RFC 3464): messages that report the fate of a message to its sender; failure and delay
 * always, success on request (RFC 3461).
 *
 * They contain a text in the reader's language, the part for programs, and the original, whole up to bounce_size. The
 * sender is null. Reports about a bounce, or about any message without a sender, go to postmaster's mailbox and follow no
 * forward; external senders get no report.
 */
#ifndef LANPOST_MAIL_BOUNCE_H
#define LANPOST_MAIL_BOUNCE_H

#include "config/conf.h"
#include "spool/body.h"
#include "spool/envelope.h"
#include "spool/storage/storage.h"

enum bounce_kind {
	BOUNCE_FAILED,	/* delivery failed: to the sender, and to postmaster according to bounce_copies */
	BOUNCE_DELAYED, /* delivery is retried: to the sender only */
	BOUNCE_RELAYED, /* relayed to a smarthost that sends no notifications: as above */
	BOUNCE_DELIVERED, /* delivered to a local mailbox: as above */
};

/* Whether a message, by its header, is a report about another message: it never leaves with a sender to which it could be
 * returned. */
bool bounce_is_one(struct slice message);

/* Whether the sender wants this notification for this recipient. */
bool bounce_is_wanted(enum bounce_kind kind, const struct place *place);

/* The content of a report. */
struct bounce_about {
	const struct spool *spool; /* the message that the bounces are for */
	enum bounce_kind kind;
	const struct envelope *original;
	const struct place *const *places; /* its recipients, with the reply of each in place->reply */
	size_t count;
	struct slice message; /* the original; may be only its header */
	const char *session;
};

/* One message for the sender, one with a different text for postmaster: those that are wanted. */
#define BOUNCES_MAX 2
struct bounces {
	struct bounce {
		struct envelope envelope;
		struct body body;
	} items[BOUNCES_MAX]; /* the sender's last */
	size_t count;	      /* 0: no recipient */
};

/* Creates the reports, each in the language of its reader, ready for the intake. On success the caller owns
 * *bounces (bounce_clear_all(), or each handed over to the intake); on failure it is empty. */
int bounce_make_all(const struct conf *conf, const struct bounce_about *about, struct bounces *bounces, struct error *error);
void bounce_clear_all(struct bounces *bounces);
/* Hands the reports over to the intake, the facts (perhaps only facts) with the last of them. Empties *bounces. */
int bounce_accept_all(struct intake *intake, struct bounces *bounces, const struct fact *facts, size_t fact_count,
    struct error *error);

/* The same for the local deliveries of a message that was just accepted. Returns false if no notification is wanted. */
bool bounce_make_delivered(const struct conf *conf, const struct spool *spool, const struct envelope *original, struct slice message,
    struct envelope *notice, struct body *body);

#endif
