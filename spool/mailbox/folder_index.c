/*
 * The index of a folder: its UIDs, durably, in the file `lanpost-uids` beside new/ and cur/ (spool/QUEUE.md, "Folders").
 *
 * It is text. A batch of lines ends in `= <bytes of the file that were durable before it> <CRC-32 of the batch, hexadecimal>`; later batches
 * are appended:
 *
 *     lanpost-uids 1 <UIDVALIDITY>                                   the first line of the file
 *     # <UIDNEXT> <highest modification sequence>
 *     + <UID> <modseq> <flags> <time> <saved> <size or -> <unique name, escaped>
 *     * <UID> <modseq> <flags>                                       its flags were seen as these
 *     - <UID> <modseq>                                               it is gone
 */
#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/log.h"
#include "message/escape.h"
#include "spool/layout_priv.h"
#include "spool/mailbox/folder_priv.h"
#include "spool/mailbox/maildir_name.h"
#include "spool/storage/mailbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define FILE_NAME "lanpost-uids"
#define FILE_MAX (2u << 30)
#define VERSION 1
#define CHECKSUM_LEN 8
/* Modification sequences go on this far above the highest in the file: those in between may be known to clients, and not written. */
#define MODSEQ_STEP (1u << 20)
#define LINES_SPARE 1000

static char *index_path(const struct folder *folder)
{
	return layout_mailbox(folder->spool, folder->mailbox, FILE_NAME);
}

/* --- reading */

/* The number up to the next blank or the end of the line. */
static bool read_number(struct slice *rest, uint64_t max, uint64_t *number)
{
	return slice_number(slice_cut(rest, ' '), 0, max, number);
}

static bool read_message(struct folder *folder, struct slice rest)
{
	struct folder_entry entry = {.size_known = true};
	struct slice size, id;
	uint64_t numbers[5];

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		if (!read_number(&rest, INT64_MAX, &numbers[i]))
			return false;
	size = slice_cut(&rest, ' ');
	entry.size_known = !slice_is(size, "-");
	if ((entry.size_known && !slice_number(size, 0, INT64_MAX, &entry.size)) || rest.len == 0 || numbers[0] < folder->uid_next ||
	    numbers[0] >= UINT32_MAX || numbers[2] > UINT32_MAX)
		return false;
	entry.uid = (uint32_t)numbers[0];
	entry.modseq = numbers[1];
	entry.flags = (uint32_t)numbers[2];
	entry.time = (int64_t)numbers[3];
	entry.saved = (int64_t)numbers[4];
	entry.name = slice_find(rest, '%') < 0 ? slice_dup(rest) : escape_undo(rest);
	if (entry.name == NULL)
		return false;
	entry.unique_len = (uint32_t)strlen(entry.name);
	entry.ours = maildir_unique_id(folder_entry_unique(&entry), &id);
	folder->uid_next = entry.uid + 1;
	if (entry.modseq > folder->modseq)
		folder->modseq = entry.modseq;
	folder_table_add(&folder->table, &entry);
	return true;
}

/* Flags, or the end, of a message. One that is not known (any more) does not matter. */
static bool read_change(struct folder *folder, char kind, struct slice rest)
{
	uint64_t uid, modseq, flags = 0;
	size_t index;

	if (!read_number(&rest, UINT32_MAX, &uid) || !read_number(&rest, INT64_MAX, &modseq) ||
	    (kind == '*' && !read_number(&rest, UINT32_MAX, &flags)))
		return false;
	if (modseq > folder->modseq)
		folder->modseq = modseq;
	index = folder_table_by_uid(&folder->table, (uint32_t)uid);
	if (index != SIZE_MAX && kind == '-') {
		folder_table_drop(&folder->table, index);
	} else if (index != SIZE_MAX) {
		folder->table.items[index].flags = (uint32_t)flags;
		folder->table.items[index].modseq = modseq;
	}
	return true;
}

