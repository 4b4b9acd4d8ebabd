/* The open folders of a process, and what is known of their messages. */
#include "spool/mailbox/folder_priv.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "spool/layout_priv.h"
#include "spool/mailbox/maildir.h"
#include "spool/storage/intake.h"

#include <stdlib.h>
#include <unistd.h>

/* Folders that no session has open stay in memory, so that they need not be read again. */
#define IDLE_MAX 64
#define IDLE_MESSAGES_MAX 300000

static struct {
	pthread_mutex_t lock;
	struct folder *first;
	uint64_t clock;
} all = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* --- opening and closing */

static struct folder *folder_new(const struct spool *spool, const char *mailbox)
{
	struct folder *folder = xcalloc(1, sizeof(*folder));

	folder->spool = spool;
	folder->mailbox = xstrdup(mailbox);
	folder->index.fd = -1;
	pthread_mutex_init(&folder->lock, NULL);
	folder_caches_init(folder);
	return folder;
}

static void folder_free(struct folder *folder)
{
	folder_caches_clear(folder);
	for (size_t i = 0; i < FOLDER_ORDERS; i++)
		folder_order_clear(&folder->orders[i]);
	folder_seen_clear(folder);
	strlist_clear(&folder->marked);
	folder_table_clear(&folder->table);
	folder_index_close(&folder->index);
	buf_clear(&folder->index.batch);
	for (size_t i = 0; i < FOLDER_KEYWORDS_MAX; i++)
		free(folder->keywords[i]);
	pthread_mutex_destroy(&folder->lock);
	free(folder->mailbox);
	free(folder);
}

/* With the lock of the list: the folder, which gets one more user. */
static struct folder *take(const struct spool *spool, const char *mailbox)
{
	struct folder *folder = all.first;

	while (folder != NULL && (folder->spool != spool || folder->is_deleted || strcmp(folder->mailbox, mailbox) != 0))
		folder = folder->next;
	if (folder == NULL) {
		folder = folder_new(spool, mailbox);
		folder->next = all.first;
		all.first = folder;
	}
	folder->users++;
	return folder;
}

/* With the lock of the list: the one that has been idle longest, if they are too many. */
static struct folder *surplus(void)
{
	struct folder *oldest = NULL;
	size_t count = 0, messages = 0;

	for (struct folder *folder = all.first; folder != NULL; folder = folder->next) {
		if (folder->users > 0)
			continue;
		count++;
		messages += folder->table.count;
		if (folder->is_deleted || !folder->is_loaded)
			return folder;
		if (oldest == NULL || folder->used < oldest->used)
			oldest = folder;
	}
	return count > IDLE_MAX || messages > IDLE_MESSAGES_MAX ? oldest : NULL;
}

static void forget(struct folder *folder)
{
	struct folder **link = &all.first;

	while (*link != folder)
		link = &(*link)->next;
	*link = folder->next;
	folder_free(folder);
}

static void leave(struct folder *folder, bool was_used)
{
	folder_caches_write(folder);
	pthread_mutex_lock(&all.lock);
	folder->users--;
	if (was_used)
		folder->used = ++all.clock;
	while ((folder = surplus()) != NULL)
		forget(folder);
	pthread_mutex_unlock(&all.lock);
}

void folder_close(struct folder *folder)
{
	struct folder *view = folder;

	if (folder == NULL)
		return;
	folder = folder_common(view);
	if (folder != view)
		free(view);
	leave(folder, true);
}

struct folder *folder_borrow(const struct spool *spool, const char *after)
{
	struct folder *found = NULL;

	pthread_mutex_lock(&all.lock);
	for (struct folder *folder = all.first; folder != NULL; folder = folder->next)
		if (folder->spool == spool && !folder->is_deleted && folder->is_loaded && strcmp(folder->mailbox, after) > 0 &&
		    (found == NULL || strcmp(folder->mailbox, found->mailbox) < 0))
			found = folder;
	if (found != NULL)
		found->users++;
	pthread_mutex_unlock(&all.lock);
	return found;
}

