/* Restores a backup: its file names are not trusted. */
#include "base/file/path.h"
#include "spool/maintenance/backup.h"

#include "base/alloc.h"
#include "base/file/archive.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/owned.h"
#include "base/process/service_user.h"
#include "config/ini_edit.h"
#include "spool/storage/folder.h"
#include "message/imap/folder_name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEPTH_MAX 8
#define CONFIG_MAX (2u << 20)

/* A folder of a mailbox. */
static bool is_folder(struct slice part)
{
	struct buf name = BUF_INIT(4 * FOLDER_NAME_MAX);
	bool result = folder_name_from_disk(part, &name) == 0;

	buf_clear(&name);
	return result;
}

/* mailboxes/ivan/.Sent/, below the folder of the spool */
static bool may_be_folder(const char *name, int depth)
{
	return strncmp(name, "mailboxes/", 10) == 0 && depth == 3;
}

/* No path out of the folder, no hidden and no unusual names. */
static bool is_good_name(const char *name)
{
	struct slice rest = slice_of(name);
	int depth = 0;

	if (rest.len == 0 || rest.len > 1000)
		return false;
	while (rest.ptr != NULL) {
		struct slice part = slice_cut(&rest, '/');

		if (part.len == 0 || part.len > 255 || ++depth > DEPTH_MAX ||
		    (part.ptr[0] == '.' && !(may_be_folder(name, depth) && rest.ptr != NULL && is_folder(part))))
			return false;
		for (size_t i = 0; i < part.len; i++)
			if ((unsigned char)part.ptr[i] < ' ' || part.ptr[i] == 0x7f)
				return false;
	}
	return true;
}

static int make_folder_of(const char *path, struct error *error)
{
	char *folder = path_folder(path);
	int result = fsx_make_dirs(folder, error);

	free(folder);
	return result;
}

static int put_file(struct archive_reader *archive, const char *path, unsigned mode, bool overwrite, struct error *error)
{
	int fd, result;

	if (make_folder_of(path, error) != 0)
		return -1;
	if (overwrite && unlink(path) != 0 && errno != ENOENT)
		return error_errno(error, N_("cannot replace %s"), path);
	fd = owned_open(path, O_WRONLY | O_EXCL | O_NOFOLLOW, mode & 0600);
	if (fd < 0 && errno == EEXIST)
		return error_set(error, ERROR_CONFIG, N_("%s already exists; --force replaces it"), path);
	if (fd < 0)
		return error_errno(error, N_("cannot write %s"), path);
	result = archive_reader_copy(archive, fd, error);
	return fsx_close(fd, path, error) == 0 ? result : -1;
}

static const char in_config[] = "config/", in_spool[] = "spool/";

/* The target of a name in the archive; NULL: none. New memory. */
static char *place_of(const char *name, const char *config, const char *folder)
{
	if (strncmp(name, in_config, strlen(in_config)) == 0)
		return is_good_name(name + strlen(in_config)) ? xasprintf("%s/%s", config, name + strlen(in_config)) : NULL;
	if (strncmp(name, in_spool, strlen(in_spool)) == 0)
		return is_good_name(name + strlen(in_spool)) ? xasprintf("%s/%s", folder, name + strlen(in_spool)) : NULL;
	return NULL;
}

/* A backup begins with the main file of the configuration. *main is the caller's. */
static int put_config(const char *path, char **main, struct error *error)
{
	if (*main == NULL)
		*main = xstrdup(path);
	return ini_edit_own(path, *main, error);
}

static bool is_of_config(const char *name)
{
	return strncmp(name, in_config, strlen(in_config)) == 0;
}

static int put_as_admin(struct archive_reader *archive, const char *path, unsigned mode, bool overwrite, struct error *error)
{
	bool paused = service_user_pause();
	int result = put_file(archive, path, mode, overwrite, error);

	service_user_resume(paused);
	return result;
}

static bool is_message(const char *name)
{
	return strncmp(name, "spool/mailboxes/", 16) == 0 && (strstr(name, "/new/") != NULL || strstr(name, "/cur/") != NULL);
}

static int put_all(struct archive_reader *archive, const struct backup_target *target, char **main, struct backup_counts *counts,
    struct error *error)
{
	const char *name;
	unsigned mode;
	enum archive_next next;

	while ((next = archive_reader_next(archive, &name, &mode, error)) == ARCHIVE_HAS_FILE) {
		char *path = place_of(name, target->config, target->spool);
		int result;

		if (path == NULL && strcmp(name, "README") == 0)
			continue;
		if (path == NULL)
			return error_set(error, ERROR_PROTOCOL, N_("this is not a backup of "
			    "lanpost: it contains other files"));
		result = (is_of_config(name) ? put_as_admin : put_file)(archive, path, mode, target->overwrite, error);
		if (result == 0 && is_of_config(name))
			result = put_config(path, main, error);
		free(path);
		if (result != 0)
			return -1;
		counts->files++;
		counts->messages += is_message(name);
		counts->queued += strncmp(name, "spool/queue/", 12) == 0 && strstr(name, ".env") != NULL;
	}
	if (next == ARCHIVE_IS_OVER && counts->files == 0)
		return error_set(error, ERROR_PROTOCOL, N_("this is not a backup of lanpost: it is empty"));
	return next == ARCHIVE_IS_OVER ? 0 : -1;
}

/* A configuration that is restored elsewhere must not name the original spool. */
static int name_spool(const char *main, const char *folder, struct error *error)
{
	struct buf text = BUF_INIT(CONFIG_MAX);
	char *whole = realpath(folder, NULL);
	int result = ini_edit_read(main, &text, error);

	if (result == 0)
		result = ini_edit_set(&text, "gateway", "", "spool", whole == NULL ? folder : whole, error);
	if (result == 0)
		result = ini_edit_write(main, &text, main, error);
	if (text.ptr != NULL)
		explicit_bzero(text.ptr, text.capacity);
	buf_clear(&text);
	free(whole);
	return result;
}

/* UIDs that were given since the backup would be given again, to other messages: a new UIDVALIDITY says so to IMAP programs. */
static int forget_uids(const char *folder, struct error *error)
{
	char *copy = xstrdup(folder);
	const struct spool spool = spool_at(copy);
	int result = folder_reset_uids(&spool, error);

	free(copy);
	return result;
}

int backup_restore(const char *path, const struct backup_target *target, struct backup_counts *counts, struct error *error)
{
	struct archive_reader *archive;
	char *main = NULL;
	bool paused;
	int result;

	*counts = (struct backup_counts){0};
	paused = service_user_pause();
	result = archive_reader_open(&archive, path, error);
	service_user_resume(paused);
	if (result != 0)
		return -1;
	result = put_all(archive, target, &main, counts, error);
	archive_reader_close(archive);
	if (result == 0 && target->elsewhere && main != NULL)
		result = name_spool(main, target->spool, error);
	if (result == 0)
		result = forget_uids(target->spool, error);
	/* They may be on two file systems. */
	paused = service_user_pause();
	if (result == 0 && main != NULL)
		result = fsx_sync_filesystem(target->config, error);
	service_user_resume(paused);
	if (result == 0)
		result = fsx_sync_filesystem(target->spool, error);
	free(main);
	return result;
}
