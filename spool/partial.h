/*
 * The beginning of a message upstream whose transfer was cut, so that the next connection continues it.
 *
 * One file per message in `<spool>/partial/`: a head that says which message it is, then pieces in the order in which they came, each
 * with a digest of itself and of all that precedes it. A piece that was torn by a crash, or that the disk has changed, and all that follows it are
 * cut off when the file is opened: what cannot be verified is fetched again. The message itself is not accepted here: it goes
 * to the intake when it is complete, and then the file is removed. So a lost file costs bytes of the line, never a message.
 *
 * The files are bounded in number and in bytes: for a new one the oldest are removed.
 */
#ifndef LANPOST_SPOOL_PARTIAL_H
#define LANPOST_SPOOL_PARTIAL_H

#include "base/err.h"
#include "base/str.h"
#include "spool/spool.h"

#define PARTIAL_PIECE_MAX (256u << 10) /* bytes */
#define PARTIAL_FILES_MAX 256
#define PARTIAL_BYTES_MAX (1ull << 30) /* of all messages that are kept, when they are whole */
#define PARTIAL_EXPIRE_SECONDS (14 * 24 * 3600) /* without a new piece */

/* A message upstream. Strings are borrowed. */
struct partial_of {
	const char *mailbox; /* conf_mailbox() */
	const char *folder;  /* "INBOX" */
	uint32_t validity, uid;
	uint64_t listed; /* its size by RFC822.SIZE */
};

struct partial;

/* Begins a file for a message of `whole` bytes, in place of an older one. Returns -1 if it cannot be kept, also because it is too large or the disk
 * has no room. */
int partial_create(struct partial **partial, const struct spool *spool, const struct partial_of *of, uint64_t whole, struct error *error);
/* Opens the file of this message and verifies it. *partial is NULL if there is nothing that can be used; a file that cannot is removed. */
int partial_open(struct partial **partial, const struct spool *spool, const struct partial_of *of, struct error *error);
/* How many bytes are kept, and how many the whole message has. */
uint64_t partial_size(const struct partial *partial);
uint64_t partial_whole(const struct partial *partial);
/* After partial_open(): the kept pieces in their order. Begin with *at = 0; returns false at the end. */
bool partial_next(const struct partial *partial, size_t *at, struct slice *bytes);
/* The pieces have been read, and are valid no more. Returns -1 if the disk failed meanwhile: then they must not be used. */
int partial_loaded(struct partial *partial, struct error *error);
/* Adds a piece of at most PARTIAL_PIECE_MAX bytes; it survives the end of this process, but perhaps not a power failure. After a failure the
 * file must be removed. */
int partial_append(struct partial *partial, struct slice bytes, struct error *error);
/* Makes all pieces durable. */
int partial_sync(struct partial *partial, struct error *error);
/* Closes the file, which stays; accepts NULL. */
void partial_close(struct partial *partial);

/* Removes the file of a message, if there is one. */
void partial_remove(const struct spool *spool, const struct partial_of *of);
/* The messages of which something is kept, of this folder of the mailbox. Returns how many there are, at most `count`. */
struct partial_name {
	uint32_t validity, uid;
};
size_t partial_list(const struct spool *spool, const char *mailbox, const char *folder, struct partial_name *names, size_t count);
/* Removes the files that have had no new piece for PARTIAL_EXPIRE_SECONDS. */
void partial_expire(const struct spool *spool, int64_t now);

#endif
