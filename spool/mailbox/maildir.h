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

struct maildir_message {
	char *file;	/* "new/..." or "cur/...", below the mailbox folder */
	char *unique;	/* the name without ":2,FLAGS", in ours without ",S=<size>": stable while flags change */
	char uidl[71];	/* RFC 1939 section 7: 1 to 70 bytes of 0x21-0x7E; the id, the unique name without sizes, or a digest */
	int64_t time;	/* of arrival */
	uint64_t size;	/* octets on the POP3 wire before dot-stuffing; 0 until maildir_size() for foreign files */
	bool size_known;
	bool ours;
};

struct maildir_list {
	struct maildir_message *items; /* oldest first */
	size_t count;
};

/* Appends the names of all existing mailboxes, sorted, also of removed users. */
void maildir_users(const struct spool *spool, struct strlist *users);
/* Creates tmp, new and cur if missing. */
int maildir_make(const struct spool *spool, const char *user, struct error *error);
/* Lists new/ and cur/. A mailbox that does not exist yet is empty. Each unique name is listed once. */
int maildir_list(const struct spool *spool, const char *user, struct maildir_list *list, struct error *error);
void maildir_list_clear(struct maildir_list *list);
/* Determines the wire size of a foreign file (bare LF counts as CRLF). Returns -1 if the file is
 * gone. */
int maildir_size(const struct spool *spool, const char *user, struct maildir_message *message,
    struct error *error);
/* Bytes and number of messages (each may be NULL) of a whole mailbox. Files that disappear meanwhile
 * do not count. */
int maildir_bytes(const struct spool *spool, const char *user, uint64_t *bytes, size_t *messages,
    struct error *error);
/* Maps the message's bytes; follows a rename by another program. -1 if it is gone. */
int maildir_open(const struct spool *spool, const char *user, const struct maildir_message *message,
    struct slice *bytes, struct error *error);
/* Unlinks messages by their unique names, in new or cur; one that is gone counts as removed. The
 * removal must already be in the log (intake_remove). */
int maildir_unlink(const struct spool *spool, const char *user, const char *const *uniques, size_t count,
    struct error *error);

/* The part of a file name (without its folder) that stays the same when flags change; a slice of
 * it. */
struct slice maildir_unique(const char *name);
/* Our file name for a message, in new memory. */
char *maildir_name(int64_t time, const struct msgid *id, const char *host, uint64_t size);
/* The id in one of our unique names ("<time>.<id>.<host>"); returns false for a foreign name. */
bool maildir_unique_id(struct slice unique, struct slice *id);
/* Finds the file of a message ("new/..." or "cur/...") by its unique name. *file is new memory, NULL if it is
 * gone. */
int maildir_find(const struct spool *spool, const char *user, const char *unique, char **file, struct error *error);
/* Writes a message into the mailbox (tmp, then new) without sync. parts: header lines and body. over: a file of the
 * mailbox with the same unique name that is replaced (flags are kept); if it is gone meanwhile, nothing is delivered.
 * NULL: none. */
int maildir_deliver(const struct spool *spool, const char *user, const char *name, const char *over,
    const struct slice *parts, size_t count, struct error *error);
/* The same for a header of a multiple of FSX_BLOCK bytes followed by the bytes of another file (fsx_create_sharing).
 * Returns -1 if that is not possible: the caller then delivers the bytes. */
int maildir_deliver_sharing(const struct spool *spool, const char *user, const char *name, const char *over, struct slice header,
    const char *source, struct error *error);
/* Delivers by hard link to a file in another mailbox. Returns -1 if that is not possible (another file
 * system, too many links, source gone, existing name): the caller then delivers the bytes. */
int maildir_deliver_link(const struct spool *spool, const char *user, const char *name, const char *over, const char *source,
    struct error *error);
/* All messages of ours in the mailbox: id -> "new/..." or "cur/..." (new memory). */
int maildir_files(const struct spool *spool, const char *user, struct map *files, struct error *error);
#endif