static bool read_heights(struct folder *folder, struct slice rest)
{
	uint64_t uid_next, modseq;

	if (!read_number(&rest, UINT32_MAX, &uid_next) || !read_number(&rest, INT64_MAX, &modseq))
		return false;
	if (uid_next > folder->uid_next)
		folder->uid_next = (uint32_t)uid_next;
	if (modseq > folder->modseq)
		folder->modseq = modseq;
	return true;
}

static bool read_line(struct folder *folder, struct slice line, bool is_first)
{
	struct slice rest = line, word = slice_cut(&rest, ' ');
	uint64_t version, validity;

	if (is_first) {
		if (!slice_is(word, FILE_NAME) || !read_number(&rest, VERSION, &version) || !read_number(&rest, UINT32_MAX, &validity) ||
		    validity == 0)
			return false;
		folder->validity = (uint32_t)validity;
		return true;
	}
	if (word.len != 1)
		return false;
	switch (word.ptr[0]) {
	case '+':
		return read_message(folder, rest);
	case '*':
	case '-':
		return read_change(folder, word.ptr[0], rest);
	case '#':
		return read_heights(folder, rest);
	default:
		return false;
	}
}

struct batch {
	struct slice lines;
	size_t len; /* with its last line */
	uint64_t durable;
	bool is_right;
};

/* The batch at the beginning of the text; returns false if its end is not there. */
static bool read_batch(struct slice text, struct batch *batch)
{
	ptrdiff_t last = slice_search(text, SLICE_LITERAL("\n= ")), end;
	char digits[CHECKSUM_LEN + 1];
	struct slice line;

	if (last < 0 || (end = slice_find(slice_from(text, (size_t)last + 1), '\n')) < 0)
		return false;
	*batch = (struct batch){.lines = slice_make(text.ptr, (size_t)last + 1), .len = (size_t)(last + end + 2)};
	line = slice_make(text.ptr + last + 3, (size_t)end - 2);
	if (!read_number(&line, INT64_MAX, &batch->durable) || line.len != CHECKSUM_LEN)
		return true;
	snprintf(digits, sizeof(digits), "%08x",
	    (unsigned)crc32_z(0, (const unsigned char *)text.ptr, batch->len - 1 - CHECKSUM_LEN));
	batch->is_right = memcmp(line.ptr, digits, CHECKSUM_LEN) == 0;
	return true;
}

/* Whether a batch that is not whole ends before its last line: the lines before it look like lines of messages. */
static bool ends_early(struct slice rest)
{
	struct slice line = rest;
	bool has_end = rest.ptr[rest.len - 1] == '\n';

	if (has_end)
		line.len--;
	line = slice_from(line, (size_t)(slice_find_last(line, '\n') + 1));
	if (!has_end)
		return !(line.len > CHECKSUM_LEN && memcmp(line.ptr, "= ", 2) == 0 && strchr("0123456789abcdef ", line.ptr[line.len - 1]) == NULL);
	return line.len > 2 && memchr("+*-#", line.ptr[0], 4) != NULL && !slice_contains(line, "= ");
}

/* The batch at this offset is not whole. It is the remains of an append that no client knows of if it ends too early, or has zeros where
 * bytes were not written, and if no whole batch after it says that it was durable. */
static bool is_torn(struct slice text, size_t at)
{
	struct slice rest = slice_from(text, at);
	struct batch batch;
	bool is_cut = (!read_batch(rest, &batch) && ends_early(rest)) || slice_find(rest, '\0') >= 0;

	for (; is_cut && read_batch(rest, &batch); rest = slice_from(rest, batch.len))
		if (batch.is_right && batch.durable > at)
			return false;
	return is_cut;
}

/* *end: the bytes that count. */
static bool read_all(struct folder *folder, struct slice text, size_t *end)
{
	struct batch batch;

	folder->uid_next = 1;
	for (*end = 0; read_batch(slice_from(text, *end), &batch) && batch.is_right; *end += batch.len)
		while (batch.lines.len > 0) {
			bool is_first = batch.lines.ptr == text.ptr;

			if (!read_line(folder, slice_cut(&batch.lines, '\n'), is_first))
				return false;
			folder->index.lines++;
		}
	return *end > 0 && (*end == text.len || is_torn(text, *end));
}

