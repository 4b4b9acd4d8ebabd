/*
 * Mailboxes: listing one, and reading its messages. They are delivered and removed through the intake. Other programs may add and
 * remove messages at any time. A mailbox is named by its user, or by user and folder (spool/mailbox_name.h).
 */
#ifndef LANPOST_SPOOL_MAILBOX_H
#define LANPOST_SPOOL_MAILBOX_H

#include "base/err.h"
#include "spool/spool.h"

struct mailbox_message {
	char *file;	/* "new/..." or "cur/...", below the mailbox folder */
	char *unique;	/* the name without ":2,FLAGS", in ours without ",S=<size>": stable while flags change */
	char uidl[71];	/* RFC 1939 section 7: 1 to 70 bytes of 0x21-0x7E; the id, the unique name without sizes, or a digest */
	int64_t time;	/* of arrival */
	uint64_t size;	/* octets on the POP3 wire before dot-stuffing; 0 until mailbox_size() for foreign files */
	bool size_known;
	bool ours;
};

struct mailbox_list {
	struct mailbox_message *items; /* oldest first */
	size_t count;
};

/* Appends the names of all existing mailboxes, sorted, also of removed users. */
void mailbox_users(const struct spool *spool, struct strlist *users);
/* Appends the names of the user's mailbox and of all its folders ("ivan", "ivan/Sent"). */
int mailbox_names(const struct spool *spool, const char *user, struct strlist *names, struct error *error);
/* Creates tmp, new and cur if missing. */
int mailbox_make(const struct spool *spool, const char *mailbox, struct error *error);
/* Lists new/ and cur/. A mailbox that does not exist yet is empty. Each unique name is listed once. */
int mailbox_list(const struct spool *spool, const char *mailbox, struct mailbox_list *list, struct error *error);
void mailbox_list_clear(struct mailbox_list *list);
/* Determines the wire size of a foreign file (bare LF counts as CRLF). Returns -1 if the file is
 * gone. */
int mailbox_size(const struct spool *spool, const char *mailbox, struct mailbox_message *message,
    struct error *error);
/* Bytes and number of messages (each may be NULL): of a user's mailbox with all its folders, or of one folder. Files that disappear
 * meanwhile do not count. */
int mailbox_bytes(const struct spool *spool, const char *mailbox, uint64_t *bytes, size_t *messages,
    struct error *error);
/* The files of one message in all folders of a user: it may have been copied. */
struct mailbox_copy {
	char *mailbox, *unique;
	bool has_keyword;
};
struct mailbox_copies {
	struct mailbox_copy *items;
	size_t count;
};
/* Finds the files of the message that was accepted under this id, and whether they have a keyword (folder_keyword()). */
int mailbox_copies(const struct spool *spool, const char *user, const char *id, const char *keyword, struct mailbox_copies *copies,
    struct error *error);
void mailbox_copies_clear(struct mailbox_copies *copies);
/* The id under which it was accepted, also of a copy; of a foreign file that of the storage. New memory. */
char *mailbox_origin(const struct mailbox_message *message);
/* Since when it is in this mailbox, microseconds since 1970: when it arrived, or was moved or copied there. */
int64_t mailbox_since_us(const struct mailbox_message *message);
/* Maps the message's bytes; follows a rename by another program. -1 if it is gone. */
int mailbox_open(const struct spool *spool, const char *mailbox, const struct mailbox_message *message,
    struct slice *bytes, struct error *error);

/* When the file came to its place (microseconds since 1970), by the clock of the file system, which may be some milliseconds late; 0 if it is gone. */
int64_t mailbox_file_since(const struct spool *spool, const char *mailbox, const struct mailbox_message *message);

#endif
