/*
 * Segments of the intake log with right checksums, then damaged: intact records are read as written, in order, and nothing
 * else. One wrong byte in the segment's head costs nothing if the first record, which proves the right value, is intact.
 *
 * The input: how many bytes are damaged (up to 3), where and how; how much is cut off; then records, each as the lengths of its head
 * and body and their bytes.
 */
#include "spool/log/wal_priv.h"

#include "base/buf.h"
#include "tests/fuzz/common/fuzz.h"

#define RECORDS_MAX 16
#define DAMAGES_MAX 3

struct record {
	struct slice head, body;
	size_t at, end;
	bool is_hurt;
};

struct segment {
	struct buf bytes;
	struct record records[RECORDS_MAX];
	size_t count;
	unsigned head_damages;
};

/* Derived from the whole input, so that no input can contain a record of its own segment. */
static void make_salt(struct slice input, unsigned char salt[SALT_LEN])
{
	uint64_t mix = 0x9e3779b97f4a7c15u;

	for (size_t i = 0; i < input.len; i++)
		mix = (mix ^ (unsigned char)input.ptr[i]) * 0x100000001b3u;
	for (int i = 0; i < SALT_LEN; i++) {
		mix = (mix ^ mix >> 29) * 0xbf58476d1ce4e5b9u;
		salt[i] = (unsigned char)(mix >> 56);
	}
}

static void add_record(struct segment *segment, const unsigned char *salt, struct slice *input)
{
	struct record *record = &segment->records[segment->count++];
	unsigned char header[RECORD_HEADER];
	size_t head_len = fuzz_byte(input), body_len = fuzz_number(input);
	uint32_t sum = wal_salt_seed(salt);

	record->head = fuzz_take(input, head_len);
	record->body = fuzz_take(input, body_len);
	memcpy(header, salt, 8);
	wal_put32(header + LENGTHS_AT, (uint32_t)record->head.len);
	wal_put32(header + LENGTHS_AT + 4, (uint32_t)record->body.len);
	wal_put32(header + LENGTHS_AT + 8, 0);
	sum = wal_checksum(sum, slice_make((char *)header + LENGTHS_AT, RECORD_HEADER - LENGTHS_AT));
	sum = wal_checksum(sum, record->head);
	sum = wal_checksum(sum, record->body);
	wal_put32(header + CHECKSUM_AT, sum);
	record->at = segment->bytes.len;
	buf_append(&segment->bytes, header, sizeof(header));
	buf_append_slice(&segment->bytes, record->head);
	buf_append_slice(&segment->bytes, record->body);
	record->end = segment->bytes.len;
}

static void hurt(struct segment *segment, size_t from, size_t to)
{
	for (size_t i = 0; i < segment->count; i++)
		if (segment->records[i].at < to && from < segment->records[i].end)
			segment->records[i].is_hurt = true;
}

static void damage(struct segment *segment, size_t at, unsigned flip)
{
	if (at >= segment->bytes.len || flip == 0)
		return;
	segment->bytes.ptr[at] = (char)(segment->bytes.ptr[at] ^ (char)flip);
	segment->head_damages += at < SEGMENT_HEADER;
	hurt(segment, at, at + 1);
}

static void cut(struct segment *segment, size_t len)
{
	if (len == 0 || len > segment->bytes.len)
		return;
	segment->bytes.len -= len;
	hurt(segment, segment->bytes.len, SIZE_MAX);
	segment->head_damages += segment->bytes.len < SEGMENT_HEADER ? 2 : 0;
}

/* Only damaged records may be missing, unless the salt is lost. */
static bool may_be_lost(const struct segment *segment, size_t i)
{
	return segment->records[i].is_hurt || segment->head_damages > 1 || (segment->head_damages == 1 && segment->records[0].is_hurt);
}

/* Each record read is a written one, after the last one; those in between were damaged. */
static void check(const struct segment *segment, const char *path)
{
	struct wal_reader reader;
	struct error error;
	struct slice head, body;
	uint64_t offset, before = 0;
	enum wal_next next;
	size_t i = 0;

	assert(wal_read(&reader, path, &error) == 0);
	while ((next = wal_next(&reader, &offset, &head, &body)) != WAL_END) {
		assert(offset >= before);
		before = offset;
		if (next != WAL_RECORD)
			continue;
		while (i < segment->count && segment->records[i].at != offset)
			assert(may_be_lost(segment, i++));
		assert(i < segment->count);
		assert(slice_equal(head, segment->records[i].head) && slice_equal(body, segment->records[i].body));
		i++;
	}
	for (; i < segment->count; i++)
		assert(may_be_lost(segment, i));
	assert(wal_read_check(&reader, &error) == 0);
	wal_read_end(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = slice_make((const char *)data, size);
	struct segment segment = {.bytes = BUF_INIT(1u << 24)};
	unsigned char salt[SALT_LEN];
	unsigned damages = fuzz_byte(&input) % (DAMAGES_MAX + 1), where[DAMAGES_MAX], flips[DAMAGES_MAX], cut_off;

	make_salt(slice_make((const char *)data, size), salt);
	for (unsigned i = 0; i < damages; i++) {
		where[i] = fuzz_number(&input);
		flips[i] = fuzz_byte(&input);
	}
	cut_off = fuzz_number(&input);
	buf_append_text(&segment.bytes, WAL_FIRST_LINE);
	buf_append(&segment.bytes, salt, SALT_LEN);
	while (segment.bytes.len < SEGMENT_HEADER)
		buf_append_byte(&segment.bytes, '\0');
	while (input.len > 0 && segment.count < RECORDS_MAX)
		add_record(&segment, salt, &input);
	for (unsigned i = 0; i < damages; i++)
		damage(&segment, where[i], flips[i]);
	cut(&segment, cut_off);
	check(&segment, fuzz_file(buf_slice(&segment.bytes)));
	buf_clear(&segment.bytes);
	return 0;
}
