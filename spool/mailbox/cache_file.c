#include "spool/mailbox/cache_file.h"

#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/owned.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX (2ull << 30)
#define VALUE_MAX (1u << 20)
#define MAGIC 0x3143504cu /* "LPC1" where the file is read by the processor that wrote it */
#define PENDING_MAX (2 * CACHE_FILE_WRITE + VALUE_MAX)

/* The file begins with one of these, whose uid is the UIDVALIDITY. */
struct record {
	uint32_t magic, uid, len, checksum;
};

/* Each step can be undone, so one word that differs always changes the result. */
static uint64_t mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * 0x9fb21c651e98df25ULL;
	return h ^ h >> 32;
}

static uint64_t word_at(const char *at, size_t len)
{
	uint64_t word = 0;

	memcpy(&word, at, len);
	return word;
}

/* Four rows of words, which the processor computes at the same time: searches read 100,000 values. */
static uint32_t checksum_of(uint32_t uid, uint32_t seed, struct slice value)
{
	uint64_t rows[4] = {uid, seed, value.len, 1}, h = 0;
	size_t at = 0;

	for (; value.len - at >= 32; at += 32)
		for (size_t i = 0; i < 4; i++)
			rows[i] = mix(rows[i], word_at(value.ptr + at + 8 * i, 8));
	for (; value.len - at >= 8; at += 8)
		rows[0] = mix(rows[0], word_at(value.ptr + at, 8));
	if (at < value.len)
		rows[1] = mix(rows[1], word_at(value.ptr + at, value.len - at));
	for (size_t i = 0; i < 4; i++)
		h = mix(h, rows[i]);
	return (uint32_t)h;
}

uint32_t cache_file_seed(uint32_t validity, struct slice unique)
{
	return checksum_of(validity, 0, unique);
}

static struct record record_of(uint32_t uid, uint32_t seed, struct slice value)
{
	return (struct record){MAGIC, uid, (uint32_t)value.len, checksum_of(uid, seed, value)};
}

static uint64_t whole_units(uint64_t bytes)
{
	return (bytes + CACHE_FILE_UNIT - 1) / CACHE_FILE_UNIT * CACHE_FILE_UNIT;
}

static void append_record(struct buf *out, struct record record, const char *value)
{
	static const char zeros[CACHE_FILE_UNIT];

	buf_append(out, &record, sizeof(record));
	buf_append(out, value, record.len);
	buf_append(out, zeros, (size_t)(whole_units(record.len) - record.len));
}

static bool is_begin(struct slice bytes, uint32_t validity)
{
	struct record begin, wanted = record_of(validity, 0, SLICE_LITERAL(""));

	if (bytes.len < sizeof(begin))
		return false;
	memcpy(&begin, bytes.ptr, sizeof(begin));
	return memcmp(&begin, &wanted, sizeof(begin)) == 0;
}

/* The record at this place of the bytes. False: none can be there. */
static bool look_at(struct slice bytes, uint64_t at, struct record *record)
{
	if (at + sizeof(*record) > bytes.len)
		return false;
	memcpy(record, bytes.ptr + at, sizeof(*record));
	return record->magic == MAGIC && record->len <= VALUE_MAX && whole_units(record->len) <= bytes.len - at - sizeof(*record);
}

void cache_file_forget(struct cache_file *file)
{
	fsx_unmap(file->map);
	buf_clear(&file->pending);
	*file = (struct cache_file){.validity = file->validity, .pending = BUF_INIT(PENDING_MAX)};
}

void cache_file_load(struct cache_file *file, const char *path, uint32_t validity, struct cache_spot **spots, size_t *count)
{
	struct record record;
	struct error error;

	cache_file_forget(file);
	file->validity = validity;
	*spots = NULL;
	*count = 0;
	if (fsx_map(path, &file->map, &error) != 0) {
		file->map = SLICE_NONE;
		return;
	}
	file->on_disk = file->map.len;
	if (!is_begin(file->map, validity))
		return;
	for (file->size = sizeof(record); look_at(file->map, file->size, &record); file->size += sizeof(record) + whole_units(record.len)) {
		ARRAY_GROW(*spots, *count);
		(*spots)[(*count)++] = (struct cache_spot){record.uid, file->size};
	}
	file->written = file->size;
	file->records = *count;
	fsx_let_go(file->map);
}

bool cache_file_has(const struct cache_file *file, uint64_t at)
{
	return at >= file->written || at < file->map.len;
}

/* The bytes from this place on: in memory, or in the map, which is made again if the file has grown. */
static struct slice bytes_at(struct cache_file *file, const char *path, uint64_t *at)
{
	struct error error;

	if (*at >= file->written && file->pending.len > 0) {
		*at -= file->written;
		return buf_slice(&file->pending);
	}
	if (*at >= file->map.len && *at < file->written) {
		fsx_unmap(file->map);
		if (fsx_map(path, &file->map, &error) != 0)
			file->map = SLICE_NONE;
	}
	return file->map;
}