void folder_return(struct folder *folder)
{
	leave(folder, false);
}

const char *folder_mailbox(const struct folder *folder)
{
	return folder->common != NULL ? folder->common->mailbox : folder->mailbox;
}

void folder_forget(const struct spool *spool)
{
	pthread_mutex_lock(&all.lock);
	for (struct folder *folder = all.first, *next; folder != NULL; folder = next) {
		next = folder->next;
		if (folder->spool == spool && folder->users == 0)
			forget(folder);
	}
	pthread_mutex_unlock(&all.lock);
}

static int load(struct folder *folder, struct error *error)
{
	if (folder->is_loaded)
		return 0;
	if (folder_index_load(folder, error) != 0)
		return -1;
	folder->recent_from = folder->uid_next;
	folder->seen_below = 0;
	for (size_t i = 0; i < FOLDER_ORDERS; i++)
		folder_order_clear(&folder->orders[i]); /* of other UIDs */
	memset(folder->stamps, 0, sizeof(folder->stamps));
	if (folder_scan(folder, error) != 0)
		return -1;
	folder->is_loaded = true;
	return 0;
}

int folder_refresh(struct folder *folder, struct error *error)
{
	int result = 0;

	folder = folder_common(folder);
	if (folder->spool->intake != NULL)
		intake_await(folder->spool->intake, folder->mailbox);
	if (folder_is_outbox(folder) && folder_outbox_look(folder, error) != 0)
		return -1;
	pthread_mutex_lock(&folder->lock);
	if (!folder->is_deleted)
		result = folder->is_loaded ? folder_scan(folder, error) : load(folder, error);
	pthread_mutex_unlock(&folder->lock);
	return result;
}

int folder_open(struct folder **out, const struct spool *spool, const char *mailbox, struct error *error)
{
	struct folder *folder;
	char *inner;
	int exists;

	if (spool->intake != NULL)
		intake_await(spool->intake, mailbox); /* a delivery may make it */
	exists = folder_exists(spool, mailbox, error);
	if (exists < 0)
		return -1;
	if (exists == 0)
		return error_set(error, ERROR_PERMANENT, N_("there is no folder %s"), mailbox);
	inner = folder_names_outbox(spool, mailbox) ? folder_outbox_mailbox(mailbox) : NULL;
	pthread_mutex_lock(&all.lock);
	folder = take(spool, inner != NULL ? inner : mailbox);
	pthread_mutex_unlock(&all.lock);
	free(inner);
	if (folder_refresh(folder, error) != 0) {
		folder_close(folder);
		return -1;
	}
	if (folder->is_deleted) {
		folder_close(folder);
		return error_set(error, ERROR_PERMANENT, N_("there is no folder %s"), mailbox);
	}
	*out = folder;
	return 0;
}

int folder_open_shared(struct folder **out, const struct spool *spool, const char *mailbox, const char *person, struct error *error)
{
	struct folder *common, *view;
	struct folder_seen *seen;

	if (folder_open(&common, spool, mailbox, error) != 0)
		return -1;
	pthread_mutex_lock(&common->lock);
	seen = folder_seen_of(common, person, error);
	pthread_mutex_unlock(&common->lock);
	if (seen == NULL) {
		folder_close(common);
		return -1;
	}
	view = xcalloc(1, sizeof(*view));
	view->common = common;
	view->seen = seen;
	*out = view;
	return 0;
}

/* --- what is known */

uint32_t folder_uid_validity(struct folder *folder)
{
	uint32_t validity;

	folder = folder_common(folder);
	pthread_mutex_lock(&folder->lock);
	validity = folder->validity;
	pthread_mutex_unlock(&folder->lock);
	return validity;
}

uint32_t folder_uid_next(struct folder *folder)
{
	uint32_t uid_next;

	folder = folder_common(folder);
	pthread_mutex_lock(&folder->lock);
	uid_next = folder->uid_next;
	pthread_mutex_unlock(&folder->lock);
	return uid_next;
}

