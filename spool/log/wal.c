#include "spool/log/wal_priv.h"

#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/owned.h"
#include "base/rand.h"
#include "spool/layout_priv.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define NUMBER_MAX (UINT64_MAX / 2)

/* --- names */

static bool parse_name(const char *file, struct wal_name *name)
{
	struct slice rest = slice_of(file), stem, part;

	*name = (struct wal_name){0};
	if (rest.len >= sizeof(name->file))
		return false;
	memcpy(name->file, file, rest.len + 1);
	part = slice_cut(&rest, '-');
	if (rest.ptr == NULL || !slice_number(part, 0, NUMBER_MAX, &name->number))
		return false;
	stem = slice_cut(&rest, '.');
	if (stem.len == 0)
		return false;
	if (slice_is(rest, "log")) {
		name->state = WAL_LOG;
		return true;
	}
	part = slice_cut(&rest, '.');
	name->state = WAL_DONE;
	return slice_is(rest, "done") && slice_number(part, 0, NUMBER_MAX, &name->until);
}

bool wal_is_spare(const char *file, const char *writer)
{
	struct slice rest = slice_of(file);

	slice_cut(&rest, '-');
	return strstr(file, ".log.new") != NULL && (writer == NULL || slice_is(slice_cut(&rest, '.'), writer));
}

static int by_number(const void *a, const void *b)
{
	const struct wal_name *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return strcmp(x->file, y->file);
}

int wal_list(const struct spool *spool, struct wal_names *names, struct error *error)
{
	char *path = layout_wal(spool, "");
	DIR *dir = opendir(path);
	struct dirent *entry;

	*names = (struct wal_names){0};
	if (dir == NULL) {
		error_errno(error, N_("cannot list %s"), path);
		free(path);
		return -1;
	}
	while ((entry = readdir(dir)) != NULL) {
		struct wal_name name;

		if (!parse_name(entry->d_name, &name))
			continue;
		ARRAY_GROW(names->items, names->count);
		names->items[names->count++] = name;
	}
	closedir(dir);
	free(path);
	if (names->count > 1)
		qsort(names->items, names->count, sizeof(*names->items), by_number);
	return 0;
}

void wal_names_clear(struct wal_names *names)
{
	free(names->items);
	*names = (struct wal_names){0};
}

/* The highest number in use, including `until`: a new segment must be above both. */
static int highest(const struct spool *spool, uint64_t *number, struct error *error)
{
	struct wal_names names;

	if (wal_list(spool, &names, error) != 0)
		return -1;
	*number = 0;
	for (size_t i = 0; i < names.count; i++) {
		if (names.items[i].number > *number)
			*number = names.items[i].number;
		if (names.items[i].until > *number)
			*number = names.items[i].until;
	}
	wal_names_clear(&names);
	return 0;
}

int wal_to_facts(const struct spool *spool, struct wal_name *name, struct error *error)
{
	struct wal_name done = *name;
	char *from = layout_wal(spool, name->file), *to;
	size_t stem = strcspn(name->file, ".");
	int result = highest(spool, &done.until, error);

	snprintf(done.file, sizeof(done.file), "%.*s.%012llu.done", (int)stem, name->file,
	    (unsigned long long)done.until);
	to = layout_wal(spool, done.file);
	if (result == 0)
		result = fsx_rename(from, to, error);
	if (result == 0) {
		done.state = WAL_DONE;
		*name = done;
	}
	free(from);
	free(to);
	return result;
}

static bool is_needed(const struct wal_names *names, const struct wal_name *facts)
{
	for (size_t i = 0; i < names->count; i++)
		if (names->items[i].state == WAL_LOG && names->items[i].number <= facts->until)
			return true;
	return false;
}

int wal_sweep_facts(const struct spool *spool, struct error *error)
{
	struct wal_names names;
	int result = 0;

	if (wal_list(spool, &names, error) != 0)
		return -1;
	for (size_t i = 0; i < names.count && result == 0; i++) {
		char *path = layout_wal(spool, names.items[i].file);

		if (names.items[i].state == WAL_DONE && !is_needed(&names, &names.items[i]))
			result = fsx_unlink(path, error);
		free(path);
	}
	wal_names_clear(&names);
	return result;
}

/* --- bytes */

void wal_put32(unsigned char *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (unsigned char)(value >> 8 * i);
}

uint32_t wal_checksum(uint32_t seed, struct slice bytes)
{
	if (bytes.len == 0) /* for zlib a null pointer means to begin again */
		return seed;
	return (uint32_t)crc32_z(seed, (const unsigned char *)bytes.ptr, bytes.len);
}

uint32_t wal_salt_seed(const unsigned char *salt)
{
	return wal_checksum(0, slice_make((const char *)salt, 16));
}

