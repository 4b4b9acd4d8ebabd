/*
 * Whether a message may be replied to by a program, and whom the reply goes to (RFC 3834).
 */
#ifndef LANPOST_SORTER_AUTO_REPLY_H
#define LANPOST_SORTER_AUTO_REPLY_H

#include "config/conf.h"
#include "mail/addr.h"
#include "sorter/view.h"

/* Returns NULL and the address (of the envelope's sender, where the header tells it), or why there
 * must be no reply: translated, for people. */
const char *auto_reply_refusal(const struct conf *conf, const struct view *view, struct addr *to);

#endif
