/*
 * Friends and foes: the sender of a fetched message as the owner of a mailbox sees them.
 *
 * A sender is known by the address in the envelope, as the provider noted it, and by the author in From. The first of these that knows the sender
 * decides: `deny` of the user, `allow` of the user, [senders] deny, [senders] allow, and whom the user has written to (friends.h).
 *
 * From alone may be forged. A list that allows needs both addresses, if both are known. An address that was written to must be both, and neither SPF, DKIM nor
 * DMARC may say that the message is forged: nobody has confirmed these addresses, as the admin has those of a list.
 */
#ifndef LANPOST_MAIL_FILTER_SENDERS_H
#define LANPOST_MAIL_FILTER_SENDERS_H

#include "config/conf.h"
#include "message/addr.h"
#include "message/scan/scan_verdict.h"
#include "spool/storage/storage.h"

enum filter_sender {
	SENDER_UNKNOWN,
	SENDER_ALLOWED, /* is never spam */
	SENDER_DENIED,	/* is spam */
};

/* The sender of one message. */
struct filter_senders {
	const struct conf *conf;
	struct state *state;
	char sender[ADDR_TEXT_MAX], author[ADDR_TEXT_MAX]; /* of the envelope, and of From; "": not known */
	bool is_forged; /* by the verdict; or it may be */
};

/* conf and state are borrowed. state: NULL: it is not known who was written to. */
void filter_senders_read(struct filter_senders *senders, const struct conf *conf, struct state *state, struct slice message,
    const struct scan_verdict *verdict);
/* mailbox: a place of the message: "ivan", "ivan/Invoices". why receives a phrase, unless the sender is unknown. */
enum filter_sender filter_senders_judge(const struct filter_senders *senders, const char *mailbox, char why[PHRASE_MAX]);
/* Whether mail that no scanner looks at may be denied. */
bool filter_senders_deny_any(const struct conf *conf);

#endif
