/*
 * The folders of a mailbox as IMAP sees them: names, UIDs, flags, and the changes that a client may make.
 *
 * A mailbox is named by its user ("ivan": the INBOX) or by user and folder ("ivan/Sent", "ivan/Archive/2026"), in UTF-8; so are the
 * places of messages, the removals of the intake, and the lists of mailbox.h. On disk it is Maildir++: `mailboxes/ivan`,
 * `mailboxes/ivan/.Sent`, `mailboxes/ivan/.Archive.2026`.
 *
 * The UIDs of a folder are its own durable truth (RFC 3501 section 2.3.1.1): once a client knows them they never change and are never used twice,
 * whatever dies or is restored, and whatever other programs do to the files; if that cannot be kept, UIDVALIDITY changes. Only the LAN
 * server assigns UIDs. Flags are in the files' names, as in any Maildir. A change of a client is durable when the call returns 0.
 *
 * An open folder is shared by all sessions of the process: every function may be called by any thread.
 */
#ifndef LANPOST_SPOOL_FOLDER_H
#define LANPOST_SPOOL_FOLDER_H

#include "base/buf.h"
#include "base/str.h"
#include "spool/body.h"
#include "spool/spool.h"

#define FOLDERS_MAX 10000	/* of one user */
#define FOLDER_KEYWORDS_MAX 26	/* a to z in the names of files */

/* Flags of a message, as bits. Keywords follow: bit FOLDER_KEYWORD_BIT + n for the n-th keyword of the folder. */
enum folder_flag {
	FOLDER_ANSWERED = 1 << 0, /* R */
	FOLDER_FLAGGED = 1 << 1,  /* F */
	FOLDER_DELETED = 1 << 2,  /* T */
	FOLDER_SEEN = 1 << 3,	  /* S */
	FOLDER_DRAFT = 1 << 4,	  /* D */
	FOLDER_FORWARDED = 1 << 5, /* P: the keyword $Forwarded */
};
#define FOLDER_KEYWORD_BIT 6

struct folder_message {
	uint32_t uid;
	uint32_t flags;
	uint64_t modseq;    /* RFC 7162: of its last change */
	uint64_t size;	    /* octets of RFC822.SIZE; of a foreign file only after folder_size() */
	bool size_known;
	int64_t time;	    /* INTERNALDATE, seconds since 1970 */
	int64_t saved;	    /* SAVEDATE (RFC 8514): when it got its UID */
};

/* RFC 9051 section 6.3.11. */
struct folder_status {
	uint32_t messages, unseen, deleted, uid_next, uid_validity;
	uint64_t size, highest_modseq;
};

struct folder;

/* --- names */


/* Appends the names of all folders of the user, without the user, sorted bytewise; INBOX is not among them. A folder whose parent does
 * not exist is listed without its parent. */
int folder_names(const struct spool *spool, const char *user, struct strlist *names, struct error *error);
/* 1: it exists (the INBOX always does), 0: not, -1: cannot be known now. */
int folder_exists(const struct spool *spool, const char *mailbox, struct error *error);
/* Creates the folder durably, without its parents. -1 with ERROR_PERMANENT if there is one. */
int folder_create(const struct spool *spool, const char *mailbox, struct error *error);
/* Removes the folder with its messages, durably, in the log first (each removal is in the journal); its children stay. Sessions that
 * have it open see it empty. The INBOX cannot be deleted. */
int folder_delete(const struct spool *spool, const char *mailbox, struct error *error);
/* Renames the folder and its children: their messages move to new folders, with new UIDs. Renaming the INBOX moves its messages to a new
 * folder (RFC 3501 section 6.3.5). */
int folder_rename(const struct spool *spool, const char *from, const char *to, struct error *error);
/* After a restore: no folder keeps its UIDs, each gets a new UIDVALIDITY. No process may have it open. */
int folder_reset_uids(const struct spool *spool, struct error *error);
/* Subscriptions (the file `subscriptions`, as Dovecot writes it): folder names without the user, "INBOX" for the mailbox itself. */
int folder_subscriptions(const struct spool *spool, const char *user, struct strlist *names, struct error *error);
int folder_subscribe(const struct spool *spool, const char *user, const char *name, bool on, struct error *error);
/* Subscribes the user to those of these folders that were not among them the last time (the file `lanpost-shared`): to shared ones that are new
 * to the user. */
