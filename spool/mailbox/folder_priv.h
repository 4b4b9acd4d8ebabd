/*
 * What the files of a folder share: the struct of an open one, its table of messages, and its index (spool/QUEUE.md, "Folders").
 */
#ifndef LANPOST_SPOOL_FOLDER_PRIV_H
#define LANPOST_SPOOL_FOLDER_PRIV_H

#include "base/buf.h"
#include "spool/mailbox/cache_file.h"
#include "spool/storage/folder.h"
#include "spool/storage/folder_order.h"

#include <pthread.h>
#include <time.h>

/* --- the messages, in memory */

struct folder_entry {
	uint32_t uid, flags;
	uint64_t modseq, size;
	int64_t time, saved;
	char *name; /* of the file, without new/ or cur/; NULL: the message is gone */
	uint32_t unique_len; /* the part of the name that is stable (maildir_unique()) */
	bool in_new, ours, size_known;
	bool was_found; /* by the present scan */
	uint32_t cached[FOLDER_CACHES]; /* places in the caches, in units; 0: nothing is kept */
};
struct folder_table {
	struct folder_entry *items; /* by UID; those of messages that are gone are taken out now and then */
	size_t count, live;
	uint32_t *slots; /* hash of the unique name -> index + 1 */
	size_t capacity;
	uint64_t seed;
	uint32_t *uids; /* folder_table_uids(); NULL: to be made again */
};

/* The number of an entry, or SIZE_MAX. */
size_t folder_table_find(const struct folder_table *table, struct slice unique);
size_t folder_table_by_uid(const struct folder_table *table, uint32_t uid);
/* The UIDs of all `live` messages, ascending. Borrowed until the next change of the table. */
const uint32_t *folder_table_uids(struct folder_table *table);
/* Adds an entry with a higher UID than all before; its name is owned. */
void folder_table_add(struct folder_table *table, const struct folder_entry *entry);
/* The file of an entry has another name, which is owned; the unique part may not differ. */
void folder_table_rename(struct folder_table *table, size_t index, char *name, bool in_new);
/* The message is gone. */
void folder_table_drop(struct folder_table *table, size_t index);
/* Takes back the entries that were added since there were `count`. */
void folder_table_cut(struct folder_table *table, size_t count);
/* Takes out entries of messages that are gone if there are many; numbers of entries change. */
void folder_table_tidy(struct folder_table *table);
void folder_table_clear(struct folder_table *table);
static inline bool folder_entry_is_live(const struct folder_entry *entry)
{
	return entry->name != NULL;
}
static inline struct slice folder_entry_unique(const struct folder_entry *entry)
{
	return slice_make(entry->name, entry->unique_len);
}

/* --- the index: the file lanpost-uids */

struct folder_index {
	int fd; /* -1: must be written again */
	uint64_t size;
	size_t lines;
	struct buf batch; /* lines that are not written yet */
	size_t batch_lines;
	uint64_t durable; /* bytes that are synced */
	uint64_t durable_modseq;
};

/* --- \Seen of a person in a shared mailbox: folder_seen.c */

struct seen_mark {
	uint32_t uid;
	bool is_seen;
	uint64_t modseq;
	size_t line; /* while the file is read */
};
struct folder_seen {
	struct folder_seen *next;
	char *person;
	struct seen_mark *marks; /* by UID */
	size_t count;
	int fd; /* of the file; -1: it must be written again */
	uint64_t size;
	size_t lines;
};

/* What a folder looked like when it was read last. */
struct folder_stamp {
	struct timespec changed; /* mtime */
	int64_t age_ms;		 /* how old that was */
};

/* A cache (folder_cache.c). Its lock is taken before that of the folder. */
struct folder_cache_state {
	pthread_mutex_t lock;
	struct cache_file file;
	bool is_loaded;
	size_t next;	   /* in the table: mostly messages are asked for in their order */
	int64_t off_until; /* clock_now_ms() */
};

#define OUTBOX_STATES 3 /* of the queue: active, deferred, hold */

