#include "spool/mailbox/maildir.h"

#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "spool/layout_priv.h"
#include "spool/mailbox_name.h"
#include "spool/storage/folder.h"
#include "spool/storage/intake.h"
#include "spool/storage/mailbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* New mail first: a file that another program moves from new to cur during the walk is then seen
 * at least once. */
static const char *const folders[] = {"new", "cur"};

#define REPLACE_TRIES 5

/* --- names */

/* Maildir's own rule: the host part must not contain '/' and ':'. */
static char *without_marks(char *name)
{
	for (char *at = name; *at != '\0'; at++)
		if (*at == '/' || *at == ':')
			*at = '_';
	return name;
}

char *maildir_name(int64_t time, const struct msgid *id, const char *host, uint64_t size)
{
	return without_marks(xasprintf("%lld.%s.%s,S=%llu", (long long)time, id->text, host, (unsigned long long)size));
}

char *maildir_foreign_name(int64_t time, const struct msgid *id, const char *host)
{
	return without_marks(xasprintf("%lld.L%s.%s", (long long)time, id->text, host));
}

bool maildir_unique_id(struct slice unique, struct slice *id)
{
	uint64_t time;
	struct slice rest = unique, stamp = slice_cut(&rest, '.');

	*id = slice_cut(&rest, '.');
	return rest.len > 0 && slice_number(stamp, 0, UINT64_MAX, &time) && msgid_is(*id);
}

bool maildir_unique_origin(struct slice unique, struct slice *id)
{
	struct slice rest = unique, origin;

	if (!maildir_unique_id(unique, id))
		return false;
	slice_cut(&rest, '.');
	slice_cut(&rest, '.');
	origin = slice_cut(&rest, '.');
	if (rest.ptr != NULL && msgid_is(origin))
		*id = origin;
	return true;
}

bool maildir_name_size(const char *text, uint64_t *size)
{
	struct slice name = slice_of(text);
	ptrdiff_t comma;

	while ((comma = slice_find(name, ',')) >= 0) {
		struct slice field;
		ptrdiff_t colon;

		name = slice_from(name, (size_t)comma + 1);
		field = name;
		if ((colon = slice_find(field, ':')) >= 0)
			field.len = (size_t)colon;
		field = slice_cut(&field, ',');
		if (slice_begins_nocase(field, "S=") &&
		    slice_number(slice_from(field, 2), 0, UINT64_MAX, size))
			return true;
	}
	return false;
}

/* Whether a name ends in a field of Maildir++ ("S=1234", "W=1250") after this comma. */
static bool is_size_field(struct slice field)
{
	uint64_t size;

	return (slice_begins_nocase(field, "S=") || slice_begins_nocase(field, "W=")) &&
	       slice_number(slice_from(field, 2), 0, UINT64_MAX, &size);
}

static struct slice without_sizes(struct slice name)
{
	const char *at;

	while ((at = memrchr(name.ptr, ',', name.len)) != NULL && is_size_field(slice_from(name, (size_t)(at - name.ptr) + 1)))
		name.len = (size_t)(at - name.ptr);
	return name;
}

/* Commas and colons are part of a name that another program has chosen, and so is a size: two files that differ only in
 * the size are two messages, and the removal of one keeps the other. */
struct slice maildir_unique(const char *name)
{
	struct slice unique = slice_of(name), id;

	for (const char *at = strchr(name, ':'); at != NULL; at = strchr(at + 1, ':'))
		if (strncmp(at, ":2,", 3) == 0 || strncmp(at, ":1,", 3) == 0)
			unique.len = (size_t)(at - name);
	return maildir_unique_id(without_sizes(unique), &id) ? without_sizes(unique) : unique;
}

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
	struct slice name = without_sizes(slice_of(message->unique)), id;

	if (maildir_unique_id(name, &id))
		name = id;
	else if (msgid_is(name))
		name.len = 0;
	if (is_uidl(name))
		snprintf(message->uidl, sizeof(message->uidl), "%.*s", SLICE_PRINT(name));
	else
		put_digest(message, without_sizes(slice_of(message->unique)));
}

/* --- listing */

