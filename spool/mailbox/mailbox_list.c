/* Mailboxes as POP3 and the verbs see them: lists, in which each message has its UIDL, and the bytes of a message. */
#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/map.h"
#include "spool/layout_priv.h"
#include "spool/mailbox/maildir.h"
#include "spool/mailbox/maildir_name.h"
#include "spool/storage/intake.h"
#include "spool/storage/mailbox.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#define MICROSECONDS 1000000

/* --- UIDLs */

/* RFC 1939 section 7: a UIDL is 1 to 70 characters in 0x21 to 0x7E. */
static bool is_uidl(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < 0x21 || text.ptr[i] > 0x7E)
			return false;
	return text.len > 0 && text.len <= 70;
}

static void put_digest(struct mailbox_message *message, struct slice name)
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	EVP_Digest(name.ptr, name.len, digest, NULL, EVP_sha256(), NULL);
	for (size_t i = 0; i < 32; i++)
		snprintf(message->uidl + 2 * i, 3, "%02x", digest[i]);
}

/* A name that is not a valid UIDL is replaced by its digest, as is a foreign one that looks like one of our ids. Sizes at
 * its end have never counted, and clients remember UIDLs. */
static void make_uidl(struct mailbox_message *message)
{
	struct slice name = maildir_without_sizes(slice_of(message->unique)), id;

	if (maildir_unique_id(name, &id))
		name = id;
	else if (msgid_is(name))
		name.len = 0;
	if (is_uidl(name))
		snprintf(message->uidl, sizeof(message->uidl), "%.*s", SLICE_PRINT(name));
	else
		put_digest(message, maildir_without_sizes(slice_of(message->unique)));
}

/* --- listing */

static void list_add(struct mailbox_list *list, const char *folder, const char *name)
{
	struct mailbox_message message = {0};
	struct slice unique = maildir_unique(name), id;

	message.file = xasprintf("%s/%s", folder, name);
	message.unique = slice_dup(unique);
	message.ours = maildir_unique_id(unique, &id);
	if (message.ours)
		message.size_known = maildir_name_size(name, &message.size);
	message.time = maildir_unique_time(unique);
	make_uidl(&message);
	ARRAY_GROW(list->items, list->count);
	list->items[list->count++] = message;
}

static int by_age(const void *a, const void *b)
{
	const struct mailbox_message *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return strcmp(x->unique, y->unique);
}

static void message_clear(struct mailbox_message *message)
{
	free(message->file);
	free(message->unique);
}

/* After sorting, a file that was found in new and in cur appears twice in a row. */
static void drop_doubles(struct mailbox_list *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (kept > 0 && strcmp(list->items[kept - 1].unique, list->items[i].unique) == 0) {
			message_clear(&list->items[kept - 1]);
			list->items[kept - 1] = list->items[i];
		} else {
			list->items[kept++] = list->items[i];
		}
	}
	list->count = kept;
}

/* If names differ only in the size, the first one has the UIDL without it. Copies of one of our files by another program
 * are consecutive, since their names have the same beginning: the first one has the id. */
static void tell_apart(struct mailbox_list *list)
{
	struct map uidls = MAP_INIT;
	const char *id = "";

	for (size_t i = 0; i < list->count; i++) {
		struct mailbox_message *message = &list->items[i];
		bool is_copy = message->ours ? strcmp(message->uidl, id) == 0 : map_put(&uidls, slice_of(message->uidl), (void *)1) != NULL;

		if (is_copy)
			put_digest(message, slice_of(message->unique));
		else if (message->ours)
			id = message->uidl;
	}
	map_clear(&uidls);
}

static int collect(void *context, int dir_fd, const char *folder, const char *name)
{
	(void)dir_fd;
	list_add(context, folder, name);
	return 0;
}

int mailbox_list(const struct spool *spool, const char *user, struct mailbox_list *list,
    struct error *error)
{
	*list = (struct mailbox_list){0};
	if (spool->intake != NULL)
		intake_await(spool->intake, user);
	if (maildir_each_file(spool, user, collect, list, error) != 0) {
		mailbox_list_clear(list);
		return -1;
	}
	if (list->count > 1)
		qsort(list->items, list->count, sizeof(*list->items), by_age);
	drop_doubles(list);
	tell_apart(list);
	return 0;
}

void mailbox_list_clear(struct mailbox_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		message_clear(&list->items[i]);
	free(list->items);
	*list = (struct mailbox_list){0};
}

/* --- one message */

char *mailbox_origin(const struct mailbox_message *message)
{
	struct slice id, origin;

	return maildir_unique_ids(slice_of(message->unique), &id, &origin) ? slice_dup(origin) : xstrdup(message->uidl);
}

int64_t mailbox_since_us(const struct mailbox_message *message)
{
	struct slice id, origin;

	if (maildir_unique_ids(slice_of(message->unique), &id, &origin))
		return msgid_time_us(id);
	/* The id is more precise where it says the same as the file, which another program may have given another date. */
	id = slice_of(message->uidl);
	return msgid_is(id) && msgid_time_us(id) / MICROSECONDS == message->time ? msgid_time_us(id) : message->time * MICROSECONDS;
}

int mailbox_open(const struct spool *spool, const char *user, const struct mailbox_message *message,
    struct slice *bytes, struct error *error)
{
	char *base = layout_mailbox(spool, user, "");
	char *path = xasprintf("%s/%s", base, message->file);
	int result = fsx_map(path, bytes, error);

	if (result != 0 && error->saved_errno == ENOENT) {
		struct error unlisted;
		char *file;

		maildir_find(spool, user, message->unique, &file, &unlisted);
		if (file != NULL) {
			free(path);
			path = xasprintf("%s/%s", base, file);
			result = fsx_map(path, bytes, error);
			free(file);
		}
	}
	free(path);
	free(base);
	return result;
}

int mailbox_size(const struct spool *spool, const char *user, struct mailbox_message *message,
    struct error *error)
{
	struct slice bytes;

	if (message->size_known)
		return 0;
	if (mailbox_open(spool, user, message, &bytes, error) != 0)
		return -1;
	message->size = bytes.len;
	for (size_t i = 0; i < bytes.len; i++)
		if (bytes.ptr[i] == '\n' && (i == 0 || bytes.ptr[i - 1] != '\r'))
			message->size++;
	if (bytes.len > 0 && bytes.ptr[bytes.len - 1] != '\n') /* sent with a line end */
		message->size += bytes.ptr[bytes.len - 1] == '\r' ? 1 : 2;
	message->size_known = fsx_check_map(bytes, error) == 0;
	fsx_unmap(bytes);
	return message->size_known ? 0 : -1;
}