struct folder {
	/* What a person sees of a folder of a shared mailbox: the folder, which it keeps open, and their own \Seen. Only these two are used then. */
	struct folder *common;	   /* NULL: it is the folder itself */
	struct folder_seen *seen;  /* NULL: \Seen as in the names of the files */

	struct folder *next; /* in the list of open ones, with `users` under its lock */
	size_t users;
	uint64_t used; /* a counter, for the oldest */
	const struct spool *spool;
	char *mailbox;
	_Atomic bool is_deleted;
	struct folder_cache_state caches[FOLDER_CACHES];

	_Atomic bool is_loaded;
	struct timespec queue[OUTBOX_STATES]; /* of Outbox: how the queue looked last; under the lock of folder_outbox.c */

	pthread_mutex_t lock; /* of all below */
	struct folder_table table;
	struct folder_index index;
	uint32_t validity, uid_next, recent_from;
	uint32_t seen_below; /* the messages below this UID are \Seen by the names of their files */
	uint64_t modseq;
	struct folder_stamp stamps[2]; /* of new/ and cur/ */
	struct folder_order orders[FOLDER_ORDERS];
	char *keywords[FOLDER_KEYWORDS_MAX]; /* NULL: that one has no name */
	bool keywords_are_read;
	struct folder_seen *people; /* those who have opened it */
	struct strlist marked;	    /* those who have a file with their \Seen */
	bool marked_is_read;
};

/* An entry gets flags, or enters the table with them. */
static inline void folder_note_flags(struct folder *folder, struct folder_entry *entry, uint32_t flags)
{
	entry->flags = flags;
	if (!(flags & FOLDER_SEEN) && entry->uid < folder->seen_below)
		folder->seen_below = entry->uid;
}

static inline struct folder *folder_common(struct folder *folder)
{
	return folder->common != NULL ? folder->common : folder;
}

enum { FOLDER_NEW, FOLDER_CUR };
extern const char *const folder_parts[2]; /* "new", "cur" */

/* folder_index.c: with the lock held */

/* Reads the index. If there is none, or it is damaged, a new one is written, with a new UIDVALIDITY. */
int folder_index_load(struct folder *folder, struct error *error);
/* Note in the batch: a new message, flags, a message that is gone. The entry has them already. */
void folder_index_added(struct folder *folder, const struct folder_entry *entry);
void folder_index_changed(struct folder *folder, const struct folder_entry *entry);
void folder_index_gone(struct folder *folder, uint32_t uid);
/* Writes the batch. durably: it is synced, too. On failure the caller takes back the UIDs that no client knows yet, and the next one writes
 * the whole file again. */
int folder_index_write(struct folder *folder, bool durably, struct error *error);
void folder_index_close(struct folder_index *index);
/* A modification sequence was given that no line of the index has: at times the index notes how high they are. */
int folder_index_note_modseq(struct folder *folder, struct error *error);

/* folder_validity.c: a UIDVALIDITY that no folder of that user has had, durable. 0: failed. */
uint32_t folder_validity_new(const struct spool *spool, const char *mailbox, struct error *error);

/* folder_scan.c, with the lock held */

/* folder_refresh(). */
int folder_scan(struct folder *folder, struct error *error);
/* Gives the next UID to a file that is in the folder. Not durable until folder_index_write(); returns its UID. */
uint32_t folder_scan_add(struct folder *folder, char *name, bool in_new, int64_t now);
/* Our own changes are over: both parts look as they do now. */
void folder_scan_stamp(struct folder *folder, const struct folder_stamp before[2]);
void folder_scan_stamps(const struct folder *folder, struct folder_stamp stamps[2]);

/* The next look reads both parts in any case. Without the lock. */
void folder_scan_again(struct folder *folder);

/* --- Outbox (folder_outbox.c) */

/* The storage's name of a user's Outbox, in new memory. */
char *folder_outbox_mailbox(const char *mailbox);
/* Brings it up to date with the queue. Without the lock. */
int folder_outbox_look(struct folder *folder, struct error *error);
/* The message of an entry; NULL: it is gone. New memory. */
char *folder_outbox_message(const struct spool *spool, const char *id);
/* A folder of the queue to be watched: 0 and 1. New memory. */
char *folder_outbox_watched(const struct spool *spool, size_t n);

