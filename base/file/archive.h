/*
 * tar archives (pax), written and read by libarchive; compressed according to the file name (.gz, .zst,
 * .xz).
 *
 * A new archive is written to a temporary file, readable by its owner only, and renamed when it is complete
 * and durable.
 */
#ifndef LANPOST_BASE_ARCHIVE_H
#define LANPOST_BASE_ARCHIVE_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

struct archive_writer;

/* path must not exist yet. */
int archive_writer_open(struct archive_writer **writer, const char *path, struct error *error);
int archive_writer_add(struct archive_writer *writer, const char *name, struct slice bytes, unsigned mode,
    int64_t mtime, struct error *error);
/* Adds the current content of a file. *is_gone: the file does not exist; this is not an error. */
int archive_writer_add_file(struct archive_writer *writer, const char *name, const char *path, bool *is_gone, struct error *error);
/* Makes the archive durable and renames it to its path. Frees the writer in any case. */
int archive_writer_finish(struct archive_writer *writer, struct error *error);
void archive_writer_abandon(struct archive_writer *writer); /* accepts NULL */

struct archive_reader;

int archive_reader_open(struct archive_reader **reader, const char *path, struct error *error);
void archive_reader_close(struct archive_reader *reader); /* accepts NULL */
enum archive_next {
	ARCHIVE_HAS_FILE,
	ARCHIVE_IS_OVER,
	ARCHIVE_IS_UNREADABLE, /* see the error */
};
/* Reads the next regular file; others are skipped. *name is valid until the next call. */
enum archive_next archive_reader_next(struct archive_reader *reader, const char **name, unsigned *mode, struct error *error);
/* Writes the file's bytes to an open file. */
int archive_reader_copy(struct archive_reader *reader, int fd, struct error *error);

#endif
