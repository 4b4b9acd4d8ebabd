/*
 * The storage of folders (spool/storage/folder.h) in memory, for tests and fuzzing of the IMAP core: a whole spool of one user. Every
 * buffer that folder_read() gives is its own allocation, so that a sanitizer sees who keeps it.
 *
 * Included once by a program: it takes the place of the real functions.
 */
#ifndef LANPOST_TESTS_FAKE_FOLDER_H
#define LANPOST_TESTS_FAKE_FOLDER_H

#include "base/alloc.h"
#include "spool/storage/folder.h"
#include "spool/storage/folder_order.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Why no message can be read; 0: all can. */
static int fake_read_errno;
/* Called after each folder_look(): what another session does between two of them. */
static void (*fake_looked)(struct folder *folder);

#define FAKE_FOLDERS_MAX 64
#define FAKE_WATCHES_MAX 8

struct fake_message {
	struct folder_message is;
	char *bytes;
	size_t len;
	struct buf kept[FOLDER_CACHES];
};

struct folder {
	char *mailbox; /* NULL: free */
	uint32_t uid_validity, uid_next, recent_from;
	uint64_t modseq;
	struct fake_message *messages;
	size_t count;
	struct strlist keywords;
	struct folder_order orders[FOLDER_ORDERS];
	int watches[FAKE_WATCHES_MAX];
	size_t watch_count, open;
	bool deleted;
};

static struct fake_spool {
	struct folder folders[FAKE_FOLDERS_MAX];
	struct strlist subscriptions;
	uint32_t uid_validity;
	enum error_class fails; /* every change; ERROR_NONE: none does */
} fake;

#define FAKE_TIME 1795860000 /* 28 Nov 2026, 10:00 UTC */

static struct folder *fake_find(const char *mailbox)
{
	for (size_t i = 0; i < FAKE_FOLDERS_MAX; i++)
		if (fake.folders[i].mailbox != NULL && !fake.folders[i].deleted && strcmp(fake.folders[i].mailbox, mailbox) == 0)
			return &fake.folders[i];
	return NULL;
}

static struct folder *fake_make(const char *mailbox)
{
	for (size_t i = 0; i < FAKE_FOLDERS_MAX; i++) {
		struct folder *folder = &fake.folders[i];

		if (folder->mailbox != NULL)
			continue;
		*folder = (struct folder){.mailbox = xstrdup(mailbox), .uid_validity = ++fake.uid_validity, .uid_next = 1, .recent_from = 1, .modseq = 1};
		return folder;
	}
	return NULL;
}

static void fake_wake(const struct folder *folder)
{
	uint64_t one = 1;

	for (size_t i = 0; i < folder->watch_count; i++)
		if (write(folder->watches[i], &one, sizeof(one)) != sizeof(one))
			abort();
}

static uint32_t fake_add(const char *mailbox, const char *bytes, size_t len, uint32_t flags, int64_t time)
{
	struct folder *folder = fake_find(mailbox);
	struct fake_message *message;
	uint64_t size = len;

	for (size_t i = 0; i < len; i++)
		size += bytes[i] == '\n' && (i == 0 || bytes[i - 1] != '\r');
	ARRAY_GROW(folder->messages, folder->count);
	message = &folder->messages[folder->count++];
	*message = (struct fake_message){.bytes = xmalloc(len + 1), .len = len};
	memcpy(message->bytes, bytes, len);
	message->is = (struct folder_message){.uid = folder->uid_next++,
	    .flags = flags,
	    .modseq = ++folder->modseq,
	    .size = size == len ? size : 0,
	    .size_known = size == len,
	    .time = time != 0 ? time : FAKE_TIME,
	    .saved = FAKE_TIME};
	fake_wake(folder);
	return message->is.uid;
}

static struct fake_message *fake_message(struct folder *folder, uint32_t uid)
{
	for (size_t i = 0; i < folder->count; i++)
		if (folder->messages[i].is.uid == uid)
			return &folder->messages[i];
	return NULL;
}

