#include "spool/partial.h"

#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/owned.h"
#include "spool/layout_priv.h"
#include "spool/reserve.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD "lanpost partial 1\n"
#define DIGEST 32
#define SUFFIX ".part"

/* Before the bytes of each piece. */
struct piece {
	uint32_t length;
	unsigned char digest[DIGEST]; /* of the digest before, and of the bytes */
};

struct partial {
	char *path;
	int fd;
	uint64_t size, whole;
	size_t end; /* of the last piece, in the file */
	unsigned char digest[DIGEST];
	struct slice map; /* of the file as it was opened; empty: not viewed */
	size_t first;     /* the first piece in it */
	bool is_named;	  /* its name is durable */
};

/* It fails only without memory (base/alloc.h). */
static void must(bool good)
{
	if (!good)
		abort();
}

/* --- names: the digest of mailbox and folder, then the numbers of the message, so that nothing of a peer is in a path */

static char *prefix_of(const char *mailbox, const char *folder)
{
	unsigned char digest[DIGEST];
	char *text = xasprintf("%s\n%s", mailbox, folder), *prefix;

	must(EVP_Digest(text, strlen(text), digest, NULL, EVP_sha256(), NULL) == 1);
	prefix = xasprintf("%02x%02x%02x%02x%02x%02x%02x%02x.", digest[0], digest[1], digest[2], digest[3], digest[4], digest[5],
	    digest[6], digest[7]);
	free(text);
	return prefix;
}

static char *path_of(const struct spool *spool, const struct partial_of *of)
{
	char *prefix = prefix_of(of->mailbox, of->folder), *name = xasprintf("%s%u.%u" SUFFIX, prefix, of->validity, of->uid);
	char *path = layout_partial(spool, name);

	free(prefix);
	free(name);
	return path;
}

static bool is_ours(const char *name)
{
	size_t len = strlen(name);

	return len > sizeof(SUFFIX) && strcmp(name + len - (sizeof(SUFFIX) - 1), SUFFIX) == 0;
}

/* --- the head */

/* All but the size of the whole message. */
static char *head_of(const struct partial_of *of)
{
	return xasprintf(HEAD "%s\n%s\n%u %u %llu ", of->mailbox, of->folder, of->validity, of->uid, (unsigned long long)of->listed);
}

/* Reads it off the front of the file. Returns false if it is that of another message, or damaged. */
static bool read_head(struct slice file, const struct partial_of *of, struct slice *head, uint64_t *whole)
{
	char *expected = head_of(of);
	size_t len = strlen(expected);
	bool good = file.len > len && memcmp(file.ptr, expected, len) == 0;
	struct slice rest = slice_from(file, good ? len : 0);
	ptrdiff_t end = slice_find(slice_make(rest.ptr, rest.len < 24 ? rest.len : 24), '\n');

	free(expected);
	if (!good || end < 0 || !slice_number(slice_make(rest.ptr, (size_t)end), 1, UINT32_MAX, whole))
		return false;
	*head = slice_make(file.ptr, len + (size_t)end + 1);
	return true;
}

/* --- pieces */

static void chain(unsigned char digest[DIGEST], struct slice bytes)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	must(context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 && EVP_DigestUpdate(context, digest, DIGEST) == 1 &&
	     EVP_DigestUpdate(context, bytes.ptr, bytes.len) == 1 && EVP_DigestFinal_ex(context, digest, NULL) == 1);
	EVP_MD_CTX_free(context);
}

/* The piece that begins there; returns false at the end, or if its length is impossible. */
static bool read_piece(struct slice file, size_t at, struct piece *piece, struct slice *bytes)
{
	if (at > file.len || file.len - at < sizeof(*piece))
		return false;
	memcpy(piece, file.ptr + at, sizeof(*piece));
	if (piece->length == 0 || piece->length > PARTIAL_PIECE_MAX || piece->length > file.len - at - sizeof(*piece))
		return false;
	*bytes = slice_make(file.ptr + at + sizeof(*piece), piece->length);
	return true;
}

/* Follows the pieces as far as their digests are right. */
static void verify(struct partial *partial)
{
	unsigned char digest[DIGEST];
	struct piece piece;
	struct slice bytes;

	while (read_piece(partial->map, partial->end, &piece, &bytes) && partial->size + bytes.len <= partial->whole) {
		memcpy(digest, partial->digest, sizeof(digest));
		chain(digest, bytes);
		if (memcmp(digest, piece.digest, sizeof(digest)) != 0)
			return;
		memcpy(partial->digest, digest, sizeof(digest));
		partial->size += bytes.len;
		partial->end += sizeof(piece) + bytes.len;
		fsx_let_go(bytes);
	}
}

