/*
 * Outbox: what a user has submitted and waits in the queue, as a folder of their mailbox.
 *
 * It is made from the queue at each look. A file without content stands for each entry, in the folder lanpost-outbox, which no other program
 * takes for a folder of mail; beside it the UIDs are kept like those of other folders. The bytes are those of the queue.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "spool/layout_priv.h"
#include "spool/mailbox/folder_priv.h"
#include "spool/mailbox/maildir.h"
#include "spool/mailbox/maildir_flags.h"
#include "spool/mailbox/maildir_name.h"
#include "spool/mailbox_name.h"
#include "spool/storage/intake.h"
#include "spool/storage/mailbox.h"
#include "spool/storage/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#define RACY_MS 2000 /* as in folder_scan.c */
#define OWNERS_SPARE 1000

static const enum queue_state states[OUTBOX_STATES] = {QUEUE_ACTIVE, QUEUE_DEFERRED, QUEUE_HOLD};

/* Who has submitted which entry, for all users, so that an envelope is read once. */
static struct {
	pthread_mutex_t lock;
	struct map owners; /* id -> user */
} all = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* --- names */

bool folder_names_outbox(const struct spool *spool, const char *mailbox)
{
	struct stat st;
	char *path;
	bool is_free;

	if (!slice_is(mailbox_name_folder(slice_of(mailbox)), OUTBOX_FOLDER))
		return false;
	path = layout_mailbox(spool, mailbox, "");
	is_free = lstat(path, &st) != 0 && errno == ENOENT;
	free(path);
	return is_free;
}

bool folder_is_outbox(const struct folder *folder)
{
	return slice_is(mailbox_name_folder(slice_of(folder_mailbox(folder))), LAYOUT_OUTBOX);
}

char *folder_outbox_mailbox(const char *mailbox)
{
	char *user = slice_dup(mailbox_name_user(slice_of(mailbox))), *inner = mailbox_name_of(user, LAYOUT_OUTBOX);

	free(user);
	return inner;
}

char *folder_outbox_message(const struct spool *spool, const char *id)
{
	struct stat st;

	for (size_t i = 0; i < OUTBOX_STATES; i++) {
		char *path = layout_queue_file(spool, states[i], id, ".msg");

		if (lstat(path, &st) == 0)
			return path;
		free(path);
	}
	return NULL;
}

char *folder_outbox_watched(const struct spool *spool, size_t n)
{
	return layout_queue(spool, states[n]);
}

/* --- whether there is anything to see */

static void look_at_queue(const struct folder *folder, struct timespec now[OUTBOX_STATES])
{
	for (size_t i = 0; i < OUTBOX_STATES; i++) {
		char *path = layout_queue(folder->spool, states[i]);
		struct stat st = {0};

		now[i] = stat(path, &st) == 0 ? st.st_mtim : (struct timespec){0};
		free(path);
	}
}

/* A folder that was changed just now may change again within one tick of its clock. */
static bool is_as_before(const struct folder *folder, const struct timespec now[OUTBOX_STATES])
{
	int64_t wall = clock_wall_us() / 1000;

	for (size_t i = 0; i < OUTBOX_STATES; i++)
		if (now[i].tv_sec != folder->queue[i].tv_sec || now[i].tv_nsec != folder->queue[i].tv_nsec ||
		    wall - (now[i].tv_sec * 1000 + now[i].tv_nsec / 1000000) < RACY_MS)
			return false;
	return true;
}

/* --- one look */

struct looking {
	struct folder *folder;
	struct slice user;
	struct map files; /* id -> name in cur/, of those that are not in the queue, as far as known */
	struct error *error;
};

static int note_file(void *context, int dir_fd, const char *part, const char *name)
{
	struct looking *looking = context;
	struct slice id;

	(void)dir_fd;
	(void)part;
	if (maildir_unique_id(maildir_unique(name), &id))
		free(map_put(&looking->files, id, xstrdup(name)));
	return 0;
}

static char *path_in(const struct looking *looking, const char *name)
{
	char *file = xasprintf("cur/%s", name), *path = layout_mailbox(looking->folder->spool, looking->folder->mailbox, file);

	free(file);
	return path;
}

static const char *read_owner(struct looking *looking, const struct queue_item *item, struct envelope *envelope, bool *was_read)
{
	const char *owner = map_get(&all.owners, slice_of(item->id.text));
	struct error error;

	*was_read = owner == NULL || slice_is(looking->user, owner);
	if (!*was_read)
		return owner;
	if (queue_read(looking->folder->spool, item, envelope, &error) != 0) { /* it is gone, or damaged: others report that */
		*was_read = false;
		return "";
	}
	free(map_put(&all.owners, slice_of(item->id.text), xstrdup(envelope->submitter)));
	return map_get(&all.owners, slice_of(item->id.text));
}

