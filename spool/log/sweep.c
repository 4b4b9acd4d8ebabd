/*
 * Removes leftovers of crashes that are older than a day; spare segments of our own name at once.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "spool/log/intake_priv.h"
#include "spool/layout_priv.h"
#include "spool/mailbox/maildir_change.h"
#include "spool/mailbox_name.h"
#include "spool/storage/mailbox.h"
#include "spool/storage/queue.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SWEEP_AGE (24 * 3600)

typedef bool (*stray_fn)(const struct spool *spool, const char *name);

static bool any_stray(const struct spool *spool, const char *name)
{
	(void)spool;
	(void)name;
	return true;
}

/* A copy that waits for its record, or whose record waits for recovery, is not touched while anything is owed. */
static bool delivery_stray(const struct spool *spool, const char *name)
{
	(void)spool;
	return !maildir_change_is_waiting(name);
}

static bool wal_stray(const struct spool *spool, const char *name)
{
	size_t len = strlen(name);

	(void)spool;
	return wal_is_spare(name, NULL) || (len > 4 && strcmp(name + len - 4, ".msg") == 0);
}

static bool queue_stray(const struct spool *spool, const char *name)
{
	struct msgid id;
	enum queue_state state;
	struct error error;

	if (strlen(name) < MSGID_LEN || strstr(name, ".env") != NULL)
		return false;
	snprintf(id.text, sizeof(id.text), "%s", name);
	return queue_find(spool, &id, &state, &error) == 0;
}

/* A copy that waits for its record is a link: it has the time of its source. */
static int64_t touched(const struct stat *st, const char *name)
{
	return maildir_change_is_waiting(name) ? st->st_ctime : st->st_mtime;
}

static void sweep_folder(const struct spool *spool, const char *folder, stray_fn is_stray)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	struct stat st;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' && is_stray(spool, entry->d_name) &&
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && touched(&st, entry->d_name) + SWEEP_AGE < clock_wall())
			unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir != NULL)
		closedir(dir);
}

/* Those of our predecessor are unused: there is one process per writer name. */
static void sweep_spares(const struct intake *intake)
{
	char *folder = layout_wal(intake->spool, "");
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (wal_is_spare(entry->d_name, intake->writer))
			unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir != NULL)
		closedir(dir);
	free(folder);
}

static void sweep_mailboxes(const struct intake *intake)
{
	struct strlist users = {0}, mailboxes = {0};
	struct error error;

	mailbox_users(intake->spool, &users);
	strlist_add(&users, MAILBOX_QUARANTINE);
	strlist_add(&users, MAILBOX_LEARN);
	for (size_t i = 0; i < users.count; i++)
		if (mailbox_names(intake->spool, users.items[i], &mailboxes, &error) != 0)
			log_warnx("event=mailbox-unreadable user=%s reason=%s", LOG_CSTR(users.items[i]), LOG_ERROR(&error));
	for (size_t i = 0; i < mailboxes.count; i++) {
		char *tmp = layout_mailbox(intake->spool, mailboxes.items[i], "tmp");

		sweep_folder(intake->spool, tmp, intake->owed ? delivery_stray : any_stray);
		free(tmp);
	}
	strlist_clear(&mailboxes);
	strlist_clear(&users);
}

void sweep_spool(const struct intake *intake)
{
	char *path;

	sweep_mailboxes(intake);
	sweep_spares(intake);
	/* A body file is removed only if nothing is owed: a record may still name it. */
	if (!intake->owed) {
		path = layout_wal(intake->spool, "");
		sweep_folder(intake->spool, path, wal_stray);
		free(path);
	}
	for (int state = 0; state < QUEUE_CORRUPT; state++) {
		char *folder = layout_queue(intake->spool, (enum queue_state)state);

		sweep_folder(intake->spool, folder, queue_stray);
		free(folder);
	}
}