static void fake_remove(struct folder *folder, uint32_t uid)
{
	struct fake_message *message = fake_message(folder, uid);

	if (message == NULL)
		return;
	free(message->bytes);
	for (size_t i = 0; i < FOLDER_CACHES; i++)
		buf_clear(&message->kept[i]);
	memmove(message, message + 1, (size_t)(folder->messages + folder->count - message - 1) * sizeof(*message));
	folder->count--;
	folder->modseq++;
	fake_wake(folder);
}

static void fake_free(struct folder *folder)
{
	while (folder->count > 0)
		fake_remove(folder, folder->messages[0].is.uid);
	free(folder->messages);
	free(folder->mailbox);
	strlist_clear(&folder->keywords);
	for (size_t i = 0; i < FOLDER_ORDERS; i++)
		folder_order_clear(&folder->orders[i]);
	*folder = (struct folder){.mailbox = NULL};
}

static void fake_reset(void)
{
	for (size_t i = 0; i < FAKE_FOLDERS_MAX; i++)
		fake_free(&fake.folders[i]);
	strlist_clear(&fake.subscriptions);
	fake = (struct fake_spool){.uid_validity = 1000};
}

static int fake_fail(struct error *error)
{
	return fake.fails != ERROR_NONE ? error_set(error, fake.fails, "the disk is on fire") : 0;
}

/* --- the functions of folder.h */

static int fake_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int folder_names(const struct spool *spool, const char *user, struct strlist *names, struct error *error)
{
	size_t len = strlen(user);

	(void)spool;
	(void)error;
	for (size_t i = 0; i < FAKE_FOLDERS_MAX; i++) {
		const struct folder *folder = &fake.folders[i];

		if (folder->mailbox != NULL && !folder->deleted && strncmp(folder->mailbox, user, len) == 0 && folder->mailbox[len] == '/')
			strlist_add(names, folder->mailbox + len + 1);
	}
	if (names->count > 0)
		qsort(names->items, names->count, sizeof(*names->items), fake_compare);
	return 0;
}

int folder_exists(const struct spool *spool, const char *mailbox, struct error *error)
{
	(void)spool;
	(void)error;
	return fake_find(mailbox) != NULL || strcmp(mailbox, "ivan/Outbox") == 0;
}

bool folder_names_outbox(const struct spool *spool, const char *mailbox)
{
	(void)spool;
	return strcmp(mailbox, "ivan/Outbox") == 0;
}

bool folder_is_outbox(const struct folder *folder)
{
	return folder->mailbox != NULL && strcmp(folder->mailbox, "ivan/Outbox") == 0;
}

int folder_create(const struct spool *spool, const char *mailbox, struct error *error)
{
	(void)spool;
	if (fake_fail(error) != 0)
		return -1;
	if (fake_find(mailbox) != NULL)
		return error_set(error, ERROR_PERMANENT, "exists");
	return fake_make(mailbox) != NULL ? 0 : error_set(error, ERROR_LIMIT, "too many folders");
}

int folder_delete(const struct spool *spool, const char *mailbox, struct error *error)
{
	struct folder *folder = fake_find(mailbox);

	(void)spool;
	if (fake_fail(error) != 0)
		return -1;
	while (folder->count > 0)
		fake_remove(folder, folder->messages[0].is.uid);
	folder->deleted = true;
	if (folder->open == 0)
		fake_free(folder);
	return 0;
}

int folder_rename(const struct spool *spool, const char *from, const char *to, struct error *error)
{
	size_t len = strlen(from);

	(void)spool;
	if (fake_fail(error) != 0)
		return -1;
	if (strchr(from, '/') == NULL) { /* the INBOX: its messages */
		struct folder *inbox = fake_find(from), *target = fake_make(to);

		if (target == NULL)
			return error_set(error, ERROR_LIMIT, "too many folders");
		while (inbox->count > 0) {
			fake_add(to, inbox->messages[0].bytes, inbox->messages[0].len, inbox->messages[0].is.flags, inbox->messages[0].is.time);
			fake_remove(inbox, inbox->messages[0].is.uid);
		}
		return 0;
	}
	for (size_t i = 0; i < FAKE_FOLDERS_MAX; i++) {
		struct folder *folder = &fake.folders[i];
		char *name;

		if (folder->mailbox == NULL || folder->deleted || strncmp(folder->mailbox, from, len) != 0 ||
		    (folder->mailbox[len] != '\0' && folder->mailbox[len] != '/'))
			continue;
		name = xasprintf("%s%s", to, folder->mailbox + len);
		free(folder->mailbox);
		folder->mailbox = name;
	}
	return 0;
}

