/* The folders of a user: which there are, and new ones. */
#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "spool/layout_priv.h"
#include "spool/mailbox/folder_priv.h"
#include "spool/mailbox_name.h"
#include "spool/storage/intake.h"
#include "spool/storage/mailbox.h"
#include "message/imap/folder_name.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_folder(int dir_fd, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR;
	return fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_if_folder(int dir_fd, const struct dirent *entry, struct strlist *names)
{
	struct buf name = BUF_INIT(4 * FOLDER_NAME_MAX);

	if (names->count < FOLDERS_MAX && folder_name_from_disk(slice_of(entry->d_name), &name) == 0 && is_folder(dir_fd, entry))
		strlist_add(names, buf_text(&name));
	buf_clear(&name);
}

int folder_names(const struct spool *spool, const char *user, struct strlist *names, struct error *error)
{
	char *path = layout_mailbox(spool, user, "");
	DIR *dir;
	struct dirent *entry;
	size_t before = names->count;
	int result = 0;

	if (spool->intake != NULL)
		intake_await(spool->intake, NULL); /* a delivery may make a folder */
	dir = opendir(path);
	if (dir == NULL && errno != ENOENT)
		result = error_errno(error, N_("cannot list %s"), path);
	while (dir != NULL && (errno = 0, entry = readdir(dir)) != NULL)
		add_if_folder(dirfd(dir), entry, names);
	if (dir != NULL && errno != 0)
		result = error_errno(error, N_("cannot list %s"), path);
	if (dir != NULL)
		closedir(dir);
	if (names->count > before + 1)
		qsort(names->items + before, names->count - before, sizeof(*names->items), by_bytes);
	free(path);
	return result;
}

int folder_exists(const struct spool *spool, const char *mailbox, struct error *error)
{
	char *path;
	struct stat st;
	int result;

	if (mailbox_name_folder(slice_of(mailbox)).len == 0)
		return 1;
	path = layout_mailbox(spool, mailbox, "");
	if (lstat(path, &st) == 0)
		result = S_ISDIR(st.st_mode);
	else
		result = errno == ENOENT || errno == ENOTDIR ? slice_is(mailbox_name_folder(slice_of(mailbox)), OUTBOX_FOLDER) : error_errno(error, N_("cannot read %s"), path);
	free(path);
	return result;
}

int folder_sync_names(const struct spool *spool, const char *mailbox, struct error *error)
{
	char *user = slice_dup(mailbox_name_user(slice_of(mailbox)));
	char *paths[] = {layout_mailbox(spool, mailbox, ""), layout_mailbox(spool, user, ""), layout_mailboxes(spool)};
	int result = 0;

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		if (result == 0)
			result = fsx_sync_dir(paths[i], error);
		free(paths[i]);
	}
	free(user);
	return result;
}

/* More than that are not listed, nor backed up. */
static int check_count(const struct spool *spool, const char *mailbox, struct error *error)
{
	struct strlist names = {NULL, 0};
	char *user = slice_dup(mailbox_name_user(slice_of(mailbox)));
	int result = folder_names(spool, user, &names, error);

	if (result == 0 && names.count >= FOLDERS_MAX)
		result = error_set(error, ERROR_LIMIT, N_("%s has %d folders, which is the limit"), user, FOLDERS_MAX);
	strlist_clear(&names);
	free(user);
	return result;
}

int folder_create(const struct spool *spool, const char *mailbox, struct error *error)
{
	int exists = folder_exists(spool, mailbox, error);

	if (exists < 0)
		return -1;
	if (exists > 0)
		return error_set(error, ERROR_PERMANENT, N_("the folder %s exists already"), mailbox);
	if (check_count(spool, mailbox, error) != 0 || mailbox_make(spool, mailbox, error) != 0)
		return -1;
	return folder_sync_names(spool, mailbox, error);
}
