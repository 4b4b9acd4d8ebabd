/*
 * Friends and foes: the senders of [senders]. A sender is known by its address in the envelope, as the provider noted it, and by the author in From.
 */
#ifndef LANPOST_MAIL_FILTER_SENDERS_H
#define LANPOST_MAIL_FILTER_SENDERS_H

#include "config/conf.h"

enum filter_sender {
	SENDER_UNKNOWN,
	SENDER_ALLOWED, /* is never spam */
	SENDER_DENIED,	/* is spam */
};

/* Both addresses must be allowed, since From alone may be forged; one that is denied is enough. */
enum filter_sender filter_senders_find(const struct conf *conf, struct slice message);

#endif
