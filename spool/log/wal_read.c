/*
 * Reads a segment, as far as it is readable.
 *
 * A record counts if its checksum, seeded with the segment's salt, is right. After damage, reading continues at the next
 * record that also has the segment's marker. The author of a message cannot forge either of them, since the salt is
 * secret.
 *
 * Bytes with a wrong checksum were never acknowledged if two conditions hold: no complete record after them was appended
 * when they were durable, and one of their sectors was never written, that is, it is zero or after the end of the file.
 */
#include "spool/log/wal_priv.h"

#include "base/file/fsx.h"

#include <zlib.h>

static uint32_t get32(const char *at)
{
	const unsigned char *p = (const unsigned char *)at;

	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

#define SECTOR 512

struct record {
	size_t head_len, body_len, total;
	uint64_t durable;
};

/* Reads a record's header; returns false if it is invalid. `whole`: the record is completely in
 * the file. */
static bool record_header(const struct wal_reader *reader, size_t at, struct record *record,
    bool *whole)
{
	struct slice rest = slice_from(reader->bytes, at);

	*whole = false;
	if (rest.len < RECORD_HEADER || memcmp(rest.ptr, reader->marker, 8) != 0)
		return false;
	record->head_len = get32(rest.ptr + LENGTHS_AT);
	record->body_len = get32(rest.ptr + LENGTHS_AT + 4);
	if (record->head_len > WAL_HEAD_MAX || record->body_len > WAL_BODY_MAX)
		return false;
	record->total = RECORD_HEADER + record->head_len + record->body_len;
	record->durable = get32(rest.ptr + DURABLE_AT);
	*whole = record->total <= rest.len;
	return true;
}

static bool record_valid(const struct wal_reader *reader, size_t at, struct record *record)
{
	const char *ptr = reader->bytes.ptr + at;
	bool whole;

	return record_header(reader, at, record, &whole) && whole &&
	       wal_record_checksum(reader->seed, (const unsigned char *)ptr, slice_make(ptr + RECORD_HEADER, record->head_len),
		   slice_make(ptr + RECORD_HEADER + record->head_len, record->body_len)) == get32(ptr + CHECKSUM_AT);
}

/* The start of the next valid record, not before `at`; the end if there is none. */
static size_t resync(const struct wal_reader *reader, size_t at)
{
	struct record record;

	for (; at + RECORD_HEADER <= reader->bytes.len; at++) {
		ptrdiff_t found = slice_search(slice_from(reader->bytes, at), slice_make((const char *)reader->marker, sizeof(reader->marker)));

		if (found < 0)
			break;
		at += (size_t)found;
		if (record_valid(reader, at, &record))
			return at;
	}
	return reader->bytes.len;
}

/* --- one wrong number */

/* Whether the bytes between two offsets are a record with these lengths, regardless of its header. */
static bool fits(const struct wal_reader *reader, size_t at, size_t total, size_t head_len, size_t body_len)
{
	const char *ptr = reader->bytes.ptr + at + RECORD_HEADER;
	unsigned char header[RECORD_HEADER];

	if (head_len > WAL_HEAD_MAX || body_len > WAL_BODY_MAX || RECORD_HEADER + head_len + body_len != total)
		return false;
	wal_put32(header + LENGTHS_AT, (uint32_t)head_len);
	wal_put32(header + LENGTHS_AT + 4, (uint32_t)body_len);
	return wal_record_checksum(reader->seed, header, slice_make(ptr, head_len), slice_make(ptr + head_len, body_len)) ==
	       get32(ptr - RECORD_HEADER + CHECKSUM_AT);
}

/* A record with a damaged marker or length: it ends where the next one begins, and its checksum proves it. A truncated
 * append cannot match, since its checksum covers bytes that are missing. */
static bool record_mended(const struct wal_reader *reader, size_t at, size_t end, struct record *record)
{
	const char *ptr = reader->bytes.ptr + at;
	size_t head, body, room;

	record->total = end - at;
	if (record->total < RECORD_HEADER)
		return false;
	room = record->total - RECORD_HEADER;
	head = get32(ptr + LENGTHS_AT);
	body = get32(ptr + LENGTHS_AT + 4);
	if (fits(reader, at, record->total, head, body) ||
	    (head <= room && fits(reader, at, record->total, head, body = room - head)) ||
	    (body <= room && fits(reader, at, record->total, head = room - body, body))) {
		record->head_len = head;
		record->body_len = body;
		return true;
	}
	return false;
}

/* --- the segment's header */

static void take_salt(struct wal_reader *reader, const unsigned char *salt)
{
	memcpy(reader->marker, salt, sizeof(reader->marker));
	reader->seed = wal_salt_seed(salt);
}

/* If no record checks out, the salt itself may be damaged: each single wrong byte of it is tried on the first record. */
static bool mend_salt(struct wal_reader *reader)
{
	const char *first = reader->bytes.ptr + SEGMENT_HEADER;
	size_t len = reader->bytes.len - SEGMENT_HEADER, total;
	unsigned char salt[SALT_LEN];
	uint32_t plain;

	if (len < RECORD_HEADER)
		return false;
	total = (size_t)get32(first + LENGTHS_AT) + get32(first + LENGTHS_AT + 4) + RECORD_HEADER;
	if (total > len)
		return false;
	plain = wal_record_checksum(0, (const unsigned char *)first, slice_make(first + RECORD_HEADER, total - RECORD_HEADER), SLICE_NONE);
	for (int at = 0; at < SALT_LEN; at++)
		for (int flip = 1; flip < 256; flip++) {
			memcpy(salt, reader->bytes.ptr + SALT_AT, sizeof(salt));
			salt[at] = (unsigned char)(salt[at] ^ flip);
			if (memcmp(salt, first, sizeof(reader->marker)) == 0 &&
			    crc32_combine(wal_salt_seed(salt), plain, (z_off_t)(total - LENGTHS_AT)) == get32(first + CHECKSUM_AT)) {
				take_salt(reader, salt);
				return true;
			}
		}
	return false;
}

int wal_read(struct wal_reader *reader, const char *path, struct error *error)
{
	*reader = (struct wal_reader){0};
	if (fsx_map(path, &reader->bytes, error) != 0)
		return -1;
	reader->at = reader->bytes.len;
	if (reader->bytes.len <= SEGMENT_HEADER)
		return 0;
	take_salt(reader, (const unsigned char *)reader->bytes.ptr + SALT_AT);
	reader->at = SEGMENT_HEADER;
	if (memcmp(reader->bytes.ptr, WAL_FIRST_LINE, SALT_AT) != 0)
		reader->at = 0;
	if (!wal_is_blank(slice_from(reader->bytes, SEGMENT_HEADER)) && resync(reader, SEGMENT_HEADER) == reader->bytes.len &&
	    mend_salt(reader))
		reader->at = 0;
	return 0;
}

bool wal_is_blank(struct slice bytes)
{
	/* Each byte equals the previous one, and the first is zero. */
	return bytes.len == 0 || (bytes.ptr[0] == 0 && memcmp(bytes.ptr, bytes.ptr + 1, bytes.len - 1) == 0);
}

/* The end of the last nonzero bytes, not before `at`. */
static size_t written_end(const struct wal_reader *reader, size_t at)
{
	size_t end = reader->bytes.len, block = 1u << 16;

	while (end - at >= block && wal_is_blank(slice_make(reader->bytes.ptr + end - block, block)))
		end -= block;
	while (end > at && reader->bytes.ptr[end - 1] == 0)
		end--;
	return end;
}

/* Whether a sector between these offsets is all zero, as far as it lies between them. */
static bool has_hole(const struct wal_reader *reader, size_t at, size_t end)
{
	while (at < end) {
		size_t next = (at / SECTOR + 1) * SECTOR;

		if (next > end)
			next = end;
		if (wal_is_blank(slice_make(reader->bytes.ptr + at, next - at)))
			return true;
		at = next;
	}
	return false;
}

/* How much of the segment was durable when its last complete record was appended. */
static uint64_t durable_behind(struct wal_reader *reader, size_t at)
{
	struct record record;

	if (reader->durable_known)
		return reader->durable;
	for (at = resync(reader, at); at < reader->bytes.len; at = resync(reader, at + record.total)) {
		if (!record_valid(reader, at, &record)) /* resync() has checked it */
			break;
		if (record.durable <= at)
			reader->durable = record.durable;
	}
	reader->durable_known = true;
	return reader->durable;
}

/* Whether the bytes up to the next complete record are an append that was never finished. */
static bool is_torn(struct wal_reader *reader, size_t next)
{
	struct slice rest = slice_from(reader->bytes, reader->at);
	struct record record;
	bool whole, is_header = record_header(reader, reader->at, &record, &whole);
	size_t end = next;

	if (next < reader->bytes.len && durable_behind(reader, next) > reader->at)
		return false;
	if (next == reader->bytes.len) {
		if (rest.len < RECORD_HEADER || (is_header && !whole))
			return true;
		end = is_header ? reader->at + record.total : written_end(reader, reader->at);
	}
	return has_hole(reader, reader->at, end);
}

static enum wal_next give(struct wal_reader *reader, const struct record *record, struct slice *head, struct slice *body)
{
	const char *ptr = reader->bytes.ptr + reader->at + RECORD_HEADER;

	*head = slice_make(ptr, record->head_len);
	*body = slice_make(ptr + record->head_len, record->body_len);
	reader->at += record->total;
	return WAL_RECORD;
}

static enum wal_next skip(struct wal_reader *reader, size_t next, enum wal_next what)
{
	reader->at = next;
	return what;
}

enum wal_next wal_next(struct wal_reader *reader, uint64_t *offset, struct slice *head,
    struct slice *body)
{
	struct slice rest = slice_from(reader->bytes, reader->at);
	struct record record;
	size_t next, end;

	*offset = reader->at;
	if (rest.len == 0)
		return WAL_END;
	*head = slice_make(rest.ptr, SEGMENT_HEADER);
	*body = SLICE_NONE;
	if (reader->at < SEGMENT_HEADER)
		return skip(reader, SEGMENT_HEADER, WAL_DAMAGED);
	if (record_valid(reader, reader->at, &record))
		return give(reader, &record, head, body);
	if (wal_is_blank(rest))
		return skip(reader, reader->bytes.len, WAL_END);
	next = resync(reader, reader->at + 1);
	end = next < reader->bytes.len ? next : written_end(reader, reader->at);
	if (record_mended(reader, reader->at, end, &record))
		return give(reader, &record, head, body);
	*head = slice_make(rest.ptr, end - reader->at);
	return skip(reader, next, is_torn(reader, next) ? WAL_TORN : WAL_DAMAGED);
}

int wal_read_check(const struct wal_reader *reader, struct error *error)
{
	return fsx_check_map(reader->bytes, error);
}

void wal_read_end(struct wal_reader *reader)
{
	fsx_unmap(reader->bytes);
}
