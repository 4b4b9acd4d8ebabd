/* The bytes of messages in a folder. */
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "spool/mailbox/folder_priv.h"
#include "spool/mailbox/maildir_name.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#define DIGEST_BYTES 10

void folder_entry_id(const struct folder_entry *entry, char id[72])
{
	struct slice unique = folder_entry_unique(entry), new, origin;
	unsigned char digest[EVP_MAX_MD_SIZE];

	if (maildir_unique_origin(unique, &origin) || maildir_unique_ids(unique, &new, &origin)) {
		snprintf(id, 72, "%.*s", SLICE_PRINT(origin));
		return;
	}
	EVP_Digest(unique.ptr, unique.len, digest, NULL, EVP_sha256(), NULL);
	for (size_t i = 0; i < DIGEST_BYTES; i++)
		snprintf(id + 2 * i, 3, "%02x", digest[i]);
}

/* The path of the file, and the id; NULL: it is gone. */
static char *locate(struct folder *folder, uint32_t uid, bool anew, char id[72])
{
	size_t index;
	char *path = NULL;

	folder = folder_common(folder);
	pthread_mutex_lock(&folder->lock);
	index = folder_table_by_uid(&folder->table, uid);
	if (index != SIZE_MAX && (!anew || folder_find_file(folder, index))) {
		char own[72];

		folder_entry_id(&folder->table.items[index], own);
		path = folder_is_outbox(folder) ? folder_outbox_message(folder->spool, own) : folder_path(folder, &folder->table.items[index]);
		if (id != NULL)
			memcpy(id, own, sizeof(own));
	}
	pthread_mutex_unlock(&folder->lock);
	return path;
}

int folder_read(struct folder *folder, uint32_t uid, struct slice *bytes, char id[72], struct error *error)
{
	int result = -1;

	error_set(error, ERROR_TEMPORARY, N_("the message is gone"));
	error->saved_errno = ENOENT;
	for (int tries = 0; tries < 2 && result != 0 && error->saved_errno == ENOENT; tries++) {
		char *path = locate(folder, uid, tries > 0, id);

		if (path != NULL)
			result = fsx_map(path, bytes, error);
		free(path);
	}
	return result;
}

/* RFC822.SIZE: each line ends in CRLF. A last line without an end has none in IMAP either, while POP3 completes it (mailbox_size()). */
static uint64_t wire_size(struct slice bytes)
{
	uint64_t size = bytes.len;
	const char *end = bytes.ptr + bytes.len;

	for (const char *at = bytes.ptr; (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
		size += at == bytes.ptr || at[-1] != '\r';
	return size;
}

int folder_size(struct folder *folder, struct folder_message *message, struct error *error)
{
	struct slice bytes;
	size_t index;
	int result;

	if (message->size_known)
		return 0;
	if (folder_read(folder, message->uid, &bytes, NULL, error) != 0)
		return -1;
	message->size = wire_size(bytes);
	result = fsx_check_map(bytes, error);
	fsx_unmap(bytes);
	if (result != 0)
		return -1;
	message->size_known = true;
	folder = folder_common(folder);
	pthread_mutex_lock(&folder->lock);
	index = folder_table_by_uid(&folder->table, message->uid);
	if (index != SIZE_MAX) {
		folder->table.items[index].size = message->size;
		folder->table.items[index].size_known = true;
	}
	pthread_mutex_unlock(&folder->lock);
	return 0;
}

/* The sizes of all, foreign files included, without the lock while each is read. */
static uint64_t sum_sizes(struct folder *folder)
{
	uint32_t *uids;
	size_t count = folder_uids(folder, &uids);
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++) {
		struct folder_message message;
		struct error gone;

		folder_look(folder, &uids[i], 1, &message);
		if (message.uid != 0 && (message.size_known || folder_size(folder, &message, &gone) == 0))
			sum += message.size;
	}
	free(uids);
	return sum;
}

void folder_status(struct folder *folder, bool sizes, struct folder_status *status)
{
	const struct folder_seen *seen = folder->seen;
	bool all_known = true;

	folder = folder_common(folder);
	pthread_mutex_lock(&folder->lock);
	*status = (struct folder_status){.uid_next = folder->uid_next, .uid_validity = folder->validity, .highest_modseq = folder->modseq};
	for (size_t i = 0; i < folder->table.count; i++) {
		const struct folder_entry *entry = &folder->table.items[i];
		uint64_t modseq;

		if (!folder_entry_is_live(entry))
			continue;
		status->messages++;
		status->unseen += (folder_seen_flags(seen, entry, &modseq) & FOLDER_SEEN) == 0;
		status->deleted += (entry->flags & FOLDER_DELETED) != 0;
		status->size += entry->size;
		all_known = all_known && entry->size_known;
	}
	pthread_mutex_unlock(&folder->lock);
	if (sizes && !all_known)
		status->size = sum_sizes(folder);
}

/* The first of all messages, from this UID on. */
static uint32_t first_unseen(const struct folder *folder, const struct folder_seen *seen, uint32_t from)
{
	for (size_t i = 0; i < folder->table.count; i++) {
		const struct folder_entry *entry = &folder->table.items[i];
		uint64_t modseq;

		if (entry->uid >= from && folder_entry_is_live(entry) && !(folder_seen_flags(seen, entry, &modseq) & FOLDER_SEEN))
			return entry->uid;
	}
	return 0;
}

/* Mostly old messages are all seen: what was found is remembered, but not of what each person has seen. */
uint32_t folder_first_unseen(struct folder *folder)
{
	const struct folder_seen *seen = folder->seen;
	uint32_t uid;

	folder = folder_common(folder);
	pthread_mutex_lock(&folder->lock);
	uid = first_unseen(folder, seen, seen == NULL ? folder->seen_below : 0);
	if (seen == NULL)
		folder->seen_below = uid != 0 ? uid : folder->uid_next;
	pthread_mutex_unlock(&folder->lock);
	return uid;
}