uint64_t folder_modseq(struct folder *folder)
{
	uint64_t modseq;

	folder = folder_common(folder);
	pthread_mutex_lock(&folder->lock);
	modseq = folder->modseq;
	pthread_mutex_unlock(&folder->lock);
	return modseq;
}

uint32_t folder_take_recent(struct folder *folder)
{
	uint32_t from;

	folder = folder_common(folder);
	pthread_mutex_lock(&folder->lock);
	from = folder->recent_from;
	folder->recent_from = folder->uid_next;
	pthread_mutex_unlock(&folder->lock);
	return from;
}

size_t folder_uids(struct folder *folder, uint32_t **uids)
{
	size_t count;

	folder = folder_common(folder);
	pthread_mutex_lock(&folder->lock);
	count = folder->table.live;
	*uids = xmalloc((count + 1) * sizeof(**uids));
	memcpy(*uids, folder_table_uids(&folder->table), count * sizeof(**uids));
	pthread_mutex_unlock(&folder->lock);
	return count;
}

static struct folder_message message_of(const struct folder_seen *seen, const struct folder_entry *entry)
{
	uint64_t modseq;
	uint32_t flags = folder_seen_flags(seen, entry, &modseq);

	return (struct folder_message){
	    .uid = entry->uid,
	    .flags = flags,
	    .modseq = modseq,
	    .size = entry->size,
	    .size_known = entry->size_known,
	    .time = entry->time,
	    .saved = entry->saved,
	};
}

void folder_look(struct folder *folder, const uint32_t *uids, size_t count, struct folder_message *messages)
{
	const struct folder_seen *seen = folder->seen;
	const struct folder_table *table;
	size_t at = 0;

	folder = folder_common(folder);
	table = &folder->table;
	pthread_mutex_lock(&folder->lock);
	for (size_t i = 0; i < count; i++) {
		/* Mostly the next one. */
		while (at < table->count && table->items[at].uid < uids[i] && !folder_entry_is_live(&table->items[at]))
			at++;
		if (at >= table->count || table->items[at].uid != uids[i])
			at = folder_table_by_uid(table, uids[i]);
		messages[i] = at < table->count && folder_entry_is_live(&table->items[at]) ? message_of(seen, &table->items[at])
											   : (struct folder_message){0};
		at = at < table->count ? at + 1 : 0;
	}
	pthread_mutex_unlock(&folder->lock);
}

void folder_order_get(struct folder *folder, size_t which, const uint32_t *uids, size_t count, uint32_t *numbers)
{
	folder = folder_common(folder);
	pthread_mutex_lock(&folder->lock);
	folder_order_find(&folder->orders[which], uids, count, numbers);
	pthread_mutex_unlock(&folder->lock);
}

void folder_order_put(struct folder *folder, size_t which, struct folder_order order)
{
	folder = folder_common(folder);
	pthread_mutex_lock(&folder->lock);
	folder_order_clear(&folder->orders[which]);
	folder->orders[which] = order;
	pthread_mutex_unlock(&folder->lock);
}

/* --- files */

char *folder_path(const struct folder *folder, const struct folder_entry *entry)
{
	char *file = xasprintf("%s/%s", folder_parts[entry->in_new ? FOLDER_NEW : FOLDER_CUR], entry->name);
	char *path = layout_mailbox(folder->spool, folder->mailbox, file);

	free(file);
	return path;
}

bool folder_find_file(struct folder *folder, size_t index)
{
	struct folder_entry *entry = &folder->table.items[index];
	char *unique = slice_dup(folder_entry_unique(entry)), *file = NULL;
	struct error error;

	maildir_find(folder->spool, folder->mailbox, unique, &file, &error);
	free(unique);
	if (file == NULL)
		return false;
	folder_table_rename(&folder->table, index, xstrdup(strchr(file, '/') + 1), strncmp(file, "new/", 4) == 0);
	free(file);
	return true;
}