/* --- bounds */

struct kept {
	char *path;
	uint64_t bytes;
	int64_t time;
};

struct kept_list {
	struct kept *items;
	size_t count;
	uint64_t bytes;
};

static void add_kept(struct kept_list *list, char *path)
{
	struct stat st;

	if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode)) {
		free(path);
		return;
	}
	ARRAY_GROW(list->items, list->count);
	list->items[list->count++] = (struct kept){path, (uint64_t)st.st_size, st.st_mtime};
	list->bytes += (uint64_t)st.st_size;
}

static struct kept_list list_all(const struct spool *spool)
{
	char *folder = layout_partial(spool, "");
	DIR *dir = opendir(folder);
	struct kept_list list = {NULL, 0, 0};
	const struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (is_ours(entry->d_name))
			add_kept(&list, layout_partial(spool, entry->d_name));
	if (dir != NULL)
		closedir(dir);
	free(folder);
	return list;
}

static void clear_list(struct kept_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i].path);
	free(list->items);
}

static void remove_file(const char *path)
{
	struct error error;

	if (fsx_unlink(path, &error) != 0)
		log_warnx("event=partial-not-removed reason=%s", LOG_ERROR(&error));
}

static void remove_oldest(struct kept_list *list)
{
	size_t oldest = 0;

	for (size_t i = 1; i < list->count; i++)
		if (list->items[i].time < list->items[oldest].time)
			oldest = i;
	log_info("event=partial-dropped path=%s reason=\"there are too many of them\"", LOG_CSTR(list->items[oldest].path));
	remove_file(list->items[oldest].path);
	free(list->items[oldest].path);
	list->bytes -= list->items[oldest].bytes;
	list->items[oldest] = list->items[--list->count];
}

static bool make_room(const struct spool *spool, uint64_t whole)
{
	struct kept_list list;

	if (whole > PARTIAL_BYTES_MAX || !reserve_has_room(spool, 2 * whole))
		return false;
	list = list_all(spool);
	while (list.count > 0 && (list.count >= PARTIAL_FILES_MAX || list.bytes + whole > PARTIAL_BYTES_MAX))
		remove_oldest(&list);
	clear_list(&list);
	return true;
}

void partial_expire(const struct spool *spool, int64_t now)
{
	struct kept_list list = list_all(spool);

	for (size_t i = 0; i < list.count; i++)
		if (list.items[i].time + PARTIAL_EXPIRE_SECONDS < now)
			remove_file(list.items[i].path);
	clear_list(&list);
}

/* --- a file */

static struct partial *new_partial(const struct spool *spool, const struct partial_of *of, uint64_t whole)
{
	struct partial *made = xcalloc(1, sizeof(*made));

	made->path = path_of(spool, of);
	made->fd = -1;
	made->whole = whole;
	return made;
}

void partial_close(struct partial *partial)
{
	if (partial == NULL)
		return;
	if (partial->map.ptr != NULL)
		fsx_unmap(partial->map);
	if (partial->fd >= 0)
		close(partial->fd); /* what is not synced is not relied on */
	free(partial->path);
	free(partial);
}

static int make_folder(const struct spool *spool, struct error *error)
{
	char *folder = layout_partial(spool, "");
	int result = fsx_make_dirs(folder, error);

	free(folder);
	return result;
}

static int write_head(struct partial *partial, const struct partial_of *of, struct error *error)
{
	char *begin = head_of(of), *head = xasprintf("%s%llu\n", begin, (unsigned long long)partial->whole);
	struct slice text = slice_of(head);
	int result = fsx_write(partial->fd, text, partial->path, error);

	chain(partial->digest, text);
	partial->end = text.len;
	free(begin);
	free(head);
	return result;
}

int partial_create(struct partial **partial, const struct spool *spool, const struct partial_of *of, uint64_t whole, struct error *error)
{
	struct partial *made;

	*partial = NULL;
	if (whole > UINT32_MAX || !make_room(spool, whole))
		return error_set(error, ERROR_FULL, N_("the disk has no room for the beginning of a message of %llu bytes"),
		    (unsigned long long)whole);
	if (make_folder(spool, error) != 0)
		return -1;
	made = new_partial(spool, of, whole);
	made->fd = fsx_unlink(made->path, error) == 0 ? owned_open(made->path, O_WRONLY | O_EXCL, 0600) : -1;
	if (made->fd < 0 || write_head(made, of, error) != 0) {
		if (made->fd < 0)
			error_errno(error, N_("cannot create %s"), made->path);
		else
			remove_file(made->path);
		partial_close(made);
		return -1;
	}
	*partial = made;
	return 0;
}

