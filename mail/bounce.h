/*
 * Messages that report to a sender the fate of theirs: delivery status notifications (RFC 3464), of failure and delay to
 * everybody, of success to those who ask (RFC 3461).
 *
 * A text for people in the reader's language on top, the machine's part and the original below, whole up to bounce_size. From the null sender; what becomes of a
 * bounce, or of any message without a sender, ends in postmaster's mailbox and follows no forward; nobody outside gets a report.
 */
#ifndef LANPOST_MAIL_BOUNCE_H
#define LANPOST_MAIL_BOUNCE_H

#include "config/conf.h"
#include "spool/body.h"
#include "spool/envelope.h"
#include "spool/log/intake.h"

enum bounce_kind {
	BOUNCE_FAILED,	/* it will not arrive: to the sender, and to postmaster as bounce_copies says */
	BOUNCE_DELAYED, /* it is still being tried: to the sender alone */
	BOUNCE_RELAYED, /* a smarthost has it that will tell nothing more: as above */
	BOUNCE_DELIVERED, /* it is in a mailbox of ours: as above */
};

/* Whether a message, as its header has it, reports what became of another, the one that wrote it: it never leaves with a sender to whom
 * it could come back. */
bool bounce_is_one(struct slice message);

/* Whether the sender wants to hear that of this recipient. */
bool bounce_is_wanted(enum bounce_kind kind, const struct place *place);

/* What there is to tell. */
struct bounce_about {
	const struct spool *spool; /* that the bounces are for */
	enum bounce_kind kind;
	const struct envelope *original;
	const struct place *const *places; /* the recipients it is about, with the reply of each in place->reply */
	size_t count;
	struct slice message; /* the original; may be its header alone */
	const char *session;
};

/* One message for the sender, one in other words for postmaster: those of them that are wanted. */
#define BOUNCES_MAX 2
struct bounces {
	struct bounce {
		struct envelope envelope;
		struct body body;
	} items[BOUNCES_MAX]; /* the sender's last */
	size_t count;	      /* 0: there is nobody to tell */
};

/* Makes them, each in the language of its reader, ready for the intake. On success the caller owns what is in *bounces
 * (bounces_clear, or each handed over to the intake); on failure nothing is in it. */
int bounces_make(const struct conf *conf, const struct bounce_about *about, struct bounces *bounces, struct error *error);
void bounces_clear(struct bounces *bounces);
/* Hands them over to the intake, the facts (there may be facts alone) with the last of them. Nothing is left in *bounces. */
int bounces_accept(struct intake *intake, struct bounces *bounces, const struct fact *facts, size_t fact_count,
    struct error *error);

/* The same for those of a message just taken in who have it in their mailboxes. False if nobody asked, or none is wanted. */
bool bounce_make_delivered(const struct conf *conf, const struct spool *spool, const struct envelope *original, struct slice message,
    struct envelope *notice, struct body *body);

#endif
