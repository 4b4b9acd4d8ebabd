/*
 * The archive for expired mail that must be kept: one Maildir folder per month, or one mbox file.
 */
#ifndef LANPOST_SPOOL_MAIL_ARCHIVE_H
#define LANPOST_SPOOL_MAIL_ARCHIVE_H

#include "spool/storage/mailbox.h"

/* Copies the message, by a hard link if possible, to `<spool>/archive/<user>/<year>-<month>/cur/`. An existing file of its
 * name is the same message. Durable only after mail_archive_sync(). */
int mail_archive_keep(const struct spool *spool, const char *user, const struct mailbox_message *message, struct error *error);
int mail_archive_sync(const struct spool *spool, struct error *error);

/* Appends the message to an open mbox file (mboxrd: ">From " quoting is reversible). */
int mail_archive_append(int fd, const char *path, const struct spool *spool, const char *user, const struct mailbox_message *message,
    struct error *error);

#endif
