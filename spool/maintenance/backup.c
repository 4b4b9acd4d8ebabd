#include "spool/maintenance/backup.h"

#include "base/alloc.h"
#include "base/file/archive.h"
#include "base/clock.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/file/path.h"
#include "base/process/service_user.h"
#include "config/ini_secret.h"
#include "message/imap/folder_name.h"
#include "spool/layout_priv.h"
#include "spool/queue/queue_priv.h"
#include "spool/log/wal.h"
#include "spool/log/wal_hold.h"
#include "spool/mailbox_name.h"
#include "spool/storage/folder.h"
#include "spool/storage/mailbox.h"
#include "spool/storage/state.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENVELOPE_MAX (8u << 20)
#define CONFIG_MAX (2u << 20)

struct backup {
	const struct conf *conf;
	const struct spool *spool;
	struct archive_writer *archive;
	struct backup_counts *counts;
	bool with_passwords;
};

static int add_bytes(struct backup *backup, const char *name, struct slice bytes, unsigned mode, struct error *error)
{
	backup->counts->files++;
	return archive_writer_add(backup->archive, name, bytes, mode, clock_wall(), error);
}

/* A file that is gone by now is not an error. */
static int add_file(struct backup *backup, const char *name, const char *path, struct error *error)
{
	bool is_gone;

	if (archive_writer_add_file(backup->archive, name, path, &is_gone, error) != 0)
		return -1;
	backup->counts->files += !is_gone;
	return 0;
}

/* --- the configuration */

static int add_config(struct backup *backup, const char *path, struct error *error)
{
	char *name = xasprintf("config/%s", path_name(path)), *text;
	struct buf stripped = BUF_INIT(2 * CONFIG_MAX);
	bool paused;
	size_t len;
	int result;

	paused = service_user_pause();
	result = fsx_read(path, CONFIG_MAX, &text, &len, error);
	service_user_resume(paused);
	if (result != 0) {
		free(name);
		return -1;
	}
	if (!backup->with_passwords)
		ini_without_secrets(slice_make(text, len), &stripped);
	result = add_bytes(backup, name, backup->with_passwords ? slice_make(text, len) : buf_slice(&stripped), 0600, error);
	buf_clear(&stripped);
	free(text);
	free(name);
	return result;
}

static int add_configuration(struct backup *backup, struct error *error)
{
	struct buf note = BUF_INIT(4096);
	char date[64];
	int result;

	buf_printf(&note, "lanpost %s\nhost %s\ndate %s\nspool %s\npasswords %s\n", LANPOST_VERSION,
	    backup->conf->gateway.hostname, clock_rfc5322(date, sizeof(date), clock_wall()), backup->spool->folder,
	    backup->with_passwords ? "yes" : BACKUP_LEFT_OUT);
	result = add_bytes(backup, "README", buf_slice(&note), 0600, error);
	buf_clear(&note);
	for (size_t i = 0; i < backup->conf->files.count && result == 0; i++)
		result = add_config(backup, backup->conf->files.items[i], error);
	return result;
}

/* --- mailboxes */

/* The name in the archive of a file of a mailbox: its path below the spool's folder. */
static char *name_of(const struct backup *backup, const char *mailbox, const char *file)
{
	char *path = layout_mailbox(backup->spool, mailbox, file);
	char *name = xasprintf("spool%s", path + strlen(backup->spool->folder));

	free(path);
	return name;
}

static int add_message(struct backup *backup, const char *user, const struct mailbox_message *message, struct error *error)
{
	char *name = name_of(backup, user, message->file);
	struct slice bytes;
	int result = 0;

	if (mailbox_open(backup->spool, user, message, &bytes, error) == 0) {
		result = archive_writer_add(backup->archive, name, bytes, 0600, message->time, error);
		if (result == 0)
			result = fsx_check_map(bytes, error);
		fsx_unmap(bytes);
		backup->counts->messages++;
		backup->counts->files++;
	} /* else it was removed, and its removal is in the log */
	free(name);
	return result;
}