static void list_add(struct mailbox_list *list, const char *folder, const char *name)
{
	struct mailbox_message message = {0};
	struct slice unique = maildir_unique(name), id, stamp = unique;
	uint64_t time = 0;

	message.file = xasprintf("%s/%s", folder, name);
	message.unique = slice_dup(unique);
	message.ours = maildir_unique_id(unique, &id);
	if (message.ours)
		message.size_known = maildir_name_size(name, &message.size);
	stamp = slice_cut(&stamp, '.');
	if (slice_number(stamp, 0, INT64_MAX, &time))
		message.time = (int64_t)time;
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

/* Messages are regular files. Everything else (folders, FIFOs, links to files that the user may not read) is ignored. */
static bool is_letter(int dir_fd, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_name[0] == '.')
		return false;
	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_REG;
	return fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

int maildir_each_file_in(const struct spool *spool, const char *mailbox, const char *folder, maildir_each_fn fn, void *context,
    struct error *error)
{
	char *path = layout_mailbox(spool, mailbox, folder);
	DIR *dir = opendir(path);
	struct dirent *entry;
	int result = 0;

	if (dir == NULL && errno != ENOENT)
		result = error_errno(error, N_("cannot list %s"), path);
	while (dir != NULL && result == 0 && (errno = 0, entry = readdir(dir)) != NULL)
		if (is_letter(dirfd(dir), entry))
			result = fn(context, dirfd(dir), folder, entry->d_name);
	if (dir != NULL && result == 0 && errno != 0)
		result = error_errno(error, N_("cannot list %s"), path);
	if (dir != NULL)
		closedir(dir);
	free(path);
	return result;
}

int maildir_each_file(const struct spool *spool, const char *mailbox, maildir_each_fn fn, void *context, struct error *error)
{
	int result = 0;

	for (size_t i = 0; i < ARRAY_LEN(folders) && result == 0; i++)
		result = maildir_each_file_in(spool, mailbox, folders[i], fn, context, error);
	return result;
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

struct search {
	struct slice unique;
	char *file; /* found: "folder/name" */
};

static int search_fn(void *context, int dir_fd, const char *folder, const char *name)
{
	struct search *search = context;

	(void)dir_fd;
	if (!slice_equal(maildir_unique(name), search->unique))
		return 0;
	free(search->file);
	search->file = xasprintf("%s/%s", folder, name);
	return 0;
}

int maildir_find(const struct spool *spool, const char *user, const char *unique, char **file, struct error *error)
{
	struct search search = {.unique = slice_of(unique)};
	int result = maildir_each_file(spool, user, search_fn, &search, error);

	if (result != 0) {
		free(search.file);
		search.file = NULL;
	}
	*file = search.file;
	return result;
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

struct unlinking {
	const struct map *uniques;
	size_t found;
	struct error *error;
};

static int unlink_fn(void *context, int dir_fd, const char *folder, const char *name)
{
	struct unlinking *work = context;

	(void)folder;
	if (map_get(work->uniques, maildir_unique(name)) == NULL)
		return 0;
	work->found++;
	if ((fsx_point("unlink", name, NULL) != 0 || unlinkat(dir_fd, name, 0) != 0) && errno != ENOENT)
		return error_errno(work->error, N_("cannot remove %s"), name);
	return 0;
}

int maildir_unlink(const struct spool *spool, const char *user, const char *const *uniques, size_t count,
    struct error *error)
{
	struct map wanted = MAP_INIT;
	struct unlinking work = {.uniques = &wanted, .error = error};
	int result = 0;

	for (size_t i = 0; i < count; i++)
		map_put(&wanted, slice_of(uniques[i]), (void *)1);
	/* Until a walk finds none: another program may rename a file during the first walk. */
	for (int walk = 0; walk < 3 && result == 0; walk++) {
		work.found = 0;
		result = maildir_each_file(spool, user, unlink_fn, &work, error);
		if (work.found == 0)
			break;
	}
	map_clear(&wanted);
	return result;
}

/* --- delivery */

char *maildir_file(const char *name)
{
	return xasprintf("%s/%s", strstr(name, ":2,") != NULL ? "cur" : "new", name);
}

/* The path of the new file. */
static char *target_path(const struct spool *spool, const struct maildir_target *target)
{
	char *file = maildir_file(target->name), *path = layout_mailbox(spool, target->mailbox, file);

	free(file);
	return path;
}

/* A message makes its folder, and the user sees it. */
static int make_for_delivery(const struct spool *spool, const char *mailbox, struct error *error)
{
	struct slice user = mailbox_name_user(slice_of(mailbox)), folder = mailbox_name_folder(slice_of(mailbox));
	bool is_new = folder.len > 0 && folder_exists(spool, mailbox, error) == 0;
	int result = mailbox_make(spool, mailbox, error);

	if (result == 0 && is_new) {
		char *owner = slice_dup(user);
		struct error ignored;

		folder_subscribe(spool, owner, folder.ptr, true, &ignored);
		free(owner);
	}
	return result;
}

struct content {
	const struct slice *parts;
	size_t count;
	const char *source; /* NULL: only the parts */
};

static int create(const char *path, const struct content *content, struct error *error)
{
	return content->source != NULL ? fsx_create_sharing(path, content->parts[0], content->source, 0600, error)
				       : fsx_create(path, content->parts, content->count, 0600, error);
}

/* Replaces the message at its present place. If it no longer exists, it was removed, and stays removed. */
static int replace(const struct spool *spool, const char *user, const char *tmp, const char *over, struct error *error)
{
	char *base = layout_mailbox(spool, user, ""), *file = xstrdup(over), *unique = slice_dup(maildir_unique(strchr(over, '/') + 1));
	struct error ignored;
	int result = -1;

	for (int tries = 0; tries < REPLACE_TRIES && file != NULL; tries++) {
		char *path = xasprintf("%s/%s", base, file);

		result = fsx_swap_in(tmp, path, error);
		free(path);
		if (result == 0 || error->saved_errno != ENOENT)
			break;
		free(file);
		if (maildir_find(spool, user, unique, &file, error) != 0)
			break;
		result = file == NULL ? 0 : -1;
	}
	if (result != 0 || file == NULL)
		fsx_unlink(tmp, &ignored); /* a leftover is removed later */
	free(base);
	free(file);
	free(unique);
	return result;
}

static int deliver(const struct spool *spool, const struct maildir_target *target, const struct content *content, struct error *error)
{
	char *base = layout_mailbox(spool, target->mailbox, "");
	char *tmp = xasprintf("%s/tmp/%s", base, target->name);
	char *path = target_path(spool, target);
	int result = create(tmp, content, error);

	if (result != 0 && error->saved_errno == ENOENT) {
		result = make_for_delivery(spool, target->mailbox, error);
		if (result == 0)
			result = create(tmp, content, error);
	}
	if (result == 0)
		result = target->over != NULL ? replace(spool, target->mailbox, tmp, target->over, error) : fsx_rename(tmp, path, error);
	/* Only new/ or cur/ may be missing: after a power cut, or because it was removed. */
	if (result != 0 && target->over == NULL && error->saved_errno == ENOENT && access(tmp, F_OK) == 0 &&
	    make_for_delivery(spool, target->mailbox, error) == 0)
		result = fsx_rename(tmp, path, error);
	free(path);
	free(tmp);
	free(base);
	return result;
}

int maildir_deliver(const struct spool *spool, const struct maildir_target *target, const struct slice *parts, size_t count,
    struct error *error)
{
	return deliver(spool, target, &(struct content){.parts = parts, .count = count}, error);
}

int maildir_deliver_sharing(const struct spool *spool, const struct maildir_target *target, struct slice header, const char *source,
    struct error *error)
{
	return deliver(spool, target, &(struct content){.parts = &header, .count = 1, .source = source}, error);
}

int maildir_deliver_link(const struct spool *spool, const struct maildir_target *target, const char *source, struct error *error)
{
	char *base = layout_mailbox(spool, target->mailbox, "");
	char *path = target->over != NULL ? xasprintf("%s/tmp/%s", base, target->name) : target_path(spool, target);
	int result;

	if (target->over != NULL)
		fsx_unlink(path, error); /* the file that a crash may have left */
	result = fsx_link(source, path, error);
	if (result != 0 && error->saved_errno == ENOENT && access(source, F_OK) == 0) {
		result = make_for_delivery(spool, target->mailbox, error);
		if (result == 0)
			result = fsx_link(source, path, error);
	}
	if (result == 0 && target->over != NULL)
		result = replace(spool, target->mailbox, path, target->over, error);
	free(path);
	free(base);
	return result;
}

static int collect_file(void *context, int dir_fd, const char *folder, const char *name)
{
	struct slice id;

	(void)dir_fd;
	if (maildir_unique_id(maildir_unique(name), &id))
		free(map_put(context, id, xasprintf("%s/%s", folder, name)));
	return 0;
}

int maildir_files(const struct spool *spool, const char *user, struct map *files, struct error *error)
{
	return maildir_each_file(spool, user, collect_file, files, error);
}