int folder_subscribe_new(const struct spool *spool, const char *user, const struct strlist *names, struct error *error);

/* The people who have \Seen of their own in this folder of a shared mailbox. */
int folder_people(const struct spool *spool, const char *mailbox, struct strlist *people, struct error *error);
/* The name of the file with it, beside new/ and cur/; new memory. */
char *folder_seen_file(const char *person);

/* --- one folder */

/* Outbox is not a folder of mail: it shows what the user has submitted and waits in the queue, marked as seen, and as flagged if it was tried
 * without success or is on hold. It exists for every user unless there is a folder of that name. Flags may be stored; messages enter and
 * leave it by the queue only, so nothing may be appended, copied or moved to it or from it, or expunged. */
#define OUTBOX_FOLDER "Outbox"
/* Whether a name is that of Outbox. */
bool folder_names_outbox(const struct spool *spool, const char *mailbox);
/* Whether an open folder is Outbox. */
bool folder_is_outbox(const struct folder *folder);

/* Opens a folder, or finds the open one, and looks at its files (folder_refresh). The caller calls folder_close(). */
int folder_open(struct folder **folder, const struct spool *spool, const char *mailbox, struct error *error);
/* The same of a mailbox that several people share: this person has \Seen of their own, reported to their sessions only, and as durable as
 * other flags. What is not marked by them is \Seen if the name of its file says so. The file that keeps it: folder_seen_file(). */
int folder_open_shared(struct folder **folder, const struct spool *spool, const char *mailbox, const char *person, struct error *error);
void folder_close(struct folder *folder);
uint32_t folder_uid_validity(struct folder *folder);
/* Looks whether other processes and programs have added, renamed or removed files; new messages get UIDs in the order of their arrival,
 * durable before this returns. Cheap if nothing has changed. */
int folder_refresh(struct folder *folder, struct error *error);
/* As of the last refresh. sizes: whether foreign files must be read for status->size. */
void folder_status(struct folder *folder, bool sizes, struct folder_status *status);
/* Of that; cheap. */
uint32_t folder_uid_next(struct folder *folder);
/* The UID of the first message without \Seen; 0: there is none. */
uint32_t folder_first_unseen(struct folder *folder);
/* Copies the UIDs of all messages, ascending: new memory of the caller. */
size_t folder_uids(struct folder *folder, uint32_t **uids);
/* Copies what is known of each of these UIDs (ascending) to the entry of the same index; uid 0 in it: that message is gone. */
void folder_look(struct folder *folder, const uint32_t *uids, size_t count, struct folder_message *messages);
/* The highest modification sequence of the folder: if it has not changed since, neither has any message. */
uint64_t folder_modseq(struct folder *folder);
/* Gives messages that no session has seen yet to this one (\Recent of RFC 3501): the first UID of them, which later callers do not get. */
uint32_t folder_take_recent(struct folder *folder);
/* Determines the size of a foreign file. -1 if it is gone. */
int folder_size(struct folder *folder, struct folder_message *message, struct error *error);
/* Maps the bytes of the message, to be ended with fsx_unmap(); line ends are as in the file (ours have CRLF; a foreign file may have bare
 * LF). *id (may be NULL): an id that stays the same in all folders, for EMAILID and caches. -1 if it is gone. */
int folder_read(struct folder *folder, uint32_t uid, struct slice *bytes, char id[72], struct error *error);

/* The keywords of the folder in the order of their bits ("": that bit has no name); borrowed until folder_close(). $Forwarded is not among
 * them, it is FOLDER_FORWARDED. */
size_t folder_keywords(struct folder *folder, const char *names[FOLDER_KEYWORDS_MAX]);
/* The bit of a keyword (without regard to case); if it is new and may_create, it is added durably. 0: unknown, or there are 26 others. */
uint32_t folder_keyword(struct folder *folder, const char *name, bool may_create);

