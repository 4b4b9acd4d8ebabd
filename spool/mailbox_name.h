/*
 * Names of mailboxes: the user ("ivan": what POP3 shows, the INBOX of IMAP), or user and folder ("ivan/Archive/2026", in UTF-8).
 */
#ifndef LANPOST_SPOOL_MAILBOX_NAME_H
#define LANPOST_SPOOL_MAILBOX_NAME_H

#include "base/str.h"

/* The mailbox of the quarantine: no user can have this name. */
#define MAILBOX_QUARANTINE "_quarantine"

/* What scanners shall learn, in folders (mail/lesson.h). */
#define MAILBOX_LEARN "_learn"

/* Whether it can name a mailbox: a valid name of a user (conf_is_mailbox_name()), the quarantine or that of lessons, and of a folder (folder_name_is_valid()). */
bool mailbox_name_is_valid(struct slice name);
/* The parts of a valid name; the folder is empty if it is the user's mailbox itself. */
struct slice mailbox_name_user(struct slice name);
struct slice mailbox_name_folder(struct slice name);
/* Whether they name one mailbox: case does not matter in the user's part only. */
bool mailbox_name_equal(struct slice a, struct slice b);
/* "user" or "user/folder", in new memory. folder may be empty. */
char *mailbox_name_of(const char *user, const char *folder);

#endif