uint32_t wal_record_checksum(uint32_t seed, const unsigned char *header, struct slice head, struct slice body)
{
	unsigned char counted[RECORD_HEADER - LENGTHS_AT] = {0};

	memcpy(counted, header + LENGTHS_AT, DURABLE_AT - LENGTHS_AT);
	seed = wal_checksum(seed, slice_make((char *)counted, sizeof(counted)));
	return wal_checksum(wal_checksum(seed, head), body);
}

/* The header of a segment is followed by a record, or by remains of one. */
static bool holds_records(const char *path)
{
	struct slice bytes;
	struct error ignored;
	bool found = false;

	if (fsx_map(path, &bytes, &ignored) != 0)
		return false;
	if (bytes.len > SEGMENT_HEADER)
		found = !wal_is_blank(slice_from(bytes, SEGMENT_HEADER));
	fsx_unmap(bytes);
	return found;
}

static bool has_records(const struct spool *spool, const struct wal_name *name)
{
	char *path;
	bool found;

	if (name->state != WAL_LOG)
		return false;
	path = layout_wal(spool, name->file);
	found = holds_records(path);
	free(path);
	return found;
}

int wal_list_records(const struct spool *spool, struct wal_names *names, struct error *error)
{
	size_t kept = 0;

	if (wal_list(spool, names, error) != 0)
		return -1;
	for (size_t i = 0; i < names->count; i++)
		if (has_records(spool, &names->items[i]))
			names->items[kept++] = names->items[i];
	names->count = kept;
	return 0;
}

bool wal_have_records(const struct spool *spool, const struct wal_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		if (has_records(spool, &names->items[i]))
			return true;
	return false;
}

/* --- writing */

/* The lock is taken while the file has a temporary name, so that a recovering process can never
 * take it for an orphan. */
static int open_locked(struct wal *wal, const char *tmp, struct error *error)
{
	wal->fd = owned_open(tmp, O_RDWR | O_TRUNC, 0600);
	if (wal->fd < 0)
		return error_errno(error, N_("cannot create %s"), tmp);
	if (!fsx_lock(wal->fd))
		return error_errno(error, N_("cannot lock %s"), tmp);
	return 0;
}

static int wal_seek(struct wal *wal, uint64_t offset, struct error *error)
{
	if (lseek(wal->fd, (off_t)offset, SEEK_SET) < 0)
		return error_errno(error, N_("cannot write %s"), wal->path);
	return 0;
}

static int write_header(struct wal *wal, const char *tmp, struct error *error)
{
	char header[SEGMENT_HEADER] = {0};

	memcpy(header, WAL_FIRST_LINE, SALT_AT);
	memcpy(header + SALT_AT, wal->salt, sizeof(wal->salt));
	if (wal_seek(wal, 0, error) != 0 || fsx_write(wal->fd, slice_make(header, sizeof(header)), tmp, error) != 0)
		return -1;
	return fsx_sync_data(wal->fd, tmp, error);
}

int wal_create(struct wal **out, const struct spool *spool, const char *writer, struct wal *blank, struct error *error)
{
	struct wal *wal = blank != NULL ? blank : xcalloc(1, sizeof(*wal));
	char *folder = layout_wal(spool, ""), *tmp = wal->path;

	wal->path = NULL;
	if (blank == NULL) {
		wal->fd = -1;
		wal->length = SEGMENT_HEADER;
	}
	rand_bytes(wal->salt, sizeof(wal->salt));
	if (highest(spool, &wal->name.number, error) != 0)
		goto failed;
	if (wal->name.number++ == NUMBER_MAX) { /* no process of ours comes so far: the next one would not be read */
		error_set(error, ERROR_IO, N_("a file in %s has the highest possible number"), folder);
		goto failed;
	}
	snprintf(wal->name.file, sizeof(wal->name.file), "%012llu-%s.log",
	    (unsigned long long)wal->name.number, writer);
	wal->path = layout_wal(spool, wal->name.file);
	if (tmp == NULL)
		tmp = xasprintf("%s.new%d", wal->path, (int)getpid());
	if ((blank == NULL && open_locked(wal, tmp, error) != 0) || write_header(wal, tmp, error) != 0 ||
	    fsx_rename(tmp, wal->path, error) != 0 || fsx_sync_dir(folder, error) != 0)
		goto failed;
	wal->size = wal->durable = SEGMENT_HEADER;
	free(tmp);
	free(folder);
	*out = wal;
	return 0;
failed:
	if (tmp != NULL)
		unlink(tmp);
	free(tmp);
	free(folder);
	wal_close(wal);
	return -1;
}

#define EXTENSION (1u << 20) /* zeros written ahead of the records of a busy segment */
#define ZEROS_AT_ONCE 16     /* pieces */

