/* The end of folders, and new names: a folder that is renamed is a new one, into which the messages move. */
#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "spool/layout_priv.h"
#include "spool/mailbox/folder_priv.h"
#include "spool/mailbox/maildir_change.h"
#include "spool/mailbox_name.h"
#include "spool/storage/intake.h"
#include "spool/storage/mailbox.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define REMOVE_TRIES 5
#define MOVED_AT_ONCE 5000

/* What other programs and we keep beside the messages, and remains of deliveries. A copy that is in the log stays. */
static void unlink_rest(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && !maildir_change_is_waiting(entry->d_name))
			unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir != NULL)
		closedir(dir);
}

/* Returns false if something is in it: a message may just have been delivered. */
static bool remove_empty(const struct spool *spool, const char *mailbox)
{
	static const char *const parts[] = {"new", "cur", "tmp", ""};
	bool gone = true;

	for (size_t i = 0; i < ARRAY_LEN(parts) && gone; i++) {
		char *path = layout_mailbox(spool, mailbox, parts[i]);

		if (i >= 2)
			unlink_rest(path);
		gone = (fsx_point("rmdir", path, NULL) == 0 && rmdir(path) == 0) || errno == ENOENT;
		free(path);
	}
	return gone;
}

static int expunge_all(struct folder *folder, const char *unused, struct error *error)
{
	uint32_t *uids;
	size_t count = folder_uids(folder, &uids);
	int result = count > 0 ? folder_expunge(folder, uids, count, error) : 0;

	(void)unused;
	free(uids);
	return result;
}

/* Removes the folder if it is empty. Sessions that have it open see it empty. */
static bool remove_now(struct folder *folder)
{
	bool gone;

	pthread_mutex_lock(&folder->lock);
	gone = folder->table.live == 0 && remove_empty(folder->spool, folder->mailbox);
	folder->is_deleted = gone;
	pthread_mutex_unlock(&folder->lock);
	return gone;
}

static int sync_user(const struct spool *spool, const char *mailbox, struct error *error)
{
	char *user = slice_dup(mailbox_name_user(slice_of(mailbox)));
	int result = folder_sync_names(spool, user, error);

	free(user);
	return result;
}

/* empty: takes the messages out; new ones may arrive meanwhile. */
static int remove_folder(const struct spool *spool, const char *mailbox, int (*empty)(struct folder *, const char *, struct error *),
    const char *to, struct error *error)
{
	struct folder *folder;
	bool gone = false;
	int result = 0;

	if (folder_open(&folder, spool, mailbox, error) != 0)
		return -1;
	for (int tries = 0; tries < REMOVE_TRIES && result == 0 && !gone; tries++) {
		result = folder_refresh(folder, error) == 0 ? empty(folder, to, error) : -1;
		gone = result == 0 && remove_now(folder);
	}
	folder_close(folder);
	if (result == 0 && !gone)
		result = error_set(error, ERROR_TEMPORARY,
		    N_("the folder %s is in use: new messages arrive, or another program keeps files in it"), mailbox);
	return result == 0 ? sync_user(spool, mailbox, error) : -1;
}

int folder_delete(const struct spool *spool, const char *mailbox, struct error *error)
{
	if (mailbox_name_folder(slice_of(mailbox)).len == 0)
		return error_set(error, ERROR_PERMANENT, N_("the INBOX cannot be deleted"));
	/* A message that was moved out of it may still have its file there. */
	if (intake_has_changes_left(spool->intake))
		return error_set(error, ERROR_TEMPORARY, N_("earlier changes are not on the disk yet; try again in a minute"));
	return remove_folder(spool, mailbox, expunge_all, NULL, error);
}

/* A bounded number at a time. */
static int move_all(struct folder *folder, const char *to, struct error *error)
{
	uint32_t *uids, *to_uids, validity;
	size_t count = folder_uids(folder, &uids);
	int result = 0;

	to_uids = xcalloc(count + 1, sizeof(*to_uids));
	for (size_t at = 0; at < count && result == 0; at += MOVED_AT_ONCE) {
		size_t some = count - at < MOVED_AT_ONCE ? count - at : MOVED_AT_ONCE;

		result = folder_move(folder, uids + at, some, to, to_uids, &validity, error);
	}
	free(to_uids);
	free(uids);
	return result;
}

static int rename_inbox(const struct spool *spool, const char *user, const char *to, struct error *error)
{
	struct folder *folder;
	int result;

	if (folder_create(spool, to, error) != 0 || folder_open(&folder, spool, user, error) != 0)
		return -1;
	result = move_all(folder, to, error);
	folder_close(folder);
	return result;
}

/* The names there are durable before the folder that they came from is gone: a disk may keep the two in any order. */
static int move_all_durably(struct folder *folder, const char *to, struct error *error)
{
	static const char *const parts[] = {"new", "cur"};
	int result = move_all(folder, to, error);

	for (size_t i = 0; i < ARRAY_LEN(parts) && result == 0; i++) {
		char *path = layout_mailbox(folder->spool, to, parts[i]);

		result = fsx_sync_dir(path, error);
		free(path);
	}
	return result;
}

/* As moves of all messages: they are in the log, and need no facts of another kind. */
static int rename_one(const struct spool *spool, const char *from, const char *to, struct error *error)
{
	return folder_create(spool, to, error) == 0 ? remove_folder(spool, from, move_all_durably, to, error) : -1;
}

static bool is_below(const char *name, const char *parent)
{
	size_t len = strlen(parent);

	return strncmp(name, parent, len) == 0 && (name[len] == '\0' || name[len] == '/');
}

static int rename_all(const struct spool *spool, const struct strlist *names, const char *from, const char *to, bool dry, struct error *error)
{
	int result = 0;

	for (size_t i = 0; i < names->count && result == 0; i++) {
		char *name;

		if (!is_below(names->items[i], from))
			continue;
		name = xasprintf("%s%s", to, names->items[i] + strlen(from));
		if (!mailbox_name_is_valid(slice_of(name)))
			result = error_set(error, ERROR_PERMANENT, N_("the name of the folder %s would be too long"), names->items[i]);
		else if (dry && folder_exists(spool, name, error) != 0)
			result = error_set(error, ERROR_PERMANENT, N_("the folder %s exists already"), name);
		else if (!dry)
			result = rename_one(spool, names->items[i], name, error);
		free(name);
	}
	return result;
}

static bool are_some_below(const struct strlist *names, const char *parent)
{
	for (size_t i = 0; i < names->count; i++)
		if (is_below(names->items[i], parent))
			return true;
	return false;
}

int folder_rename(const struct spool *spool, const char *from, const char *to, struct error *error)
{
	char *user = slice_dup(mailbox_name_user(slice_of(from)));
	struct strlist names = {0};
	int result;

	if (strcmp(from, user) == 0) {
		free(user);
		return rename_inbox(spool, from, to, error);
	}
	result = mailbox_names(spool, user, &names, error);
	if (result == 0 && !are_some_below(&names, from))
		result = error_set(error, ERROR_PERMANENT, N_("there is no folder %s"), from);
	if (result == 0 && is_below(to, from))
		result = error_set(error, ERROR_PERMANENT, N_("the folder %s cannot be put into itself"), from);
	if (result == 0)
		result = rename_all(spool, &names, from, to, true, error);
	if (result == 0)
		result = rename_all(spool, &names, from, to, false, error);
	strlist_clear(&names);
	free(user);
	return result;
}
