/*
 * A file of values that can be made again at any time: records of a UID, a value and a checksum, appended, in no order. Later ones of a UID
 * replace earlier ones.
 *
 * Nothing in it is believed without its checksum, which also covers what the caller knows of the message (the seed). So the file may be
 * deleted, truncated or damaged at any time, also while it is in use: then values are missing. It is never synced. One thread at a time.
 */
#ifndef LANPOST_SPOOL_CACHE_FILE_H
#define LANPOST_SPOOL_CACHE_FILE_H

#include "base/buf.h"
#include "base/err.h"

#define CACHE_FILE_WRITE (256u << 10) /* when this many bytes wait in memory, they are to be written */

struct cache_file {
	uint32_t validity; /* UIDVALIDITY */
	uint64_t size;	  /* of the records that count, with those that are not written yet */
	uint64_t on_disk; /* the size of the file when we saw it last; above what is written: remains to be cut off */
	uint64_t written;
	size_t records;
	struct slice map; /* of the file, for reading */
	struct buf pending;
};

/* Where a value is: a multiple of CACHE_FILE_UNIT, never 0. */
struct cache_spot {
	uint32_t uid;
	uint64_t at;
};
#define CACHE_FILE_UNIT 8

/* The seed of a message: of its UIDVALIDITY and its unique name. */
uint32_t cache_file_seed(uint32_t validity, struct slice unique);
/* Looks which values the file has: *spots in the order of the file, new memory. A file that is missing, of another UIDVALIDITY or damaged
 * is empty. */
void cache_file_load(struct cache_file *file, const char *path, uint32_t validity, struct cache_spot **spots, size_t *count);
/* Whether the value at this place can be read without the path. */
bool cache_file_has(const struct cache_file *file, uint64_t at);
/* Appends the value at this place to out. False: there is none. */
bool cache_file_read(struct cache_file *file, const char *path, struct cache_spot spot, uint32_t seed, struct buf *out);
/* Adds a value in memory. Returns where it will be, 0: the file is as large as it may become. */
uint64_t cache_file_add(struct cache_file *file, uint32_t uid, uint32_t seed, struct slice value);
bool cache_file_is_full(const struct cache_file *file);
/* Writes what was added. -1: it could not be written, or the file is not the one that was loaded: the caller forgets all. */
int cache_file_write(struct cache_file *file, const char *path, struct error *error);
/* Writes the file again with these values alone, and sets their new places; 0 in place of a damaged one. Nothing is waiting to be written. */
int cache_file_rewrite(struct cache_file *file, const char *path, struct cache_spot *spots, size_t count, struct error *error);
/* Gives back the memory of pages that were read. */
void cache_file_let_go(const struct cache_file *file);
/* As if it were not loaded; of a new struct, before the first use. */
void cache_file_forget(struct cache_file *file);

#endif