/* --- writing */

static void note(struct folder *folder)
{
	folder->index.batch_lines++;
}

static void put_number(struct buf *batch, uint64_t number)
{
	buf_append_number(batch, number);
	buf_append_byte(batch, ' ');
}

/* Without printf(): a folder that is new has a line for each message. */
void folder_index_added(struct folder *folder, const struct folder_entry *entry)
{
	struct buf *batch = &folder->index.batch;

	buf_append_text(batch, "+ ");
	put_number(batch, entry->uid);
	put_number(batch, entry->modseq);
	put_number(batch, entry->flags);
	put_number(batch, (uint64_t)entry->time);
	put_number(batch, (uint64_t)entry->saved);
	if (entry->size_known)
		put_number(batch, entry->size);
	else
		buf_append_text(batch, "- ");
	escape_append(batch, folder_entry_unique(entry));
	buf_append_byte(batch, '\n');
	note(folder);
}

void folder_index_changed(struct folder *folder, const struct folder_entry *entry)
{
	buf_printf(&folder->index.batch, "* %u %llu %u\n", entry->uid, (unsigned long long)entry->modseq, entry->flags);
	note(folder);
}

void folder_index_gone(struct folder *folder, uint32_t uid)
{
	buf_printf(&folder->index.batch, "- %u %llu\n", uid, (unsigned long long)folder->modseq);
	note(folder);
}

static void end_batch(struct folder_index *index)
{
	struct buf *batch = &index->batch;

	buf_printf(batch, "= %llu ", (unsigned long long)index->durable);
	buf_printf(batch, "%08x\n", (unsigned)crc32_z(0, (const unsigned char *)batch->ptr, batch->len));
}

/* The whole file again, in one batch, durable. */
static int write_anew(struct folder *folder, struct error *error)
{
	struct folder_index *index = &folder->index;
	char *path = index_path(folder);
	int result;

	buf_reset(&index->batch);
	buf_printf(&index->batch, "%s %d %u\n", FILE_NAME, VERSION, folder->validity);
	index->batch_lines = 2;
	for (size_t i = 0; i < folder->table.count; i++)
		if (folder_entry_is_live(&folder->table.items[i]))
			folder_index_added(folder, &folder->table.items[i]);
	buf_printf(&index->batch, "# %u %llu\n", folder->uid_next, (unsigned long long)folder->modseq);
	index->durable = 0;
	end_batch(index);
	folder_index_close(index);
	result = index->batch.overflow ? error_set(error, ERROR_LIMIT, N_("the folder %s has too many messages"), folder->mailbox)
				       : fsx_replace(path, buf_slice(&index->batch), 0600, error);
	if (result == 0) {
		index->fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
		index->size = index->batch.len;
		index->lines = index->batch_lines;
		index->durable = index->size;
		index->durable_modseq = folder->modseq;
	}
	buf_clear(&index->batch);
	index->batch_lines = 0;
	free(path);
	return result;
}

static int append(struct folder *folder, const char *path, bool durably, struct error *error)
{
	struct folder_index *index = &folder->index;
	int result = 0;

	durably = durably || folder->modseq - index->durable_modseq >= MODSEQ_STEP / 2;
	if (index->batch_lines > 0) {
		end_batch(index);
		result = fsx_write(index->fd, buf_slice(&index->batch), path, error);
	}
	if (result == 0 && durably)
		result = fsx_sync_data(index->fd, path, error);
	if (result != 0) {
		folder_index_close(index); /* a later sync would prove nothing */
		return -1;
	}
	index->size += index->batch.len;
	index->lines += index->batch_lines;
	if (durably) {
		index->durable = index->size;
		index->durable_modseq = folder->modseq;
	}
	return 0;
}

static bool is_lost(const struct folder_index *index)
{
	struct stat st;

	return index->fd < 0 || fstat(index->fd, &st) != 0 || st.st_nlink == 0 || (uint64_t)st.st_size != index->size;
}

