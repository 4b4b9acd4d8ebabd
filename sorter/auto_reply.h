/*
 * Whether a message may be replied to by a program, and whom the reply goes to (RFC 3834).
 */
#ifndef LANPOST_SORTER_AUTO_REPLY_H
#define LANPOST_SORTER_AUTO_REPLY_H

#include "config/conf.h"
#include "message/addr.h"
#include "sorter/view.h"

/* Returns NULL and the address (of the envelope's sender, where the header reports it), or why there
 * must be no reply: translated, for people. recipients: that the provider noted, NULL if none; is_named: the rule itself asks for
 * whom the message is, and found it, so the address is ours though nothing else says so. */
const char *auto_reply_refusal(const struct conf *conf, const struct view *view, const struct strlist *recipients, bool is_named,
    struct addr *to);
/* An address of a user, a group, or of the account (may be NULL) itself. */
bool auto_reply_is_ours(const struct conf *conf, const struct conf_account *account, const struct addr *addr);

#endif
