/*
 * For whom a message in a catch-all mailbox is: what the provider noted of its envelope.
 *
 * To and Cc do not say it: who gets a message as Bcc or through a list is not named there, and a message to two of us is
 * there twice.
 */
#ifndef LANPOST_MAIL_MULTIDROP_H
#define LANPOST_MAIL_MULTIDROP_H

#include "config/conf.h"

#define MULTIDROP_AUTO "auto"

/* Adds the recipients of this message, as addresses, to *recipients; none if it does not tell, or account is NULL. In the field that the account
 * names everybody counts, and its prefix is cut off. With auto the fields that providers use are looked through, then
 * the `for` of the topmost Received lines; the first that names somebody of ours counts, since a provider
 * notes its own mailbox there, too. */
void multidrop_recipients(const struct conf *conf, const struct conf_account *account,
    struct slice message, struct strlist *recipients);

#endif