int folder_subscriptions(const struct spool *spool, const char *user, struct strlist *names, struct error *error)
{
	(void)spool;
	(void)user;
	(void)error;
	for (size_t i = 0; i < fake.subscriptions.count; i++)
		strlist_add(names, fake.subscriptions.items[i]);
	return 0;
}

int folder_subscribe(const struct spool *spool, const char *user, const char *name, bool on, struct error *error)
{
	struct strlist kept = {.items = NULL};

	(void)spool;
	(void)user;
	if (fake_fail(error) != 0)
		return -1;
	for (size_t i = 0; i < fake.subscriptions.count; i++)
		if (strcmp(fake.subscriptions.items[i], name) != 0)
			strlist_add(&kept, fake.subscriptions.items[i]);
	if (on)
		strlist_add(&kept, name);
	strlist_clear(&fake.subscriptions);
	fake.subscriptions = kept;
	return 0;
}

int folder_open(struct folder **folder, const struct spool *spool, const char *mailbox, struct error *error)
{
	(void)spool;
	*folder = fake_find(mailbox);
	if (*folder == NULL)
		return error_set(error, ERROR_TEMPORARY, "gone");
	(*folder)->open++;
	return 0;
}

/* All people have the same \Seen here. */
int folder_open_shared(struct folder **folder, const struct spool *spool, const char *mailbox, const char *person, struct error *error)
{
	(void)person;
	return folder_open(folder, spool, mailbox, error);
}

int folder_subscribe_new(const struct spool *spool, const char *user, const struct strlist *names, struct error *error)
{
	(void)spool;
	(void)user;
	(void)names;
	(void)error;
	return 0;
}

void folder_close(struct folder *folder)
{
	if (--folder->open == 0 && folder->deleted)
		fake_free(folder);
}

/* Called when a spool is closed; of folder_priv.h, whose struct folder is another one. */
void folder_forget(const struct spool *spool);
void folder_forget(const struct spool *spool)
{
	(void)spool;
}

uint32_t folder_uid_validity(struct folder *folder)
{
	return folder->uid_validity;
}

int folder_refresh(struct folder *folder, struct error *error)
{
	(void)folder;
	(void)error;
	return 0;
}

void folder_status(struct folder *folder, bool sizes, struct folder_status *status)
{
	*status = (struct folder_status){.messages = (uint32_t)folder->count,
	    .uid_next = folder->uid_next,
	    .uid_validity = folder->uid_validity,
	    .highest_modseq = folder->modseq};
	for (size_t i = 0; i < folder->count; i++) {
		status->unseen += !(folder->messages[i].is.flags & FOLDER_SEEN);
		status->deleted += (folder->messages[i].is.flags & FOLDER_DELETED) != 0;
		status->size += sizes ? folder->messages[i].len : 0;
	}
}

void folder_order_get(struct folder *folder, size_t which, const uint32_t *uids, size_t count, uint32_t *numbers)
{
	folder_order_find(&folder->orders[which], uids, count, numbers);
}

void folder_order_put(struct folder *folder, size_t which, struct folder_order order)
{
	folder_order_clear(&folder->orders[which]);
	folder->orders[which] = order;
}

uint32_t folder_uid_next(struct folder *folder)
{
	return folder->uid_next;
}

uint32_t folder_first_unseen(struct folder *folder)
{
	for (size_t i = 0; i < folder->count; i++)
		if (!(folder->messages[i].is.flags & FOLDER_SEEN))
			return folder->messages[i].is.uid;
	return 0;
}

