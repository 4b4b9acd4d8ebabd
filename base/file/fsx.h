/*
 * Durable files: the only place that calls fsync, fdatasync, syncfs, rename and link
 * on the spool.
 *
 * The order is always: write, sync the file, rename, sync the folder, and only then acknowledge.
 * Close errors count. Every call here that changes the disk first calls fsx_point(), where a
 * test can kill the process or make the call fail.
 */
#ifndef LANPOST_BASE_FSX_H
#define LANPOST_BASE_FSX_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>
#include <sys/uio.h>

/* Tests set this to count, to die at the n-th change of the disk, or to make it fail: then it sets errno and returns -1,
 * else 0. path: the file that is changed; to: the second name (rename, link) or NULL. NULL in production. Atomic, as threads
 * of the intake may run when a test sets it. */
extern int (*_Atomic fsx_hook)(const char *what, const char *path, const char *to);
int fsx_point(const char *what, const char *path, const char *to);

/* Writes everything, in spite of EINTR and short writes. */
int fsx_write(int fd, struct slice data, const char *path, struct error *error);
int fsx_writev(int fd, struct iovec *parts, int count, const char *path, struct error *error);
int fsx_sync_data(int fd, const char *path, struct error *error); /* fdatasync */
int fsx_sync_dir(const char *path, struct error *error);
/* Makes everything written so far on the file system that holds path durable (syncfs). */
int fsx_sync_filesystem(const char *path, struct error *error);
/* A caller that syncs repeatedly opens the file system once, before the first write: the kernel reports a failed write
 * once to each descriptor that was open at the time, and perhaps never to one that is opened later. Returns a descriptor,
 * or -1. */
int fsx_open_filesystem(const char *path, struct error *error);
/* Returns -1 if a write since the last call failed: its data may be lost, even if the next call succeeds. */
int fsx_sync_opened(int fd, const char *path, struct error *error);
int fsx_close(int fd, const char *path, struct error *error);
int fsx_rename(const char *from, const char *to, struct error *error);
/* The same within an open folder, for many files: "cur/a" to "cur/b". path: of the folder. */
int fsx_rename_in(int folder, const char *path, const char *from, const char *to, struct error *error);
/* Replaces the file `to` by `from`. ENOENT if `to` does not exist (any more): then `from` stays. */
int fsx_swap_in(const char *from, const char *to, struct error *error);
/* EEXIST if `to` exists. */
int fsx_link(const char *from, const char *to, struct error *error);
/* A file that does not exist counts as removed. */
int fsx_unlink(const char *path, struct error *error);
/* Replaces path by data so that a crash leaves the old or the new content, then makes it durable. */
int fsx_replace(const char *path, struct slice data, unsigned mode, struct error *error);
/* The same, but keeps owner and mode of the file that is replaced. mode: for a new file. */
int fsx_replace_keeping(const char *path, struct slice data, unsigned mode, struct error *error);
#define FSX_PARTS_MAX 88
/* Writes a new file without a sync (the intake log has the data). count: at most FSX_PARTS_MAX. */
int fsx_create(const char *path, const struct slice *parts, size_t count, unsigned mode,
    struct error *error);
/* The same for a header of a multiple of FSX_BLOCK bytes and the whole of another file, whose blocks are shared if
 * the file system supports it (XFS, Btrfs); otherwise the kernel copies. Returns -1 if neither is possible: the
 * caller then writes the bytes. */
#define FSX_BLOCK 4096
int fsx_create_sharing(const char *path, struct slice header, const char *source, unsigned mode, struct error *error);
int fsx_truncate(int fd, uint64_t size, const char *path, struct error *error);
/* Makes the folder and its parents, mode 0750; an existing one is fine. */
int fsx_make_dirs(const char *path, struct error *error);
/* Reads a whole file of at most limit bytes; *data is malloced, NUL-terminated, the caller's. */
int fsx_read(const char *path, size_t limit, char **data, size_t *len, struct error *error);
/* Maps a file for reading; an empty file gives ptr "" and len 0. The caller calls fsx_unmap(). */
int fsx_map(const char *path, struct slice *data, struct error *error);
void fsx_unmap(struct slice data);
/* Releases bytes that were read and are not needed soon. Pages of a mapped file no longer count as our memory, but stay in
 * the system's cache; for any other memory nothing happens. Code that reads a whole large message calls this piece by
 * piece. */
void fsx_let_go(struct slice bytes);
/* A caller that has read a mapped file calls this before it relies on the content. Returns -1 if the file was truncated
 * meanwhile or could not be read (mapped.h); unreadable bytes were read as zeros. */
int fsx_check_map(struct slice data, struct error *error);
/* The content of a file on the disk compared with the expected content. */
enum fsx_match {
	FSX_SAME,
	FSX_REMAINS, /* truncated, zeros where it differs, or not readable: the result of a power cut or a lost write */
	FSX_OTHER,   /* other content */
};
/* Compares a file with the concatenated parts. Reads from the disk, not from the cache, as far as the file is synced.
 * Returns -1 if it cannot be opened or read for a temporary reason. */
int fsx_compare(const char *path, const struct slice *parts, size_t count, enum fsx_match *match, struct error *error);
/* Drops a synced file from the cache, so that the next read comes from the disk. */
void fsx_forget(const char *path);
/* Takes an exclusive lock on an open file without waiting; false if another process holds it.
 * The lock ends with the process. */
bool fsx_lock(int fd);
/* Opens or creates a lock file and takes the lock, waiting up to this many seconds. Returns the descriptor that holds
 * it, or -1 (ERROR_TEMPORARY when time ran out). */
int fsx_lock_file(const char *path, int seconds, struct error *error);
/* Bytes available to us on the file system of path; UINT64_MAX if not known. */
uint64_t fsx_free_bytes(const char *path);
/* The number of files that can still be created there, of *all; UINT64_MAX if the file system does not
 * limit them. */
uint64_t fsx_free_files(const char *path, uint64_t *all);

#endif