/* Returns false if nothing of the file can be used. */
static bool read_all(struct partial *partial, const struct partial_of *of)
{
	struct slice head;
	struct error error;

	if (fsx_map(partial->path, &partial->map, &error) != 0)
		return false;
	if (!read_head(partial->map, of, &head, &partial->whole))
		return false;
	chain(partial->digest, head);
	partial->first = partial->end = head.len;
	verify(partial);
	return partial->size > 0 && fsx_check_map(partial->map, &error) == 0;
}

int partial_open(struct partial **partial, const struct spool *spool, const struct partial_of *of, struct error *error)
{
	struct partial *made = new_partial(spool, of, 0);

	*partial = NULL;
	if (access(made->path, F_OK) != 0) {
		partial_close(made);
		return 0;
	}
	if (!read_all(made, of)) {
		log_info("event=partial-unusable path=%s", LOG_CSTR(made->path));
		remove_file(made->path);
		partial_close(made);
		return 0;
	}
	made->fd = owned_open(made->path, O_WRONLY, 0600);
	if (made->fd < 0 || fsx_truncate(made->fd, made->end, made->path, error) != 0) {
		if (made->fd < 0)
			error_errno(error, N_("cannot open %s"), made->path);
		partial_close(made);
		return -1;
	}
	made->is_named = true;
	*partial = made;
	return 0;
}

uint64_t partial_size(const struct partial *partial)
{
	return partial->size;
}

uint64_t partial_whole(const struct partial *partial)
{
	return partial->whole;
}

bool partial_next(const struct partial *partial, size_t *at, struct slice *bytes)
{
	struct piece piece;

	if (*at == 0)
		*at = partial->first;
	if (*at >= partial->end || !read_piece(partial->map, *at, &piece, bytes))
		return false;
	*at += sizeof(piece) + piece.length;
	return true;
}

int partial_loaded(struct partial *partial, struct error *error)
{
	int result = fsx_check_map(partial->map, error);

	fsx_unmap(partial->map);
	partial->map = SLICE_NONE;
	return result;
}

int partial_append(struct partial *partial, struct slice bytes, struct error *error)
{
	struct piece piece = {.length = (uint32_t)bytes.len};
	struct iovec parts[] = {{&piece, sizeof(piece)}, {(void *)(uintptr_t)bytes.ptr, bytes.len}};

	assert(bytes.len > 0 && bytes.len <= PARTIAL_PIECE_MAX);
	chain(partial->digest, bytes);
	memcpy(piece.digest, partial->digest, sizeof(piece.digest));
	if (fsx_writev(partial->fd, parts, 2, partial->path, error) != 0)
		return -1;
	partial->size += bytes.len;
	partial->end += sizeof(piece) + bytes.len;
	return 0;
}

int partial_sync(struct partial *partial, struct error *error)
{
	char *slash = strrchr(partial->path, '/'), *folder;
	int result;

	if (fsx_sync_data(partial->fd, partial->path, error) != 0)
		return -1;
	if (partial->is_named)
		return 0;
	folder = xstrndup(partial->path, (size_t)(slash - partial->path));
	result = fsx_sync_dir(folder, error);
	free(folder);
	partial->is_named = result == 0;
	return result;
}

void partial_remove(const struct spool *spool, const struct partial_of *of)
{
	char *path = path_of(spool, of);

	remove_file(path);
	free(path);
}

/* "0123456789abcdef.1700000000.12.part" */
static bool read_name(const char *name, const char *prefix, struct partial_name *out)
{
	struct slice rest = slice_of(name), word;
	uint64_t validity, uid;

	if (!is_ours(name) || strncmp(name, prefix, strlen(prefix)) != 0)
		return false;
	rest = slice_from(rest, strlen(prefix));
	word = slice_cut(&rest, '.');
	if (!slice_number(word, 0, UINT32_MAX, &validity))
		return false;
	word = slice_cut(&rest, '.');
	if (!slice_number(word, 1, UINT32_MAX, &uid))
		return false;
	*out = (struct partial_name){(uint32_t)validity, (uint32_t)uid};
	return true;
}

size_t partial_list(const struct spool *spool, const char *mailbox, const char *folder, struct partial_name *names, size_t count)
{
	char *path = layout_partial(spool, ""), *prefix = prefix_of(mailbox, folder);
	DIR *dir = opendir(path);
	const struct dirent *entry;
	size_t found = 0;

	while (dir != NULL && found < count && (entry = readdir(dir)) != NULL)
		found += read_name(entry->d_name, prefix, &names[found]);
	if (dir != NULL)
		closedir(dir);
	free(prefix);
	free(path);
	return found;
}