size_t folder_uids(struct folder *folder, uint32_t **uids)
{
	*uids = xcalloc(folder->count + 1, sizeof(**uids));
	for (size_t i = 0; i < folder->count; i++)
		(*uids)[i] = folder->messages[i].is.uid;
	return folder->count;
}

void folder_look(struct folder *folder, const uint32_t *uids, size_t count, struct folder_message *messages)
{
	for (size_t i = 0; i < count; i++) {
		const struct fake_message *message = fake_message(folder, uids[i]);

		messages[i] = message != NULL ? message->is : (struct folder_message){.uid = 0};
	}
	if (fake_looked != NULL)
		fake_looked(folder);
}

uint64_t folder_modseq(struct folder *folder)
{
	return folder->modseq;
}

uint32_t folder_take_recent(struct folder *folder)
{
	uint32_t first = folder->recent_from;

	folder->recent_from = folder->uid_next;
	return first;
}

int folder_size(struct folder *folder, struct folder_message *message, struct error *error)
{
	struct fake_message *found = fake_message(folder, message->uid);

	if (found == NULL)
		return error_set(error, ERROR_PERMANENT, "gone");
	message->size = found->len;
	for (size_t i = 0; i < found->len; i++)
		message->size += found->bytes[i] == '\n' && (i == 0 || found->bytes[i - 1] != '\r');
	message->size_known = true;
	found->is.size = message->size;
	found->is.size_known = true;
	return 0;
}

/* fsx_unmap() frees what is not mapped. */
int folder_read(struct folder *folder, uint32_t uid, struct slice *bytes, char id[72], struct error *error)
{
	struct fake_message *found = fake_message(folder, uid);

	if (found == NULL || fake_read_errno != 0) {
		error_set(error, ERROR_TEMPORARY, "not read");
		error->saved_errno = found == NULL ? ENOENT : fake_read_errno;
		return -1;
	}
	snprintf(id, 72, "id-of-%zu-bytes", found->len);
	*bytes = found->len == 0 ? SLICE_LITERAL("") : slice_make(memcpy(xmalloc(found->len), found->bytes, found->len), found->len);
	return 0;
}

bool folder_cache_get(struct folder *folder, enum folder_cache which, uint32_t uid, struct buf *out)
{
	const struct fake_message *found = fake_message(folder, uid);

	return found != NULL && found->kept[which].len > 0 && buf_append_slice(out, buf_slice(&found->kept[which])) == 0;
}

void folder_cache_put(struct folder *folder, enum folder_cache which, uint32_t uid, struct slice value)
{
	struct fake_message *found = fake_message(folder, uid);

	if (found == NULL)
		return;
	buf_clear(&found->kept[which]);
	buf_init(&found->kept[which], value.len);
	buf_append_slice(&found->kept[which], value);
}

void folder_cache_rest(struct folder *folder, enum folder_cache which)
{
	(void)folder;
	(void)which;
}

size_t folder_keywords(struct folder *folder, const char *list[FOLDER_KEYWORDS_MAX])
{
	for (size_t i = 0; i < folder->keywords.count; i++)
		list[i] = folder->keywords.items[i];
	return folder->keywords.count;
}

uint32_t folder_keyword(struct folder *folder, const char *name, bool may_create)
{
	for (size_t i = 0; i < folder->keywords.count; i++)
		if (slice_is_nocase(slice_of(folder->keywords.items[i]), name))
			return 1u << (FOLDER_KEYWORD_BIT + i);
	if (!may_create || folder->keywords.count == FOLDER_KEYWORDS_MAX)
		return 0;
	strlist_add(&folder->keywords, name);
	return 1u << (FOLDER_KEYWORD_BIT + folder->keywords.count - 1);
}

