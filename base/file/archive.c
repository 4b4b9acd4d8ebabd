#include "base/file/archive.h"

#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/owned.h"
#include "base/file/path.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 65536

struct archive_writer {
	struct archive *archive;
	char *path, *part; /* the final path, and the path that is written */
	int fd;
};

struct archive_reader {
	struct archive *archive;
	char *path;
};

static int failed(struct archive *archive, const char *path, struct error *error)
{
	int code = archive_errno(archive);

	/* libarchive reports a file of unknown format as EILSEQ (EFTYPE on other systems). */
	const char *why = code > 0 && code != EILSEQ ? error_errno_word(code) : N_("cannot read the "
	    "file as an archive");

	log_info("event=archive-failed path=%s reason=%s", LOG_CSTR(path),
	    LOG_CSTR(archive_error_string(archive) != NULL ? archive_error_string(archive) : ""));
	return error_set(error, code == ENOSPC ? ERROR_TEMPORARY : ERROR_IO, "%s: %s", path, PHRASE_WORD(why));
}

/* --- writing */

static int start(struct archive_writer *writer, struct error *error)
{
	writer->archive = archive_write_new();
	if (writer->archive == NULL || archive_write_set_format_pax_restricted(writer->archive) != ARCHIVE_OK ||
	    archive_write_add_filter_none(writer->archive) != ARCHIVE_OK)
		return error_set(error, ERROR_IO, N_("libarchive: out of memory"));
	archive_write_set_format_filter_by_ext_def(writer->archive, writer->path, ".tar");
	archive_write_set_format_pax_restricted(writer->archive);
	if (archive_write_open_fd(writer->archive, writer->fd) != ARCHIVE_OK)
		return failed(writer->archive, writer->part, error);
	return 0;
}

int archive_writer_open(struct archive_writer **writer, const char *path, struct error *error)
{
	struct archive_writer *made;

	if (access(path, F_OK) == 0)
		return error_set(error, ERROR_CONFIG, N_("%s already exists"), path);
	made = xcalloc(1, sizeof(*made));
	made->path = xstrdup(path);
	made->part = xasprintf("%s.part", path);
	/* One that is there is of a backup that was broken off, or in a public folder it belongs to a user who wants to
	 * read ours. */
	unlink(made->part);
	made->fd = owned_open(made->part, O_RDWR | O_EXCL | O_NOFOLLOW, 0600);
	if (made->fd < 0)
		error_errno(error, N_("cannot write %s"), made->part);
	if (made->fd < 0 || fchmod(made->fd, 0600) != 0 || start(made, error) != 0) {
		archive_writer_abandon(made);
		return -1;
	}
	*writer = made;
	return 0;
}

static int put_entry(struct archive_writer *writer, const char *name, struct slice bytes, unsigned mode, int64_t mtime,
    struct error *error)
{
	struct archive_entry *entry = archive_entry_new();
	int result;

	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, mode & 0777);
	archive_entry_set_size(entry, (int64_t)bytes.len);
	archive_entry_set_mtime(entry, (time_t)mtime, 0);
	result = archive_write_header(writer->archive, entry) == ARCHIVE_OK ? 0 : failed(writer->archive, name, error);
	archive_entry_free(entry);
	while (result == 0 && bytes.len > 0) {
		la_ssize_t done = archive_write_data(writer->archive, bytes.ptr, bytes.len < BLOCK ? bytes.len : BLOCK);

		if (done <= 0)
			return failed(writer->archive, writer->part, error);
		bytes = slice_from(bytes, (size_t)done);
	}
	return result;
}

int archive_writer_add(struct archive_writer *writer, const char *name, struct slice bytes, unsigned mode,
    int64_t mtime, struct error *error)
{
	return put_entry(writer, name, bytes, mode, mtime, error);
}

int archive_writer_add_file(struct archive_writer *writer, const char *name, const char *path, bool *is_gone, struct error *error)
{
	struct slice bytes;
	struct stat status;
	int result;

	*is_gone = false;
	if (stat(path, &status) != 0 || fsx_map(path, &bytes, error) != 0) {
		*is_gone = errno == ENOENT;
		return *is_gone ? 0 : error_errno(error, N_("cannot read %s"), path);
	}
	result = put_entry(writer, name, bytes, status.st_mode, status.st_mtime, error);
	if (result == 0)
		result = fsx_check_map(bytes, error);
	fsx_unmap(bytes);
	return result;
}

int archive_writer_finish(struct archive_writer *writer, struct error *error)
{
	char *folder = path_folder(writer->path);
	int result = archive_write_close(writer->archive) == ARCHIVE_OK ? 0 : failed(writer->archive, writer->part, error);

	if (result == 0)
		result = fsx_sync_data(writer->fd, writer->part, error);
	if (result == 0)
		result = fsx_rename(writer->part, writer->path, error);
	if (result == 0)
		result = fsx_sync_dir(folder, error);
	free(folder);
	if (result == 0) {
		free(writer->part);
		writer->part = NULL;
	}
	archive_writer_abandon(writer);
	return result;
}

void archive_writer_abandon(struct archive_writer *writer)
{
	struct error ignored;

	if (writer == NULL)
		return;
	if (writer->archive != NULL)
		archive_write_free(writer->archive);
	if (writer->fd >= 0)
		close(writer->fd);
	if (writer->part != NULL)
		fsx_unlink(writer->part, &ignored);
	free(writer->part);
	free(writer->path);
	free(writer);
}

/* --- reading */

/* Only the formats that are written: for some others libarchive runs programs (grzip, lrzip, lzop), and restore runs as
 * root. */
static void allow_filters(struct archive *archive)
{
	archive_read_support_filter_none(archive);
	archive_read_support_filter_gzip(archive);
	archive_read_support_filter_bzip2(archive);
	archive_read_support_filter_xz(archive);
	archive_read_support_filter_zstd(archive);
}

int archive_reader_open(struct archive_reader **reader, const char *path, struct error *error)
{
	struct archive_reader *made = xcalloc(1, sizeof(*made));

	made->path = xstrdup(path);
	made->archive = archive_read_new();
	allow_filters(made->archive);
	archive_read_support_format_tar(made->archive);
	if (archive_read_open_filename(made->archive, path, BLOCK) != ARCHIVE_OK) {
		failed(made->archive, path, error);
		archive_reader_close(made);
		return -1;
	}
	*reader = made;
	return 0;
}

void archive_reader_close(struct archive_reader *reader)
{
	if (reader == NULL)
		return;
	archive_read_free(reader->archive);
	free(reader->path);
	free(reader);
}

enum archive_next archive_reader_next(struct archive_reader *reader, const char **name, unsigned *mode, struct error *error)
{
	struct archive_entry *entry;

	for (;;) {
		int result = archive_read_next_header(reader->archive, &entry);

		if (result == ARCHIVE_EOF)
			return ARCHIVE_IS_OVER;
		if (result != ARCHIVE_OK) {
			failed(reader->archive, reader->path, error);
			return ARCHIVE_IS_UNREADABLE;
		}
		if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != NULL)
			continue;
		*name = archive_entry_pathname(entry);
		*mode = archive_entry_perm(entry);
		if (*name != NULL)
			return ARCHIVE_HAS_FILE;
	}
}

int archive_reader_copy(struct archive_reader *reader, int fd, struct error *error)
{
	if (archive_read_data_into_fd(reader->archive, fd) != ARCHIVE_OK)
		return failed(reader->archive, reader->path, error);
	return 0;
}