/* --- changes; each is durable, for all messages or for none, when 0 is returned */

enum folder_change { FOLDER_SET, FOLDER_ADD, FOLDER_TAKE };

/* Changes flags. Messages with a modseq above `unchanged_since` (UINT64_MAX: all) are left alone, and their UIDs come in *left (new memory,
 * NULL if none), messages that are gone are ignored. */
int folder_store(struct folder *folder, const uint32_t *uids, size_t count, enum folder_change change, uint32_t flags,
    uint64_t unchanged_since, uint32_t **left, size_t *left_count, struct error *error);
/* Removes messages for good. */
int folder_expunge(struct folder *folder, const uint32_t *uids, size_t count, struct error *error);
/* Copies or moves messages, with flags, keywords and times, into a folder that exists. Within a mailbox the \Seen of all people goes with
 * them, else that of the person who has opened the folder. to_uids (count entries) receives the new UIDs; 0 for a
 * message that was gone. *uid_validity: of the destination. */
int folder_copy(struct folder *folder, const uint32_t *uids, size_t count, const char *to, uint32_t *to_uids, uint32_t *uid_validity,
    struct error *error);
int folder_move(struct folder *folder, const uint32_t *uids, size_t count, const char *to, uint32_t *to_uids, uint32_t *uid_validity,
    struct error *error);

/* A message that a client appends. */
struct folder_append {
	struct msgid id;      /* of the message and of its body's file */
	struct body body;     /* finished; taken over */
	uint32_t flags;	      /* without keywords */
	struct strlist keywords;
	int64_t time;	      /* INTERNALDATE; 0: now */
};
/* Begins a message with an empty body. before: the message before it in the command, NULL for the first one: its id is lower, so UIDs are in
 * the order of the messages. */
void folder_append_begin(struct folder_append *message, const struct spool *spool, const struct folder_append *before);
/* All or none; uids (count entries) receives the new UIDs. */
int folder_append(const struct spool *spool, const char *mailbox, struct folder_append *messages, size_t count, const char *session,
    uint32_t *uids, uint32_t *uid_validity, struct error *error);

/* --- work in idle time */

/* The folder with the next name after this one ("": the first) of those that sessions have open, or had recently; NULL: none. The caller calls
 * folder_return(), which does not count as a use of the folder. */
struct folder *folder_borrow(const struct spool *spool, const char *after);
void folder_return(struct folder *folder);
/* Its name, borrowed. */
const char *folder_mailbox(const struct folder *folder);

/* --- caches: what was made of messages before, so that it need not be made again. Any of it may be missing at any time. */

enum folder_cache {
	FOLDER_LISTING, /* what programs that list messages ask for */
	FOLDER_TERMS,	/* what is compared of the header */
	FOLDER_TEXT,	/* an index of the text */
	FOLDER_CACHES,
};
/* Appends what is kept of the message to out. False: nothing is. */
bool folder_cache_get(struct folder *folder, enum folder_cache which, uint32_t uid, struct buf *out);
/* Keeps a value of at most 1 MiB, if that is possible, in place of the one before. */
void folder_cache_put(struct folder *folder, enum folder_cache which, uint32_t uid, struct slice value);
/* At the end of a command that has used the cache: gives memory back, and writes what is to be kept, unless it is little. */
void folder_cache_rest(struct folder *folder, enum folder_cache which);
/* The first UIDs, from this one on, of messages of which nothing is kept; returns how many (0 also if nothing can be kept now). */
size_t folder_cache_missing(struct folder *folder, enum folder_cache which, uint32_t from, uint32_t *uids, size_t most);

/* --- news: IDLE */

/* From now on, a change of the folder's files by anybody (this process, another one, another program) makes the eventfd readable. One
 * watch per descriptor. */
int folder_watch(struct folder *folder, int event_fd, struct error *error);
void folder_unwatch(struct folder *folder, int event_fd);

#endif
