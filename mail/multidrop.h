/*
 * The recipients of a message in a catch-all mailbox: the envelope that the provider noted.
 *
 * To and Cc are not sufficient: recipients in Bcc or through a list are not in them, and a message to two local users
 * is there twice.
 */
#ifndef LANPOST_MAIL_MULTIDROP_H
#define LANPOST_MAIL_MULTIDROP_H

#include "config/conf.h"

#define MULTIDROP_AUTO "auto"

/* Appends the recipients of this message, as addresses, to *recipients; none if it does not contain them, or account is
 * NULL. In the field that the account names, every address counts, and its prefix is removed. With auto, the fields that
 * providers use are checked, then the `for` of the topmost Received lines; the first one with a local user counts, since a
 * provider may also note its own mailbox there. */
void multidrop_recipients(const struct conf *conf, const struct conf_account *account,
    struct slice message, struct strlist *recipients);

#endif
