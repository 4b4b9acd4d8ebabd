/*
 * Durable files: the only place that calls fsync, fdatasync, syncfs, rename and link
 * on the spool.
 *
 * The order everywhere: write, sync the file, rename, sync the folder, and only
 * then acknowledge. Close errors count. Every call here that changes the disk
 * first passes fsx_point(), where a test can stop the process dead.
 */
#ifndef LANPOST_BASE_FSX_H
#define LANPOST_BASE_FSX_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>
#include <sys/uio.h>

/* Tests set this to count or to die at the n-th change of the disk; NULL in production. */
extern void (*fsx_hook)(const char *what);
void fsx_point(const char *what);

/* Writes all of it, whatever EINTR and short writes do. */
int fsx_write(int fd, struct slice data, const char *path, struct error *error);
int fsx_writev(int fd, struct iovec *parts, int count, const char *path, struct error *error);
int fsx_sync_data(int fd, const char *path, struct error *error); /* fdatasync */
int fsx_sync_dir(const char *path, struct error *error);
/* Makes everything written so far on the file system that holds path durable (syncfs). */
int fsx_sync_filesystem(const char *path, struct error *error);
int fsx_close(int fd, const char *path, struct error *error);
int fsx_rename(const char *from, const char *to, struct error *error);
/* EEXIST if `to` is there. */
int fsx_link(const char *from, const char *to, struct error *error);
/* A file that is not there counts as removed. */
int fsx_unlink(const char *path, struct error *error);
/* Replaces path by data so that a crash leaves the old or the new content, then makes it durable. */
int fsx_replace(const char *path, struct slice data, unsigned mode, struct error *error);
/* Writes a new file in one go without a sync (the intake log holds the data). */
int fsx_create(const char *path, const struct slice *parts, size_t count, unsigned mode,
    struct error *error);
/* The same for a header of a multiple of FSX_BLOCK bytes and all of another file, whose blocks are shared where the file
 * system can (XFS, Btrfs); elsewhere the kernel copies. -1 where that cannot be: write the bytes then. */
#define FSX_BLOCK 4096
int fsx_create_sharing(const char *path, struct slice header, const char *source, unsigned mode, struct error *error);
int fsx_truncate(int fd, uint64_t size, const char *path, struct error *error);
/* Makes the folder and its parents, mode 0750; an existing one is fine. */
int fsx_make_dirs(const char *path, struct error *error);
/* Reads a whole file of at most limit bytes; *data is malloced, NUL-terminated, the caller's. */
int fsx_read(const char *path, size_t limit, char **data, size_t *len, struct error *error);
/* Maps a file for reading; an empty file gives ptr "" and len 0. Undo with fsx_unmap(). */
int fsx_map(const char *path, struct slice *data, struct error *error);
void fsx_unmap(struct slice data);
/* Whoever has read a mapped file asks this before relying on what was read. Returns -1 if the file was cut meanwhile or
 * could not be read (mapped.h); what could not be had was read as zeros. */
int fsx_check_map(struct slice data, struct error *error);
/* Takes an exclusive lock on an open file without waiting. Returns 0, or 1 if another
 * process holds it. The lock goes with the process, however it ends. */
int fsx_lock(int fd);
/* Opens (makes) a lock file and takes the lock, waiting up to so many seconds. Returns the descriptor that holds it, or
 * -1 (ERROR_TEMPORARY when time ran out). */
int fsx_lock_file(const char *path, int seconds, struct error *error);
/* Bytes free for us on the file system that holds path; UINT64_MAX if that cannot be told. */
uint64_t fsx_free_bytes(const char *path);

#endif