/* What the people of a shared mailbox have seen. */
static int add_seen(struct backup *backup, const char *mailbox, struct error *error)
{
	struct strlist people = {NULL, 0};
	int result = folder_people(backup->spool, mailbox, &people, error);

	for (size_t i = 0; i < people.count && result == 0; i++) {
		char *file = folder_seen_file(people.items[i]), *path = layout_mailbox(backup->spool, mailbox, file);
		char *name = name_of(backup, mailbox, file);

		result = add_file(backup, name, path, error);
		free(name);
		free(path);
		free(file);
	}
	strlist_clear(&people);
	return result;
}

/* The names of keywords and subscriptions, and the mark of a folder, so that an empty one is there again. The UIDs are not restored: they may
 * have been given to other messages since. */
static int add_notes(struct backup *backup, const char *mailbox, struct error *error)
{
	static const char *const files[] = {"maildirfolder", "dovecot-keywords", "subscriptions", "lanpost-shared", "lanpost-uidvalidity"};
	int result = 0;

	for (size_t i = 0; i < ARRAY_LEN(files) && result == 0; i++) {
		char *path = layout_mailbox(backup->spool, mailbox, files[i]), *name = name_of(backup, mailbox, files[i]);

		result = add_file(backup, name, path, error);
		free(name);
		free(path);
	}
	return result == 0 ? add_seen(backup, mailbox, error) : -1;
}

static int add_mailbox(struct backup *backup, const char *user, struct error *error)
{
	struct mailbox_list list;
	int result = mailbox_list(backup->spool, user, &list, error);

	for (size_t i = 0; i < list.count && result == 0; i++)
		result = add_message(backup, user, &list.items[i], error);
	mailbox_list_clear(&list);
	return result == 0 ? add_notes(backup, user, error) : -1;
}

/* A user's mailbox with all its folders. */
static int add_user(struct backup *backup, const char *user, struct error *error)
{
	struct strlist mailboxes = {0};
	int result = mailbox_names(backup->spool, user, &mailboxes, error);

	for (size_t i = 0; i < mailboxes.count && result == 0; i++)
		result = add_mailbox(backup, mailboxes.items[i], error);
	strlist_clear(&mailboxes);
	return result;
}

static int add_mailboxes(struct backup *backup, struct error *error)
{
	char *path = layout_mailboxes(backup->spool);
	DIR *dir = opendir(path);
	struct dirent *entry;
	int result = 0;

	free(path);
	while (dir != NULL && result == 0 && (entry = readdir(dir)) != NULL)
		if (mailbox_name_is_valid(slice_of(entry->d_name)))
			result = add_user(backup, entry->d_name, error);
	if (dir != NULL)
		closedir(dir);
	return result;
}

/* --- the queue */

/* The envelope second: without its message it would count as damaged. */
static int add_entry(struct backup *backup, const struct queue_item *item, struct error *error)
{
	const char *state = queue_state_names[item->state];
	char *message = queue_message_path(backup->spool, item, error);
	char *envelope = layout_queue_file(backup->spool, item->state, item->id.text, ".env");
	char *name = xasprintf("spool/queue/%s/%s.msg", state, item->id.text), *text = NULL;
	size_t len;
	int result = message == NULL ? (error->saved_errno == ENOENT ? 0 : -1) : add_file(backup, name, message, error);

	free(name);
	name = xasprintf("spool/queue/%s/%s.env", state, item->id.text);
	if (result == 0 && message != NULL && fsx_read(envelope, ENVELOPE_MAX, &text, &len, error) == 0) {
		result = add_bytes(backup, name, slice_make(text, len), 0600, error);
		backup->counts->queued++;
	}
	free(text);
	free(name);
	free(envelope);
	free(message);
	return result;
}

/* No entry moves meanwhile: sessions wait for the lock before they change one. */
static int add_queue(struct backup *backup, struct error *error)
{
	struct queue_items items = {0};
	int lock = queue_lock(backup->spool, error);
	int result = lock < 0 ? -1 : queue_list(backup->spool, (1u << QUEUE_STATES) - 1, &items, error);

	for (size_t i = 0; i < items.count && result == 0; i++)
		result = add_entry(backup, &items.items[i], error);
	queue_items_clear(&items);
	if (lock >= 0)
		close(lock);
	return result;
}

