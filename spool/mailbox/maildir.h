/*
 * Mailboxes: Maildir folders under `<spool>/mailboxes/<user>/`.
 *
 * Our file names are `<time>.<id>.<host>,S=<size>`, the bytes inside have CRLF line ends, so size is
 * what POP3 announces. Other programs (mutt, Dovecot) may add, rename and remove files at any time;
 * for foreign names the wire size is found by reading.
 */
#ifndef LANPOST_SPOOL_MAILDIR_H
#define LANPOST_SPOOL_MAILDIR_H

#include "base/err.h"
#include "base/map.h"
#include "message/msgid.h"
#include "spool/spool.h"

/* Unlinks messages by their unique names, in new or cur; one that is gone counts as removed. The
 * removal must already be in the log (intake_remove). */
int maildir_unlink(const struct spool *spool, const char *user, const char *const *uniques, size_t count,
    struct error *error);

/* The part of a file name (without its folder) that stays the same when flags change; a slice of
 * it. */
struct slice maildir_unique(const char *name);
/* The size in one of our names (",S="). */
bool maildir_name_size(const char *name, uint64_t *size);
/* Our file name for a message, in new memory. */
char *maildir_name(int64_t time, const struct msgid *id, const char *host, uint64_t size);
/* A name that is not one of ours, but has an id and the part "id of its first name" in host. */
char *maildir_foreign_name(int64_t time, const struct msgid *id, const char *host);
/* The id in one of our unique names ("<time>.<id>.<host>"); returns false for a foreign name. */
bool maildir_unique_id(struct slice unique, struct slice *id);
/* The id under which a message was accepted, which its copies keep: a slice of their names; the id itself if it is no copy. Returns false
 * for a foreign name. */
bool maildir_unique_origin(struct slice unique, struct slice *id);
/* Finds the file of a message ("new/..." or "cur/...") by its unique name. *file is new memory, NULL if it is
 * gone. */
int maildir_find(const struct spool *spool, const char *user, const char *unique, char **file, struct error *error);
/* "new/NAME", or "cur/NAME" for a name with flags (":2,"), in new memory. */
char *maildir_file(const char *name);
/* Calls fn for each message in new/, then in cur/, as long as it returns 0. dir_fd, folder: of the file. */
typedef int (*maildir_each_fn)(void *context, int dir_fd, const char *folder, const char *name);
int maildir_each_file_in(const struct spool *spool, const char *mailbox, const char *folder, maildir_each_fn fn, void *context,
    struct error *error); /* in one of the two */
int maildir_each_file(const struct spool *spool, const char *mailbox, maildir_each_fn fn, void *context, struct error *error);
/* Where a message goes; borrowed. */
struct maildir_target {
	const char *mailbox, *name; /* name: of the file (maildir_name), with flags if it is to be in cur/ */
	/* A file of the mailbox with the same unique name, which is replaced (flags are kept); if it is gone meanwhile, nothing
	 * is delivered. NULL: none. */
	const char *over;
};
/* Writes a message into the mailbox (tmp, then new) without sync. parts: header lines and body. */
int maildir_deliver(const struct spool *spool, const struct maildir_target *target, const struct slice *parts, size_t count,
    struct error *error);
/* The same for a header of a multiple of FSX_BLOCK bytes followed by the bytes of another file (fsx_create_sharing).
 * Returns -1 if that is not possible: the caller then delivers the bytes. */
int maildir_deliver_sharing(const struct spool *spool, const struct maildir_target *target, struct slice header, const char *source,
    struct error *error);
/* Delivers by hard link to a file in another mailbox. Returns -1 if that is not possible (another file
 * system, too many links, source gone, existing name): the caller then delivers the bytes. */
int maildir_deliver_link(const struct spool *spool, const struct maildir_target *target, const char *source, struct error *error);
/* All messages of ours in the mailbox: id -> "new/..." or "cur/..." (new memory). */
int maildir_files(const struct spool *spool, const char *user, struct map *files, struct error *error);

#endif
