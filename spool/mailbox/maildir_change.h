/*
 * Changes of messages that are in the log already (FACT_FLAGS, FACT_MOVE, FACT_COPY), by the names of their files. Each may be repeated:
 * a file that is not there was changed before.
 */
#ifndef LANPOST_SPOOL_MAILDIR_CHANGE_H
#define LANPOST_SPOOL_MAILDIR_CHANGE_H

#include "base/err.h"
#include "spool/spool.h"

/* A file of a mailbox by its unique name, and what becomes of it: flags as characters, or the name of the file in another mailbox. */
struct maildir_change {
	const char *unique, *to;
};

/* Gives the files these flags. A file with flags is in cur/. */
int maildir_change_flags(const struct spool *spool, const char *mailbox, const struct maildir_change *changes, size_t count,
    struct error *error);
/* Moves the files into cur/ of another mailbox, which is made if it is missing. */
int maildir_change_mailbox(const struct spool *spool, const char *from, const char *to, const struct maildir_change *changes, size_t count,
    struct error *error);
/* A copy waits under this name in tmp/ until its record is durable: "tmp/copy.NAME", in new memory. */
char *maildir_change_waiting(const char *name);
/* Whether a file in tmp/ is such a copy. */
bool maildir_change_is_waiting(const char *file);
/* Brings copies with these names from tmp/ to cur/. */
int maildir_change_place(const struct spool *spool, const char *mailbox, const char *const *names, size_t count, struct error *error);
/* Renames a file of a mailbox ("new/..." or "cur/..."). -1 with ENOENT in saved_errno if it is gone. */
int maildir_change_file(const struct spool *spool, const char *from, const char *file, const char *to, const char *name, struct error *error);

#endif
