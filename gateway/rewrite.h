/*
 * How a letter looks outside: LAN addresses in its header become external ones.
 *
 * Only the addresses themselves are replaced; display names, encoded words, folding and everything else stay
 * byte for byte. The message in the queue is not touched: rewriting happens while it is sent, so people inside never
 * see the external form.
 */
#ifndef LANPOST_GATEWAY_REWRITE_H
#define LANPOST_GATEWAY_REWRITE_H

#include "base/buf.h"
#include "config/conf.h"

/* Appends the header section of the message, with the empty line that ends it, as it should leave: From, Sender, Reply-To,
 * Disposition-Notification-To and their like rewritten, Bcc removed. Returns how many bytes of the message that
 * stands for: the body follows there. out must have room for twice the header. */
size_t rewrite_header(const struct conf *conf, struct slice message, struct buf *out);

#endif
