/*
 * Whether a program may reply to a message, and to which address (RFC 3834).
 */
#ifndef LANPOST_SORTER_AUTO_REPLY_H
#define LANPOST_SORTER_AUTO_REPLY_H

#include "config/conf.h"
#include "message/addr.h"
#include "sorter/message_view.h"

/* Returns NULL and the address (the envelope's sender, if the header has it), or why there must be no reply: translated,
 * for people. recipients: those that the provider noted, NULL if none; is_named: the rule itself tests the recipient and
 * has matched, so the address is ours. */
const char *auto_reply_refusal(const struct conf *conf, const struct message_view *view, const struct strlist *recipients, bool is_named,
    struct addr *to);
/* Whether this is an address of a user, a group, or the account (may be NULL) itself. */
bool auto_reply_is_ours(const struct conf *conf, const struct conf_account *account, const struct addr *addr);

#endif
