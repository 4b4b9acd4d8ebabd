/*
 * The names of the files in mailboxes. Ours are `<time>.<id>.<host>,S=<size>`; the bytes inside have CRLF line ends, so size is what POP3
 * announces. For foreign names the wire size is found by reading.
 */
#ifndef LANPOST_SPOOL_MAILDIR_NAME_H
#define LANPOST_SPOOL_MAILDIR_NAME_H

#include "base/str.h"
#include "message/msgid.h"

/* The part of a file name (without its folder) that stays the same when flags change; a slice of
 * it. */
struct slice maildir_unique(const char *name);
/* A name without the sizes of Maildir++ at its end (",S=1234,W=1250"). */
struct slice maildir_without_sizes(struct slice name);
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
/* In the name of a message that we have moved or copied: the id that it got there, and the one that it had before. Returns false for others. */
bool maildir_unique_ids(struct slice unique, struct slice *id, struct slice *origin);
/* The time in front, in seconds since 1970; 0: it has none. It is so low that its microseconds fit in an int64_t. */
int64_t maildir_unique_time(struct slice unique);
/* "new/NAME", or "cur/NAME" for a name with flags (":2,"), in new memory. */
char *maildir_file(const char *name);

#endif
