/*
 * The files of a mailbox, which is a Maildir folder under `<spool>/mailboxes/<user>/`: walks through new/ and cur/, one file, removal.
 * Other programs (mutt, Dovecot) may add, rename and remove files at any time.
 */
#ifndef LANPOST_SPOOL_MAILDIR_H
#define LANPOST_SPOOL_MAILDIR_H

#include "base/err.h"
#include "base/map.h"
#include "spool/spool.h"

/* Unlinks messages by their unique names, in new or cur; one that is gone counts as removed. The
 * removal must already be in the log (intake_remove). */
int maildir_unlink(const struct spool *spool, const char *user, const char *const *uniques, size_t count,
    struct error *error);

/* Finds the file of a message ("new/..." or "cur/...") by its unique name. *file is new memory, NULL if it is
 * gone. */
int maildir_find(const struct spool *spool, const char *user, const char *unique, char **file, struct error *error);
/* Calls fn for each message in new/, then in cur/, as long as it returns 0. dir_fd, folder: of the file. */
typedef int (*maildir_each_fn)(void *context, int dir_fd, const char *folder, const char *name);
int maildir_each_file_in(const struct spool *spool, const char *mailbox, const char *folder, maildir_each_fn fn, void *context,
    struct error *error); /* in one of the two */
int maildir_each_file(const struct spool *spool, const char *mailbox, maildir_each_fn fn, void *context, struct error *error);
/* All messages of ours in the mailbox: id -> "new/..." or "cur/..." (new memory). */
int maildir_files(const struct spool *spool, const char *user, struct map *files, struct error *error);

#endif
