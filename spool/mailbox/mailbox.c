/* Mailboxes as folders: which there are, and how large they are. */
#include "spool/storage/mailbox.h"

#include "base/alloc.h"
#include "base/file/fsx.h"
#include "config/conf.h"
#include "spool/layout_priv.h"
#include "spool/mailbox_name.h"
#include "spool/storage/folder.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Maildir++: this file marks a folder, for programs that deliver into it. */
static int mark_folder(const char *base, struct error *error)
{
	char *path = xasprintf("%s/maildirfolder", base);
	int result = access(path, F_OK) == 0 ? 0 : fsx_create(path, NULL, 0, 0600, error);

	free(path);
	return result;
}

int mailbox_make(const struct spool *spool, const char *mailbox, struct error *error)
{
	static const char *const all[] = {"tmp", "new", "cur"};
	char *base = layout_mailbox(spool, mailbox, "");
	int result = 0;

	for (size_t i = 0; i < ARRAY_LEN(all) && result == 0; i++) {
		char *path = xasprintf("%s/%s", base, all[i]);

		result = fsx_make_dirs(path, error);
		free(path);
	}
	if (result == 0 && mailbox_name_folder(slice_of(mailbox)).len > 0)
		result = mark_folder(base, error);
	free(base);
	return result;
}

/* Adds those of one mailbox without its folders. */
static int add_bytes(const struct spool *spool, const char *mailbox, bool sizes, uint64_t *bytes, size_t *messages, struct error *error)
{
	struct mailbox_list list;
	struct error gone;

	if (mailbox_list(spool, mailbox, &list, error) != 0)
		return -1;
	for (size_t i = 0; i < list.count && sizes; i++)
		if (list.items[i].size_known || mailbox_size(spool, mailbox, &list.items[i], &gone) == 0)
			*bytes += list.items[i].size;
	*messages += list.count;
	mailbox_list_clear(&list);
	return 0;
}

int mailbox_bytes(const struct spool *spool, const char *mailbox, uint64_t *bytes, size_t *messages, struct error *error)
{
	bool is_user = mailbox_name_folder(slice_of(mailbox)).len == 0;
	struct strlist all = {0};
	uint64_t sum = 0;
	size_t count = 0;
	int result = is_user ? mailbox_names(spool, mailbox, &all, error) : 0;

	if (!is_user)
		strlist_add(&all, mailbox);
	for (size_t i = 0; i < all.count && result == 0; i++)
		result = add_bytes(spool, all.items[i], bytes != NULL, &sum, &count, error);
	strlist_clear(&all);
	if (bytes != NULL)
		*bytes = sum;
	if (messages != NULL)
		*messages = count;
	return result;
}

int mailbox_names(const struct spool *spool, const char *user, struct strlist *names, struct error *error)
{
	struct strlist folders = {0};
	int result = folder_names(spool, user, &folders, error);

	if (result == 0)
		strlist_add(names, user);
	for (size_t i = 0; i < folders.count && result == 0; i++) {
		char *name = mailbox_name_of(user, folders.items[i]);

		strlist_add(names, name);
		free(name);
	}
	strlist_clear(&folders);
	return result;
}

void mailbox_users(const struct spool *spool, struct strlist *users)
{
	char *path = layout_mailboxes(spool);
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		if (conf_is_mailbox_name(slice_of(entries[i]->d_name)))
			strlist_add(users, entries[i]->d_name);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	free(path);
}

int64_t mailbox_file_since(const struct spool *spool, const char *mailbox, const struct mailbox_message *message)
{
	char *path = layout_mailbox(spool, mailbox, message->file);
	struct stat st;
	bool is_there = stat(path, &st) == 0;

	free(path);
	return is_there ? (int64_t)st.st_ctim.tv_sec * 1000000 + st.st_ctim.tv_nsec / 1000 : 0;
}
