#include "spool/mailbox/mail_archive.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/file/fsx.h"
#include "spool/layout_priv.h"
#include "spool/storage/mailbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#define PIECE 65536

static char *folder_of(const struct spool *spool, const char *user, int64_t time)
{
	time_t seconds = (time_t)time;
	struct tm tm;

	localtime_r(&seconds, &tm);
	return layout_archive_month(spool, user, tm.tm_year + 1900, tm.tm_mon + 1);
}

static int make_folders(const char *folder, struct error *error)
{
	static const char *const parts[] = {"tmp", "new", "cur"};
	int result = 0;

	for (size_t i = 0; i < ARRAY_LEN(parts) && result == 0; i++) {
		char *path = xasprintf("%s/%s", folder, parts[i]);

		result = fsx_make_dirs(path, error);
		free(path);
	}
	return result;
}

/* As read: archived messages are not new. */
static char *name_in_archive(const char *folder, const struct mailbox_message *message)
{
	const char *base = strrchr(message->file, '/') + 1;

	return xasprintf("%s/cur/%s%s", folder, base, strstr(base, ":2,") == NULL ? ":2,S" : "");
}

static bool same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* An existing copy may be from an attempt whose sync failed: it is written again. */
static int copy_to(const struct spool *spool, const char *user, const struct mailbox_message *message, const char *folder, const char *to,
    struct error *error)
{
	char *tmp = xasprintf("%s/tmp/%s", folder, strrchr(to, '/') + 1);
	struct slice bytes;
	int result = mailbox_open(spool, user, message, &bytes, error);

	if (result == 0) {
		result = fsx_create(tmp, &bytes, 1, 0600, error);
		if (result == 0)
			result = fsx_check_map(bytes, error);
		if (result == 0)
			result = fsx_rename(tmp, to, error);
		fsx_unmap(bytes);
	}
	free(tmp);
	return result;
}

int mail_archive_keep(const struct spool *spool, const char *user, const struct mailbox_message *message, struct error *error)
{
	char *folder = folder_of(spool, user, message->time), *to = name_in_archive(folder, message);
	char *mailbox = layout_mailbox(spool, user, ""), *from = xasprintf("%s/%s", mailbox, message->file);
	int result = make_folders(folder, error);

	if (result == 0 && !same_file(from, to) && fsx_link(from, to, error) != 0)
		result = copy_to(spool, user, message, folder, to, error);
	free(from);
	free(mailbox);
	free(to);
	free(folder);
	return result;
}

int mail_archive_sync(const struct spool *spool, struct error *error)
{
	return fsx_sync_filesystem(spool->folder, error);
}

/* --- mbox */

/* "From ", or the same after any number of ">". */
static bool is_from_line(struct slice line)
{
	while (line.len > 0 && line.ptr[0] == '>')
		line = slice_from(line, 1);
	return line.len >= 5 && memcmp(line.ptr, "From ", 5) == 0;
}

static void add_line(struct slice line, struct buf *out)
{
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	if (is_from_line(line))
		buf_append_byte(out, '>');
	buf_append_slice(out, line);
	buf_append_byte(out, '\n');
}

int mail_archive_append(int fd, const char *path, const struct spool *spool, const char *user, const struct mailbox_message *message,
    struct error *error)
{
	struct buf out = BUF_INIT(SIZE_MAX / 2);
	time_t seconds = (time_t)message->time;
	struct slice bytes, rest;
	char date[64];
	struct tm tm;
	int result = mailbox_open(spool, user, message, &bytes, error);

	if (result != 0)
		return -1;
	gmtime_r(&seconds, &tm);
	strftime(date, sizeof(date), "%a %b %e %H:%M:%S %Y", &tm);
	buf_printf(&out, "From MAILER-DAEMON %s\n", date);
	for (rest = bytes; rest.len > 0 && result == 0;) {
		add_line(slice_cut(&rest, '\n'), &out);
		if (out.len < PIECE)
			continue;
		result = fsx_write(fd, buf_slice(&out), path, error);
		buf_reset(&out);
	}
	buf_append_byte(&out, '\n');
	if (result == 0)
		result = fsx_write(fd, buf_slice(&out), path, error);
	if (result == 0)
		result = fsx_check_map(bytes, error);
	fsx_unmap(bytes);
	buf_clear(&out);
	return result;
}
