/*
 * \Seen of the members of a shared mailbox, each in a file of their own beside new/ and cur/: `lanpost-USER.seen`. A message without a line in it
 * is \Seen if the name of its file says so: that holds for all.
 *
 * It is text, by unique names, so that it stays right when the folder gets a new UIDVALIDITY. Batches of lines end in `= <CRC-32 of the
 * batch, hexadecimal>`; each is synced before a client gets its reply:
 *
 *     lanpost-seen 1                               the first line of the file
 *     S <modseq> <unique name, escaped>            \Seen
 *     U <modseq> <unique name, escaped>            not \Seen
 */
#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/log.h"
#include "config/conf.h"
#include "message/escape.h"
#include "spool/layout_priv.h"
#include "spool/mailbox/folder_priv.h"
#include "spool/mailbox/maildir_name.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define PREFIX "lanpost-"
#define SUFFIX ".seen"
#define FILE_MAX (1u << 30)
#define CHECKSUM_LEN 8
#define LINES_SPARE 1000
static const char head[] = "lanpost-seen 1\n";

char *folder_seen_file(const char *person)
{
	return xasprintf(PREFIX "%s" SUFFIX, person);
}

static char *path_of(const struct folder *folder, const struct folder_seen *seen)
{
	char *file = folder_seen_file(seen->person), *path = layout_mailbox(folder->spool, folder->mailbox, file);

	free(file);
	return path;
}

/* --- in memory */

