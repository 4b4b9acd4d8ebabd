/*
 * What the filter does with a fetched message now: by the verdict that is stored with it, its sender, and [filter]. For dry runs.
 */
#ifndef LANPOST_MAIL_FILTER_PREVIEW_H
#define LANPOST_MAIL_FILTER_PREVIEW_H

#include "mail/filter/filter_senders.h"
#include "spool/envelope.h"

/* A mailbox for which the filter matters. */
struct filter_opinion {
	char *mailbox; /* where the message goes now: "ivan", "ivan/Junk", or the quarantine */
	enum filter_sender sender; /* as the owner sees them */
	char *why; /* a phrase: how the sender is known, or why the message goes there */
};

struct filter_preview {
	struct filter_opinion *items;
	size_t count;
};

/* Applies [filter] to the places that the rules have put into the envelope. message: a message of our own storage, or one without a verdict. state: NULL:
 * it is not known who was written to. *preview need not be initialised. */
void filter_preview_make(const struct conf *conf, struct state *state, struct slice message, struct envelope *envelope, struct filter_preview *preview);
void filter_preview_clear(struct filter_preview *preview);

#endif
