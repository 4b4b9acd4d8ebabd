/*
 * Where mail goes that leaves a mailbox by age but is to be kept: a Maildir folder a month, or one mbox file.
 */
#ifndef LANPOST_SPOOL_MAIL_ARCHIVE_H
#define LANPOST_SPOOL_MAIL_ARCHIVE_H

#include "spool/mailbox/maildir.h"

/* Keeps the message, by a hard link where that can be, in `<spool>/archive/<user>/<year>-<month>/cur/`. What is there already under
 * its name is the same message. Durable only after mail_archive_sync(). */
int mail_archive_keep(const struct spool *spool, const char *user, const struct maildir_message *message, struct error *error);
int mail_archive_sync(const struct spool *spool, struct error *error);

/* Appends the message to an open file as mbox has it (mboxrd: ">From " is quoted so that it can be undone). */
int mail_archive_append(int fd, const char *path, const struct spool *spool, const char *user, const struct maildir_message *message,
    struct error *error);

#endif