/* Seen, since its user has written it; flagged if it was tried without success, or is on hold. */
static int add_file(struct looking *looking, const struct queue_item *item, const struct envelope *envelope)
{
	char *base = maildir_name(envelope->time, &item->id, intake_hostname(looking->folder->spool->intake), envelope->size);
	char *name = maildir_flags_name(base, item->state == QUEUE_ACTIVE ? "S" : "FS"), *path = path_in(looking, name);
	int result = fsx_create(path, NULL, 0, 0600, looking->error);

	free(path);
	free(name);
	free(base);
	return result;
}

static int set_flag(struct looking *looking, const char *name, bool flagged)
{
	uint32_t flags = maildir_flags_of(name), wanted = flagged ? flags | FOLDER_FLAGGED : flags & ~(uint32_t)FOLDER_FLAGGED;
	char letters[MAILDIR_LETTERS_MAX], *other, *from, *to;
	int result;

	if (flags == wanted)
		return 0;
	other = maildir_flags_name(name, maildir_flags_letters(wanted, letters));
	from = path_in(looking, name);
	to = path_in(looking, other);
	result = fsx_rename(from, to, looking->error);
	free(other);
	free(from);
	free(to);
	return result;
}

static int see(struct looking *looking, const struct queue_item *item)
{
	char *name = map_remove(&looking->files, slice_of(item->id.text));
	struct envelope envelope;
	bool was_read;
	int result = 0;

	if (name != NULL) {
		result = set_flag(looking, name, item->state != QUEUE_ACTIVE);
		free(name);
		return result;
	}
	if (slice_is(looking->user, read_owner(looking, item, &envelope, &was_read)) && was_read)
		result = add_file(looking, item, &envelope);
	if (was_read)
		envelope_clear(&envelope);
	return result;
}

/* What has left the queue. */
static void drop_rest(struct looking *looking)
{
	struct slice id;
	void *name;

	for (size_t at = 0; map_next(&looking->files, &at, &id, &name);) {
		char *path = path_in(looking, name);
		struct error ignored; /* the next look tries again */

		fsx_unlink(path, &ignored);
		free(path);
		free(name);
	}
	map_clear(&looking->files);
}

static void forget_owners(void)
{
	struct slice id;
	void *user;

	for (size_t at = 0; map_next(&all.owners, &at, &id, &user);)
		free(user);
	map_clear(&all.owners);
}

static int see_all(struct looking *looking)
{
	const struct spool *spool = looking->folder->spool;
	struct queue_items items;
	int result = 0;

	if (queue_list(spool, 1u << QUEUE_ACTIVE | 1u << QUEUE_DEFERRED | 1u << QUEUE_HOLD, &items, looking->error) != 0)
		return -1;
	if (maildir_each_file(spool, looking->folder->mailbox, note_file, looking, looking->error) != 0)
		result = -1;
	if (all.owners.count > 2 * items.count + OWNERS_SPARE)
		forget_owners();
	for (size_t i = 0; i < items.count && result == 0; i++)
		if (i == 0 || strcmp(items.items[i].id.text, items.items[i - 1].id.text) != 0) /* it may move meanwhile */
			result = see(looking, &items.items[i]);
	if (result == 0)
		drop_rest(looking);
	queue_items_clear(&items);
	return result;
}

int folder_outbox_look(struct folder *folder, struct error *error)
{
	struct looking looking = {.folder = folder, .user = mailbox_name_user(slice_of(folder->mailbox)), .error = error};
	struct timespec now[OUTBOX_STATES];
	struct slice id;
	void *name;
	int result = 0;

	if (folder->spool->intake == NULL)
		return 0;
	intake_await(folder->spool->intake, NULL);
	pthread_mutex_lock(&all.lock);
	look_at_queue(folder, now);
	if (!is_as_before(folder, now)) {
		result = mailbox_make(folder->spool, folder->mailbox, error) == 0 ? see_all(&looking) : -1;
		if (result == 0)
			memcpy(folder->queue, now, sizeof(now));
	}
	pthread_mutex_unlock(&all.lock);
	for (size_t at = 0; map_next(&looking.files, &at, &id, &name);)
		free(name);
	map_clear(&looking.files);
	return result;
}