/* --- the rest */

/* Folders of an archived mailbox begin with a dot. */
static bool is_shown(const char *name)
{
	struct buf folder = BUF_INIT(4 * FOLDER_NAME_MAX);
	bool is_folder = name[0] == '.' && folder_name_from_disk(slice_of(name), &folder) == 0;

	buf_clear(&folder);
	return name[0] != '.' || is_folder;
}

/* All regular files of a folder of the spool except locks, and those of its subfolders. */
static int add_folder(struct backup *backup, const char *folder, int depth, struct error *error)
{
	char *path = xasprintf("%s/%s", backup->spool->folder, folder);
	DIR *dir = opendir(path);
	struct dirent *entry;
	int result = 0;

	while (dir != NULL && result == 0 && (entry = readdir(dir)) != NULL) {
		char *inner = xasprintf("%s/%s", folder, entry->d_name), *name = xasprintf("spool/%s", inner);
		char *file = xasprintf("%s/%s", backup->spool->folder, inner);
		size_t len = strlen(entry->d_name);
		struct stat status;

		if (is_shown(entry->d_name) && (len < 5 || strcmp(entry->d_name + len - 5, ".lock") != 0) &&
		    !(strcmp(folder, "wal") == 0 && wal_is_spare(entry->d_name, NULL)) &&
		    lstat(file, &status) == 0) {
			if (S_ISREG(status.st_mode))
				result = add_file(backup, name, file, error);
			else if (S_ISDIR(status.st_mode) && depth > 0)
				result = add_folder(backup, inner, depth - 1, error);
		}
		free(inner);
		free(name);
		free(file);
	}
	if (dir != NULL)
		closedir(dir);
	free(path);
	return result;
}

static int add_state(struct backup *backup, struct state *state, struct error *error)
{
	char *copy = xasprintf("%s/state.backup.%d", backup->spool->folder, (int)getpid());
	struct error ignored;
	int result = state_copy(state, copy, error);

	if (result == 0)
		result = add_file(backup, "spool/state.db", copy, error);
	fsx_unlink(copy, &ignored);
	free(copy);
	return result;
}

/* While the log is held, no segment is removed. The log is copied after the mailboxes and the queue: it has the
 * messages that were accepted meanwhile, and the removals. The archive is copied after the log: a message is in the
 * archive before its removal from the mailbox is in the log, so the copy of the archive has every message that the copy
 * of the log removes. */
static int add_spool(struct backup *backup, struct error *error)
{
	int hold = wal_hold(backup->spool, error), result;

	if (hold < 0)
		return -1;
	result = add_mailboxes(backup, error);
	if (result == 0)
		result = add_queue(backup, error);
	if (result == 0 && backup->with_passwords)
		result = add_folder(backup, "tls", 0, error);
	if (result == 0 && backup->with_passwords)
		result = add_folder(backup, "sign-in", 0, error);
	if (result == 0)
		result = add_state(backup, backup->spool->state, error);
	if (result == 0)
		result = add_folder(backup, "wal", 0, error);
	if (result == 0)
		result = add_folder(backup, "archive", 5, error);
	close(hold);
	return result;
}

int backup_write(const struct conf *conf, const struct spool *spool, const char *path, bool with_passwords,
    struct backup_counts *counts, struct error *error)
{
	struct backup backup = {.conf = conf, .spool = spool, .counts = counts, .with_passwords = with_passwords};
	bool paused;
	int result;

	*counts = (struct backup_counts){0};
	paused = service_user_pause(); /* the file belongs to the admin */
	result = archive_writer_open(&backup.archive, path, error);
	service_user_resume(paused);
	if (result != 0)
		return -1;
	result = add_configuration(&backup, error);
	if (result == 0)
		result = add_spool(&backup, error);
	paused = service_user_pause();
	if (result == 0)
		result = archive_writer_finish(backup.archive, error);
	else
		archive_writer_abandon(backup.archive);
	service_user_resume(paused);
	return result;
}