/* folder_seen.c, with the lock held; the folder is the common one */

/* The \Seen of a person, read if it was not yet. NULL: it cannot be read. */
struct folder_seen *folder_seen_of(struct folder *folder, const char *person, struct error *error);
/* The flags of a message for this person (NULL: those of its file), and the modification sequence of their last change. */
uint32_t folder_seen_flags(const struct folder_seen *seen, const struct folder_entry *entry, uint64_t *modseq);
/* Makes marks of messages durable and puts them in force. */
int folder_seen_mark(struct folder *folder, struct folder_seen *seen, const struct seen_mark *marks, size_t count, struct error *error);
/* The same in two steps, for messages that are still to arrive under these names. */
int folder_seen_write(struct folder *folder, struct folder_seen *seen, const struct seen_mark *marks, const char *const *names, size_t count,
    struct error *error);
void folder_seen_put(struct folder *folder, struct folder_seen *seen, struct seen_mark mark);
/* The people who have marks in this folder. Valid until the next call. */
int folder_seen_people(struct folder *folder, const struct strlist **people, struct error *error);
void folder_seen_clear(struct folder *folder);
/* folder_watch.c: wakes the sessions of this person. */
void folder_watch_wake(const struct folder_seen *seen);

/* --- others */

/* folder_cache.c */
void folder_caches_init(struct folder *folder);
void folder_caches_clear(struct folder *folder);
/* Writes what is to be kept. Without any lock. */
void folder_caches_write(struct folder *folder);

/* folder_keyword() with the lock held. */
uint32_t folder_keyword_bit(struct folder *folder, const char *name, bool may_create);

/* The bit of a keyword in the names of a folder's files, for a process that has no folder open; 0: none. */
uint32_t folder_keyword_on_disk(const struct spool *spool, const char *mailbox, const char *name);

/* One process at a time changes the list of folders, subscriptions, or the UIDVALIDITY of a user. Returns a descriptor to close, or -1. */
int folder_lock(const struct spool *spool, const char *mailbox, struct error *error);
/* Makes the names of the mailbox's folder and those above it durable. */
int folder_sync_names(const struct spool *spool, const char *mailbox, struct error *error);
/* folder.c: frees the folders of a spool that no session has open. */
void folder_forget(const struct spool *spool);
/* The path of a message's file, in new memory. */
char *folder_path(const struct folder *folder, const struct folder_entry *entry);
/* Looks for the file of an entry under another name. Returns false if it is gone. */
bool folder_find_file(struct folder *folder, size_t index);

/* An id that is the same in all folders (folder_read()). */
void folder_entry_id(const struct folder_entry *entry, char id[72]);

/* --- changes: folder_change.c, with the lock held */

/* The messages that a command changes. */
struct folder_mark {
	size_t index;  /* in the table */
	uint32_t flags;
	char *unique, *name; /* as it was; the new name of the file */
	size_t number; /* in the command */
	int64_t time;  /* of the message */
	bool arrived, stays; /* of a copy or move: it is there, or could not be applied */
};
struct folder_marks {
	struct folder_mark *items;
	size_t count;
};
void folder_marks_add(struct folder_marks *marks, size_t index, uint32_t flags);
void folder_marks_clear(struct folder_marks *marks);
/* Messages that have left the folder, but not those that stay. */
void folder_drop_marks(struct folder *folder, const struct folder_marks *marks);
/* Calls fn with the file of an entry ("cur/NAME"); if it fails with ENOENT, with the name that another program has given to it. 1: done, 0: the
 * message is gone, -1: failed. */
typedef int (*folder_file_fn)(void *context, struct folder *folder, const struct folder_entry *entry, const char *file, struct error *error);
int folder_on_file(struct folder *folder, size_t index, folder_file_fn fn, void *context, struct error *error);

#endif