static size_t position(const struct folder_seen *seen, uint32_t uid)
{
	size_t low = 0, high = seen->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (seen->marks[middle].uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct seen_mark *find(const struct folder_seen *seen, uint32_t uid)
{
	size_t at = position(seen, uid);

	return at < seen->count && seen->marks[at].uid == uid ? &seen->marks[at] : NULL;
}

uint32_t folder_seen_flags(const struct folder_seen *seen, const struct folder_entry *entry, uint64_t *modseq)
{
	const struct seen_mark *mark = seen != NULL ? find(seen, entry->uid) : NULL;

	*modseq = mark != NULL && mark->modseq > entry->modseq ? mark->modseq : entry->modseq;
	if (mark == NULL)
		return entry->flags;
	return mark->is_seen ? entry->flags | FOLDER_SEEN : entry->flags & ~(uint32_t)FOLDER_SEEN;
}

static int by_uid(const void *a, const void *b)
{
	uint32_t x = ((const struct seen_mark *)a)->uid, y = ((const struct seen_mark *)b)->uid;

	return (x > y) - (x < y);
}

/* Mostly they are the last ones, or few. */
static void put(struct folder_seen *seen, struct seen_mark mark)
{
	size_t at = position(seen, mark.uid);

	if (at < seen->count && seen->marks[at].uid == mark.uid) {
		seen->marks[at] = mark;
		return;
	}
	ARRAY_GROW(seen->marks, seen->count);
	memmove(seen->marks + at + 1, seen->marks + at, (seen->count - at) * sizeof(*seen->marks));
	seen->marks[at] = mark;
	seen->count++;
}

/* --- reading */

/* Of two lines of a message the last one counts. One of a message that is gone does not matter. */
static void read_line(struct folder *folder, struct folder_seen *seen, struct slice line)
{
	struct slice rest = line, kind = slice_cut(&rest, ' '), number = slice_cut(&rest, ' ');
	uint64_t modseq;
	char *unique;
	size_t index;

	if (kind.len != 1 || (kind.ptr[0] != 'S' && kind.ptr[0] != 'U') || !slice_number(number, 0, INT64_MAX, &modseq))
		return;
	unique = escape_undo(rest);
	index = unique == NULL ? SIZE_MAX : folder_table_find(&folder->table, slice_of(unique));
	free(unique);
	if (index == SIZE_MAX)
		return;
	if (modseq > folder->modseq) /* of an earlier UIDVALIDITY */
		modseq = folder->modseq;
	ARRAY_GROW(seen->marks, seen->count);
	seen->marks[seen->count] = (struct seen_mark){folder->table.items[index].uid, kind.ptr[0] == 'S', modseq, seen->count};
	seen->count++;
}

static int by_uid_and_line(const void *a, const void *b)
{
	const struct seen_mark *x = a, *y = b;
	int order = by_uid(a, b);

	return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

static void keep_last(struct folder_seen *seen)
{
	size_t kept = 0;

	if (seen->count > 1)
		qsort(seen->marks, seen->count, sizeof(*seen->marks), by_uid_and_line);
	for (size_t i = 0; i < seen->count; i++)
		if (i + 1 == seen->count || seen->marks[i + 1].uid != seen->marks[i].uid)
			seen->marks[kept++] = seen->marks[i];
	seen->count = kept;
}

static bool is_right(struct slice batch, struct slice end)
{
	char digits[CHECKSUM_LEN + 1];

	snprintf(digits, sizeof(digits), "%08x", (unsigned)crc32_z(0, (const unsigned char *)batch.ptr, batch.len));
	return slice_is(end, digits);
}

/* Each whole batch counts, also behind one that is not: a line says all that there is to say of its message. Returns whether the file may be
 * appended to. */
static bool read_all(struct folder *folder, struct folder_seen *seen, struct slice text)
{
	bool is_whole = text.len > 0;

	while (text.len > 0) {
		ptrdiff_t last = slice_search(text, SLICE_LITERAL("\n= ")), end;
		struct slice batch, line;

		if (last < 0 || (end = slice_find(slice_from(text, (size_t)last + 1), '\n')) < 0)
			return false;
		batch = slice_make(text.ptr, (size_t)last + 1);
		line = slice_make(text.ptr + last + 3, (size_t)end - 2);
		text = slice_from(text, (size_t)(last + end + 2));
		if (!is_right(batch, line)) {
			log_warnx("event=seen-damaged folder=%s user=%s (some messages may be unseen again)", LOG_CSTR(folder->mailbox), seen->person);
			is_whole = false;
			continue;
		}
		while (batch.len > 0) {
			read_line(folder, seen, slice_cut(&batch, '\n'));
			seen->lines++;
		}
	}
	return is_whole;
}

static int load(struct folder *folder, struct folder_seen *seen, struct error *error)
{
	char *path = path_of(folder, seen);
	struct slice text;
	bool is_whole = false;
	int result = fsx_map(path, &text, error);

	if (result == 0) {
		seen->size = text.len;
		is_whole = read_all(folder, seen, text);
		result = fsx_check_map(text, error);
		fsx_unmap(text);
		keep_last(seen);
	} else if (error->saved_errno == ENOENT) {
		result = 0;
	}
	if (result == 0 && is_whole)
		seen->fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	free(path);
	return result;
}

static void seen_free(struct folder_seen *seen)
{
	if (seen->fd >= 0)
		close(seen->fd);
	free(seen->person);
	free(seen->marks);
	free(seen);
}

struct folder_seen *folder_seen_of(struct folder *folder, const char *person, struct error *error)
{
	struct folder_seen *seen = folder->people;

	while (seen != NULL && strcmp(seen->person, person) != 0)
		seen = seen->next;
	if (seen != NULL)
		return seen;
	seen = xcalloc(1, sizeof(*seen));
	seen->person = xstrdup(person);
	seen->fd = -1;
	if (load(folder, seen, error) != 0) {
		seen_free(seen);
		return NULL;
	}
	seen->next = folder->people;
	folder->people = seen;
	return seen;
}

void folder_seen_clear(struct folder *folder)
{
	while (folder->people != NULL) {
		struct folder_seen *seen = folder->people;

		folder->people = seen->next;
		seen_free(seen);
	}
}

/* --- writing */

static void add_line(struct buf *out, bool is_seen, uint64_t modseq, struct slice unique)
{
	buf_printf(out, "%c %llu ", is_seen ? 'S' : 'U', (unsigned long long)modseq);
	escape_append(out, unique);
	buf_append_byte(out, '\n');
}

static void end_batch(struct buf *batch)
{
	buf_printf(batch, "= %08x\n", (unsigned)crc32_z(0, (const unsigned char *)batch->ptr, batch->len));
}

static size_t count_lines(struct slice text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.len; i++)
		count += text.ptr[i] == '\n';
	return count;
}

/* The whole file again, in one batch, durable; without messages that are gone. */
static int write_anew(struct folder *folder, struct folder_seen *seen, struct slice lines, const char *path, struct error *error)
{
	struct buf text = BUF_INIT(FILE_MAX);
	size_t kept = 0;
	int result;

	buf_append_text(&text, head);
	for (size_t i = 0; i < seen->count; i++) {
		size_t index = folder_table_by_uid(&folder->table, seen->marks[i].uid);

		if (index == SIZE_MAX)
			continue;
		add_line(&text, seen->marks[i].is_seen, seen->marks[i].modseq, folder_entry_unique(&folder->table.items[index]));
		seen->marks[kept++] = seen->marks[i];
	}
	seen->count = kept;
	buf_append_slice(&text, lines);
	end_batch(&text);
	if (seen->fd >= 0)
		close(seen->fd);
	seen->fd = -1;
	result = text.overflow ? error_set(error, ERROR_LIMIT, N_("the folder %s has too many messages"), folder->mailbox)
			       : fsx_replace(path, buf_slice(&text), 0600, error);
	if (result == 0) {
		folder->marked_is_read = false;
		seen->fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
		seen->size = text.len;
		seen->lines = count_lines(buf_slice(&text));
	}
	buf_clear(&text);
	return result;
}

static int append(struct folder_seen *seen, struct slice lines, const char *path, struct error *error)
{
	struct buf text = BUF_INIT(FILE_MAX);
	int result;

	buf_append_slice(&text, lines);
	end_batch(&text);
	result = fsx_write(seen->fd, buf_slice(&text), path, error);
	if (result == 0)
		result = fsx_sync_data(seen->fd, path, error);
	if (result != 0) { /* a later sync would prove nothing */
		close(seen->fd);
		seen->fd = -1;
	}
	seen->size += text.len;
	seen->lines += count_lines(buf_slice(&text));
	buf_clear(&text);
	return result;
}

static bool is_lost(const struct folder_seen *seen)
{
	struct stat st;

	return seen->fd < 0 || fstat(seen->fd, &st) != 0 || st.st_nlink == 0 || (uint64_t)st.st_size != seen->size;
}

static int write_lines(struct folder *folder, struct folder_seen *seen, struct buf *lines, struct error *error)
{
	char *path = path_of(folder, seen);
	int result = is_lost(seen) || seen->lines > 2 * seen->count + LINES_SPARE ? write_anew(folder, seen, buf_slice(lines), path, error)
										  : append(seen, buf_slice(lines), path, error);

	free(path);
	return result;
}

int folder_seen_write(struct folder *folder, struct folder_seen *seen, const struct seen_mark *marks, const char *const *names, size_t count,
    struct error *error)
{
	struct buf lines = BUF_INIT(FILE_MAX);
	int result;

	for (size_t i = 0; i < count; i++)
		add_line(&lines, marks[i].is_seen, folder->modseq + 1, maildir_unique(names[i]));
	result = write_lines(folder, seen, &lines, error);
	buf_clear(&lines);
	return result;
}

void folder_seen_put(struct folder *folder, struct folder_seen *seen, struct seen_mark mark)
{
	mark.modseq = folder->modseq;
	put(seen, mark);
}

int folder_seen_mark(struct folder *folder, struct folder_seen *seen, const struct seen_mark *marks, size_t count, struct error *error)
{
	const char **names = xcalloc(count + 1, sizeof(*names));
	struct error ignored;
	int result;

	for (size_t i = 0; i < count; i++)
		names[i] = folder->table.items[folder_table_by_uid(&folder->table, marks[i].uid)].name;
	result = folder_seen_write(folder, seen, marks, names, count, error);
	free(names);
	if (result != 0)
		return -1;
	folder->modseq++;
	for (size_t i = 0; i < count; i++)
		folder_seen_put(folder, seen, marks[i]);
	folder_index_note_modseq(folder, &ignored); /* later ones try again */
	folder_watch_wake(seen);
	return 0;
}

/* --- the files */

/* New memory; NULL: it is another file. */
static char *person_of(struct slice file)
{
	const size_t around = strlen(PREFIX) + strlen(SUFFIX);
	struct slice name;

	if (file.len <= around || memcmp(file.ptr, PREFIX, strlen(PREFIX)) != 0 ||
	    memcmp(file.ptr + file.len - strlen(SUFFIX), SUFFIX, strlen(SUFFIX)) != 0)
		return NULL;
	name = slice_make(file.ptr + strlen(PREFIX), file.len - around);
	return conf_is_mailbox_name(name) ? slice_dup(name) : NULL;
}

int folder_people(const struct spool *spool, const char *mailbox, struct strlist *people, struct error *error)
{
	char *path = layout_mailbox(spool, mailbox, "");
	DIR *dir = opendir(path);
	const struct dirent *entry;
	int result = 0;

	if (dir == NULL && errno != ENOENT)
		result = error_errno(error, N_("cannot list %s"), path);
	while (dir != NULL && (errno = 0, entry = readdir(dir)) != NULL) {
		char *person = person_of(slice_of(entry->d_name));

		if (person != NULL)
			strlist_add(people, person);
		free(person);
	}
	if (dir != NULL && errno != 0)
		result = error_errno(error, N_("cannot list %s"), path);
	if (dir != NULL)
		closedir(dir);
	free(path);
	return result;
}

int folder_seen_people(struct folder *folder, const struct strlist **people, struct error *error)
{
	*people = &folder->marked;
	if (folder->marked_is_read)
		return 0;
	strlist_clear(&folder->marked);
	if (folder_people(folder->spool, folder->mailbox, &folder->marked, error) != 0)
		return -1;
	folder->marked_is_read = true;
	return 0;
}
