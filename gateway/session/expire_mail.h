/*
 * Removal of old mail at the end of a session: `expire` and `expire_folders` of users and shared mailboxes, `expire` of the
 * quarantine.
 */
#ifndef LANPOST_GATEWAY_EXPIRE_MAIL_H
#define LANPOST_GATEWAY_EXPIRE_MAIL_H

#include "config/conf.h"
#include "spool/spool.h"

/* What cannot be removed is logged, and stays. The caller makes sure that the clock can be trusted. */
void expire_mail(const struct conf *conf, const struct spool *spool);

#endif
