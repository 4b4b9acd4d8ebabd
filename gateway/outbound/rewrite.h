/*
 * How a message looks outside: LAN addresses in its header become external ones.
 *
 * Only the addresses themselves are replaced; display names, encoded words, folding and everything else stay
 * byte for byte. The message in the queue is not touched: rewriting happens while it is sent, so people inside never
 * see the external form.
 */
#ifndef LANPOST_GATEWAY_REWRITE_H
#define LANPOST_GATEWAY_REWRITE_H

#include "base/buf.h"
#include "config/conf.h"

struct rewrite {
	const struct conf *conf;
	const char *sender; /* of the envelope, as it leaves: represents an author of ours who has no address outside; "": none */
	bool is_foreign;    /* it came from outside and is sent on: whom it names in From is its own affair, and no address of ours is put there */
	bool to_ascii;	    /* domains beyond ASCII become A-labels, in To and Cc, too */
};

/* Appends the header section of the message, with the empty line that ends it, as it should leave: From, Sender, Reply-To,
 * Disposition-Notification-To and their like rewritten, Bcc removed. *length gets how many bytes of the message that
 * represents: the body follows there. out must have room for twice the header. Returns false if an address of ours is there
 * that must not leave and nothing can represent it. */
bool rewrite_header(const struct rewrite *rewrite, struct slice message, struct buf *out, size_t *length);

#endif