int folder_store(struct folder *folder, const uint32_t *uids, size_t count, enum folder_change change, uint32_t flags,
    uint64_t unchanged_since, uint32_t **left, size_t *left_count, struct error *error)
{
	uint64_t modseq = folder->modseq + 1;

	*left = NULL;
	*left_count = 0;
	if (fake_fail(error) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct fake_message *message = fake_message(folder, uids[i]);
		uint32_t after;

		if (message == NULL)
			continue;
		if (message->is.modseq > unchanged_since) {
			ARRAY_GROW(*left, *left_count);
			(*left)[(*left_count)++] = uids[i];
			continue;
		}
		after = change == FOLDER_SET ? flags : change == FOLDER_ADD ? message->is.flags | flags : message->is.flags & ~flags;
		if (after == message->is.flags)
			continue;
		message->is.flags = after;
		message->is.modseq = folder->modseq = modseq;
	}
	fake_wake(folder);
	return 0;
}

int folder_expunge(struct folder *folder, const uint32_t *uids, size_t count, struct error *error)
{
	if (fake_fail(error) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		fake_remove(folder, uids[i]);
	return 0;
}

static int fake_transfer(struct folder *folder, const uint32_t *uids, size_t count, const char *to, uint32_t *to_uids, uint32_t *uid_validity,
    bool moves, struct error *error)
{
	struct folder *target = fake_find(to);

	if (fake_fail(error) != 0)
		return -1;
	if (target == NULL)
		return error_set(error, ERROR_TEMPORARY, "gone");
	*uid_validity = target->uid_validity;
	for (size_t i = 0; i < count; i++) {
		struct fake_message *message = fake_message(folder, uids[i]);

		to_uids[i] = 0;
		if (message == NULL)
			continue;
		to_uids[i] = fake_add(to, message->bytes, message->len, message->is.flags & ((1u << FOLDER_KEYWORD_BIT) - 1), message->is.time);
		if (moves)
			fake_remove(folder, uids[i]);
	}
	return 0;
}

int folder_copy(struct folder *folder, const uint32_t *uids, size_t count, const char *to, uint32_t *to_uids, uint32_t *uid_validity,
    struct error *error)
{
	return fake_transfer(folder, uids, count, to, to_uids, uid_validity, false, error);
}

int folder_move(struct folder *folder, const uint32_t *uids, size_t count, const char *to, uint32_t *to_uids, uint32_t *uid_validity,
    struct error *error)
{
	return fake_transfer(folder, uids, count, to, to_uids, uid_validity, true, error);
}

void folder_append_begin(struct folder_append *message, const struct spool *spool, const struct folder_append *before)
{
	(void)before;
	*message = (struct folder_append){.id = msgid_new()};
	body_init(&message->body, spool);
}

int folder_append(const struct spool *spool, const char *mailbox, struct folder_append *messages, size_t count, const char *session,
    uint32_t *uids, uint32_t *uid_validity, struct error *error)
{
	struct folder *folder = fake_find(mailbox);

	(void)spool;
	(void)session;
	if (fake_fail(error) != 0)
		return -1;
	if (folder == NULL)
		return error_set(error, ERROR_TEMPORARY, "gone");
	*uid_validity = folder->uid_validity;
	for (size_t i = 0; i < count; i++) {
		struct slice bytes = buf_slice(&messages[i].body.memory);
		uint32_t flags = messages[i].flags;

		for (size_t j = 0; j < messages[i].keywords.count; j++)
			flags |= folder_keyword(folder, messages[i].keywords.items[j], true);
		uids[i] = fake_add(mailbox, bytes.ptr, bytes.len, flags, messages[i].time);
		body_clear(&messages[i].body, false);
		strlist_clear(&messages[i].keywords);
	}
	return 0;
}

int folder_watch(struct folder *folder, int event_fd, struct error *error)
{
	if (folder->watch_count == FAKE_WATCHES_MAX)
		return error_set(error, ERROR_LIMIT, "too many watches");
	folder->watches[folder->watch_count++] = event_fd;
	return 0;
}

void folder_unwatch(struct folder *folder, int event_fd)
{
	for (size_t i = 0; i < folder->watch_count; i++)
		if (folder->watches[i] == event_fd)
			folder->watches[i--] = folder->watches[--folder->watch_count];
}

#endif