/* The value is copied before it is checked: another program may write to the file meanwhile. */
bool cache_file_read(struct cache_file *file, const char *path, struct cache_spot spot, uint32_t seed, struct buf *out)
{
	uint64_t at = spot.at;
	struct slice bytes = bytes_at(file, path, &at);
	struct record record;
	size_t start = out->len;

	if (!look_at(bytes, at, &record) || record.uid != spot.uid || buf_append(out, bytes.ptr + at + sizeof(record), record.len) != 0)
		return false;
	if (record.checksum == checksum_of(spot.uid, seed, slice_from(buf_slice(out), start)))
		return true;
	out->len = start;
	return false;
}

uint64_t cache_file_add(struct cache_file *file, uint32_t uid, uint32_t seed, struct slice value)
{
	uint64_t at = file->size == 0 ? sizeof(struct record) : file->size;

	if (value.len > VALUE_MAX || at + value.len > FILE_MAX || file->pending.len + value.len > PENDING_MAX - 4 * sizeof(struct record))
		return 0;
	if (file->size == 0)
		append_record(&file->pending, record_of(file->validity, 0, SLICE_LITERAL("")), "");
	append_record(&file->pending, record_of(uid, seed, value), value.ptr);
	file->size = at + sizeof(struct record) + whole_units(value.len);
	file->records++;
	return at;
}

bool cache_file_is_full(const struct cache_file *file)
{
	return file->size + VALUE_MAX > FILE_MAX;
}

/* One process at a time, and the file as this one knows it. */
static int check_file(const struct cache_file *file, int fd, const char *path, struct error *error)
{
	struct stat st;

	if (!fsx_lock(fd))
		return error_set(error, ERROR_TEMPORARY, N_("%s is still held by another process"), path);
	if (fstat(fd, &st) != 0 || (uint64_t)st.st_size != file->on_disk)
		return error_set(error, ERROR_TEMPORARY, N_("%s was changed by another program"), path);
	return 0;
}

static int write_pending(struct cache_file *file, int fd, const char *path, struct error *error)
{
	if (check_file(file, fd, path, error) != 0)
		return -1;
	if (file->on_disk != file->written && fsx_truncate(fd, file->written, path, error) != 0)
		return -1;
	return fsx_write(fd, buf_slice(&file->pending), path, error);
}

int cache_file_write(struct cache_file *file, const char *path, struct error *error)
{
	int fd, result;

	if (file->pending.len == 0)
		return 0;
	fd = owned_open(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0)
		return error_errno(error, N_("cannot open %s"), path);
	result = write_pending(file, fd, path, error);
	if (fsx_close(fd, path, result == 0 ? error : &(struct error){0}) != 0 || result != 0)
		return -1;
	file->written = file->on_disk = file->size;
	buf_clear(&file->pending);
	return 0;
}

/* Copies the values to the open file. */
static int copy_records(const struct cache_file *file, int fd, const char *path, struct cache_spot *spots, size_t count, uint64_t *size,
    struct error *error)
{
	struct buf some = BUF_INIT(PENDING_MAX);
	int result = 0;

	append_record(&some, *(const struct record *)file->map.ptr, "");
	*size = some.len;
	for (size_t i = 0; i < count && result == 0; i++) {
		struct record record;

		if (!look_at(file->map, spots[i].at, &record) || record.uid != spots[i].uid) {
			spots[i].at = 0;
			continue;
		}
		append_record(&some, record, file->map.ptr + spots[i].at + sizeof(record));
		spots[i].at = *size;
		*size += sizeof(record) + whole_units(record.len);
		if (some.len >= CACHE_FILE_WRITE) {
			result = fsx_write(fd, buf_slice(&some), path, error);
			buf_reset(&some);
		}
	}
	if (result == 0)
		result = fsx_write(fd, buf_slice(&some), path, error);
	buf_clear(&some);
	return result;
}

int cache_file_rewrite(struct cache_file *file, const char *path, struct cache_spot *spots, size_t count, struct error *error)
{
	char *new_path = xasprintf("%s.new", path);
	int fd = -1, result = -1;
	uint64_t size = 0;

	fsx_unmap(file->map);
	if (fsx_map(path, &file->map, error) != 0)
		file->map = SLICE_NONE;
	else if (!is_begin(file->map, file->validity))
		error_set(error, ERROR_TEMPORARY, N_("%s was changed by another program"), path);
	else if ((fd = owned_open(new_path, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_NONBLOCK, 0600)) < 0)
		error_errno(error, N_("cannot open %s"), new_path);
	else
		result = copy_records(file, fd, new_path, spots, count, &size, error);
	if (fd >= 0 && fsx_close(fd, new_path, result == 0 ? error : &(struct error){0}) != 0)
		result = -1;
	if (result == 0)
		result = fsx_rename(new_path, path, error);
	free(new_path);
	cache_file_forget(file);
	file->size = file->written = file->on_disk = size;
	file->records = count;
	return result;
}

void cache_file_let_go(const struct cache_file *file)
{
	fsx_let_go(file->map);
}
