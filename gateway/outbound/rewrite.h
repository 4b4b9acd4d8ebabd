/*
 * Rewrites an outgoing message: LAN addresses in its header become external ones.
 *
 * Only the addresses themselves are replaced; display names, encoded words, folding and everything else stay the
 * same, byte for byte. The message in the queue is not changed: it is rewritten while it is sent, so local users
 * never see the external form.
 */
#ifndef LANPOST_GATEWAY_REWRITE_H
#define LANPOST_GATEWAY_REWRITE_H

#include "base/buf.h"
#include "config/conf.h"

struct rewrite {
	const struct conf *conf;
	const char *sender; /* of the envelope, in external form: replaces a local author without an external address; "": none */
	bool is_foreign;    /* an external message that is sent on: its From is not changed to an address of ours */
	bool to_ascii;	    /* non-ASCII domains become A-labels, also in To and Cc */
};

/* Appends the header section of the message, with the empty line that ends it, in external form: From, Sender, Reply-To,
 * Disposition-Notification-To and similar fields rewritten, Bcc removed. *length gets the number of bytes of the message
 * that it replaces: the body follows there. out must have room for twice the header. Returns false if there is a local
 * address that must not leave and cannot be replaced. */
bool rewrite_header(const struct rewrite *rewrite, struct slice message, struct buf *out, size_t *length);

#endif