int folder_index_write(struct folder *folder, bool durably, struct error *error)
{
	struct folder_index *index = &folder->index;
	char *path;
	int result;

	if (index->batch_lines == 0 && (!durably || index->durable == index->size) && index->fd >= 0)
		return 0;
	if (index->batch.overflow || index->lines + index->batch_lines > 2 * folder->table.live + LINES_SPARE || is_lost(index))
		return write_anew(folder, error);
	path = index_path(folder);
	result = append(folder, path, durably, error);
	buf_reset(&index->batch);
	index->batch_lines = 0;
	free(path);
	return result;
}

int folder_index_note_modseq(struct folder *folder, struct error *error)
{
	if (folder->modseq - folder->index.durable_modseq < MODSEQ_STEP / 2)
		return 0;
	buf_printf(&folder->index.batch, "# %u %llu\n", folder->uid_next, (unsigned long long)folder->modseq);
	note(folder);
	return folder_index_write(folder, true, error);
}

void folder_index_close(struct folder_index *index)
{
	if (index->fd >= 0)
		close(index->fd);
	index->fd = -1;
}

/* --- the life of an index */

int folder_reset_uids(const struct spool *spool, struct error *error)
{
	struct strlist users = {0}, mailboxes = {0};
	int result = 0;

	mailbox_users(spool, &users);
	for (size_t i = 0; i < users.count && result == 0; i++)
		result = mailbox_names(spool, users.items[i], &mailboxes, error);
	for (size_t i = 0; i < mailboxes.count && result == 0; i++) {
		char *path = layout_mailbox(spool, mailboxes.items[i], FILE_NAME);

		result = fsx_unlink(path, error);
		free(path);
	}
	strlist_clear(&mailboxes);
	strlist_clear(&users);
	return result;
}

static int begin_anew(struct folder *folder, struct error *error)
{
	folder_table_clear(&folder->table);
	folder->uid_next = 1;
	folder->modseq = 1;
	folder->validity = folder_validity_new(folder->spool, folder->mailbox, error);
	if (folder->validity == 0 || write_anew(folder, error) != 0)
		return -1;
	return folder_sync_names(folder->spool, folder->mailbox, error);
}

static void reset(struct folder *folder)
{
	folder_table_clear(&folder->table);
	folder_index_close(&folder->index);
	buf_clear(&folder->index.batch);
	folder->index = (struct folder_index){.fd = -1, .batch = BUF_INIT(FILE_MAX)};
	folder->modseq = 0;
}

/* 1: read, 0: there is none, or it is damaged. */
static int read_index(struct folder *folder, const char *path, struct error *error)
{
	struct slice text;
	size_t end = 0;
	bool good;

	if (fsx_map(path, &text, error) != 0)
		return error->saved_errno == ENOENT ? 0 : -1;
	good = text.len <= FILE_MAX && read_all(folder, text, &end);
	if (fsx_check_map(text, error) != 0) {
		fsx_unmap(text);
		return -1;
	}
	if (!good)
		log_warnx("event=uids-damaged folder=%s offset=%zu (it gets a new UIDVALIDITY)", LOG_CSTR(folder->mailbox), end);
	else if (end < text.len)
		log_info("event=uids-torn folder=%s bytes=%zu (no client has seen them)", LOG_CSTR(folder->mailbox), text.len - end);
	fsx_unmap(text);
	folder->index.size = end;
	return good;
}

int folder_index_load(struct folder *folder, struct error *error)
{
	char *path = index_path(folder);
	int found;

	reset(folder);
	found = read_index(folder, path, error);
	if (found > 0) {
		struct stat st;

		folder->modseq = (folder->modseq / MODSEQ_STEP + 2) * MODSEQ_STEP;
		/* Remains of an append are not appended to. */
		if (stat(path, &st) == 0 && (uint64_t)st.st_size == folder->index.size)
			folder->index.fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	} else if (found == 0) {
		reset(folder);
		found = begin_anew(folder, error) == 0;
	}
	free(path);
	return found > 0 ? 0 : -1;
}