static int write_zeros(struct wal *wal, uint64_t bytes, struct error *error)
{
	static const char zeros[1u << 16];
	struct iovec parts[ZEROS_AT_ONCE];
	int result = 0;

	while (bytes > 0 && result == 0) {
		int count = 0;

		for (; bytes > 0 && count < ZEROS_AT_ONCE; count++) {
			parts[count] = (struct iovec){(char *)(uintptr_t)zeros, bytes < sizeof(zeros) ? (size_t)bytes : sizeof(zeros)};
			bytes -= parts[count].iov_len;
		}
		result = fsx_writev(wal->fd, parts, count, wal->path, error);
	}
	return result;
}

int wal_take_back(struct wal *wal, uint64_t size, struct error *error)
{
	if (fsx_truncate(wal->fd, size, wal->path, error) != 0)
		return -1;
	wal->size = wal->length = size;
	return 0;
}

/* Writes zeros if there are not enough for `more` bytes. Without space for them, the file grows with each append. */
static int extend(struct wal *wal, uint64_t more, struct error *error)
{
	if (!wal->is_busy || wal->size + more <= wal->length)
		return 0;
	if (write_zeros(wal, more + EXTENSION, error) == 0 && wal_seek(wal, wal->size, error) == 0) {
		wal->length = wal->size + more + EXTENSION;
		return 0;
	}
	if (wal_take_back(wal, wal->size, error) != 0)
		return -1;
	wal->length = UINT64_MAX; /* not tried again */
	return 0;
}

int wal_append(struct wal *wal, struct slice head, struct slice body, bool *broken,
    struct error *error)
{
	unsigned char header[RECORD_HEADER];
	struct iovec parts[3] = {
	    {header, sizeof(header)},
	    {(char *)head.ptr, head.len},
	    {(char *)body.ptr, body.len},
	};
	uint64_t len = RECORD_HEADER + head.len + body.len;
	struct error cut_error;

	if (head.len > WAL_HEAD_MAX || body.len > WAL_BODY_MAX)
		return error_set(error, ERROR_LIMIT, N_("the record is too large for the intake log"));
	memcpy(header, wal->salt, 8);
	wal_put32(header + LENGTHS_AT, (uint32_t)head.len);
	wal_put32(header + LENGTHS_AT + 4, (uint32_t)body.len);
	wal_put32(header + DURABLE_AT, wal->durable < UINT32_MAX ? (uint32_t)wal->durable : UINT32_MAX);
	wal_put32(header + CHECKSUM_AT, wal_record_checksum(wal_salt_seed(wal->salt), header, head, body));

	if (extend(wal, len, error) != 0) {
		*broken = true;
		return -1;
	}
	if (fsx_writev(wal->fd, parts, 3, wal->path, error) == 0) {
		wal->size += len;
		return 0;
	}
	*broken = wal_take_back(wal, wal->size, &cut_error) != 0 || *broken;
	return -1;
}

int wal_sync(const struct wal *wal, struct error *error)
{
	return fsx_sync_data(wal->fd, wal->path, error);
}

int wal_cut(struct wal *wal, struct error *error)
{
	if (wal_take_back(wal, wal->durable, error) != 0)
		return -1;
	return fsx_sync_data(wal->fd, wal->path, error);
}

void wal_close(struct wal *wal)
{
	if (wal == NULL)
		return;
	if (wal->fd >= 0)
		close(wal->fd); /* the important data was synced, with errors checked */
	free(wal->path);
	free(wal);
}

/* --- reuse */

int wal_withdraw(struct wal *wal, struct error *error)
{
	char *withdrawn = xasprintf("%s.new%d", wal->path, (int)getpid());

	if (fsx_rename(wal->path, withdrawn, error) != 0) {
		free(withdrawn);
		return -1;
	}
	free(wal->path);
	wal->path = withdrawn;
	return 0;
}

int wal_blank(struct wal *wal, struct error *error)
{
	struct stat st;
	uint64_t used = wal->size, length;

	if (fstat(wal->fd, &st) != 0)
		return error_errno(error, N_("cannot read %s"), wal->path);
	length = (uint64_t)st.st_size;
	if (length > WAL_BLANK_MAX && fsx_truncate(wal->fd, length = WAL_BLANK_MAX, wal->path, error) != 0)
		return -1;
	/* The rest after the records is already zeros, unless the file ends there. */
	if (used > length || length < WAL_BLANK_MIN)
		used = length < WAL_BLANK_MIN ? WAL_BLANK_MIN : length;
	wal->length = length < WAL_BLANK_MIN ? WAL_BLANK_MIN : length;
	if (wal_seek(wal, 0, error) != 0 || write_zeros(wal, used, error) != 0)
		return -1;
	return fsx_sync_data(wal->fd, wal->path, error);
}

void wal_discard(struct wal *wal)
{
	struct error ignored;

	fsx_unlink(wal->path, &ignored); /* a remaining one is removed later by sweep.c */
	wal_close(wal);
}
