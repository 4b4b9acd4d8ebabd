/* Segments of the intake log: intact records are read, regardless of damage to the rest. */
#include "spool/log/wal_priv.h"
#include "tests/unit/sample_spool.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static size_t count_records(const char *path, size_t *damaged, bool *torn)
{
	struct wal_reader reader;
	struct error error;
	struct slice head, body;
	uint64_t offset;
	size_t records = 0;
	enum wal_next next;

	*damaged = 0;
	assert_int_equal(wal_read(&reader, path, &error), 0);
	*torn = false;
	while ((next = wal_next(&reader, &offset, &head, &body)) != WAL_END) {
		records += next == WAL_RECORD;
		*damaged += next == WAL_DAMAGED;
		*torn = *torn || next == WAL_TORN;
	}
	wal_read_end(&reader);
	return records;
}

static struct wal *three_records(void)
{
	struct wal *wal;
	struct error error;
	bool broken = false;

	assert_int_equal(wal_create(&wal, &spool, "unit", NULL, &error), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
		    wal_append(wal, SLICE_LITERAL("head"), SLICE_LITERAL("body"), &broken, &error), 0);
	assert_int_equal(wal_sync(wal, &error), 0);
	return wal;
}

/* A torn append at the end, cut at every byte, is dropped; the records before it are intact. */
static void test_torn_append_at_every_byte(void **context)
{
	struct wal *wal = three_records();
	size_t whole = (size_t)wal->size, damaged;
	bool torn;

	(void)context;
	for (size_t size = whole; size > whole - 32; size--) {
		assert_int_equal(truncate(wal->path, (off_t)size), 0);
		assert_int_equal(count_records(wal->path, &damaged, &torn), size == whole ? 3 : 2);
		assert_int_equal(damaged, 0);
		assert_int_equal(torn, size != whole && size != whole - 32);
	}
	wal_close(wal);
}

static off_t size_of(const struct wal *wal)
{
	struct stat st;

	assert_int_equal(fstat(wal->fd, &st), 0);
	return st.st_size;
}

static void append_one(struct wal *wal)
{
	struct error error;
	bool broken = false;

	assert_int_equal(wal_append(wal, SLICE_LITERAL("head"), SLICE_LITERAL("body"), &broken, &error), 0);
	assert_false(broken);
}

/* A busy segment has zeros behind its records, so that appends do not change its size; what is taken back takes them along. */
static void test_busy_segment_keeps_its_size(void **context)
{
	struct wal *wal = three_records();
	struct error error;
	size_t damaged;
	uint64_t before = wal->size;
	off_t size;
	bool torn;

	(void)context;
	assert_int_equal(size_of(wal), (off_t)wal->size);
	wal->is_busy = true;
	append_one(wal);
	size = size_of(wal);
	assert_true(size > (off_t)wal->size);
	append_one(wal);
	assert_int_equal(size_of(wal), size);
	assert_int_equal(count_records(wal->path, &damaged, &torn), 5);
	assert_int_equal(damaged, 0);
	assert_false(torn);
	assert_int_equal(wal_take_back(wal, before, &error), 0);
	assert_int_equal(size_of(wal), (off_t)before);
	append_one(wal);
	assert_true(size_of(wal) > (off_t)wal->size);
	assert_int_equal(count_records(wal->path, &damaged, &torn), 4);
	wal_close(wal);
}

static int writes;

static int no_space_at_first(const char *what, const char *path, const char *to)
{
	(void)path;
	(void)to;
	if (strcmp(what, "write") != 0 || ++writes != 1)
		return 0;
	errno = ENOSPC;
	return -1;
}

/* Without space for the zeros the segment grows with each append, and they are not tried again. */
static void test_no_space_for_zeros(void **context)
{
	struct wal *wal = three_records();
	size_t damaged;
	bool torn;

	(void)context;
	wal->is_busy = true;
	writes = 0;
	fsx_hook = no_space_at_first;
	append_one(wal);
	append_one(wal);
	fsx_hook = NULL;
	assert_int_equal(writes, 3); /* the zeros, and two records */
	assert_int_equal(size_of(wal), (off_t)wal->size);
	assert_int_equal(count_records(wal->path, &damaged, &torn), 5);
	assert_int_equal(damaged, 0);
	wal_close(wal);
}

static size_t records_with_byte_changed(const char *path, off_t at, size_t *damaged)
{
	int fd = open(path, O_RDWR);
	char byte, changed;
	size_t records;
	bool torn;

	assert_int_equal(pread(fd, &byte, 1, at), 1);
	changed = (char)(byte ^ 0x55);
	assert_int_equal(pwrite(fd, &changed, 1, at), 1);
	records = count_records(path, damaged, &torn);
	assert_false(torn);
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
	return records;
}

/* Its checksum, head or body: the record is set aside. Its marker, a length or the zeros behind: what can be read goes on. So it is with
 * the first record, one in the middle, and the last, which must not pass for an append that was cut off. */
static void test_scribble_costs_one_record_at_most(void **context)
{
	struct wal *wal = three_records();

	(void)context;
	for (off_t record = 32; record < 32 + 3 * 32; record += 32)
		for (off_t at = 0; at < 32; at++) {
			bool is_lost = (at >= 8 && at < 12) || at >= 24;
			size_t damaged;

			assert_int_equal(records_with_byte_changed(wal->path, record + at, &damaged), is_lost ? 2 : 3);
			assert_int_equal(damaged, is_lost ? 1 : 0);
		}
	wal_close(wal);
}

static void test_damaged_beginning_costs_nothing(void **context)
{
	struct wal *wal = three_records();

	(void)context;
	for (off_t at = 0; at < 30; at++) {
		size_t damaged;

		assert_int_equal(records_with_byte_changed(wal->path, at, &damaged), 3);
		assert_int_equal(damaged, 1);
	}
	wal_close(wal);
}

/* A segment in which nothing can be read must not be taken for an empty one. */
static void test_lost_beginning_is_damage(void **context)
{
	struct wal *wal = three_records();
	size_t damaged;
	bool torn;
	int fd = open(wal->path, O_RDWR);

	(void)context;
	assert_int_equal(pwrite(fd, "0123456789012345678901234567890", 31, 0), 31);
	close(fd);
	assert_int_equal(count_records(wal->path, &damaged, &torn), 0);
	assert_int_equal(damaged, 2);
	assert_false(torn);
	wal_close(wal);
}

/* A message that contains the bytes of a record of another segment cannot be taken for one. */
static void test_record_in_a_message_is_no_record(void **context)
{
	struct wal *victim = three_records(), *wal;
	struct error error;
	bool broken = false, torn;
	char *bytes, byte;
	size_t len, damaged;
	int fd;

	(void)context;
	assert_int_equal(fsx_read(victim->path, 10000, &bytes, &len, &error), 0);
	assert_int_equal(wal_create(&wal, &spool, "unit", NULL, &error), 0);
	assert_int_equal(
	    wal_append(wal, SLICE_LITERAL("h"), slice_make(bytes, len), &broken, &error), 0);
	fd = open(wal->path, O_RDWR);
	assert_int_equal(pread(fd, &byte, 1, 40), 1); /* its own checksum */
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, 40), 1);
	close(fd);
	assert_int_equal(count_records(wal->path, &damaged, &torn), 0);
	assert_int_equal(damaged, 1);
	free(bytes);
	wal_close(victim);
	wal_close(wal);
}

/* --- a segment that is used again */

static struct wal *blank_segment(void)
{
	struct wal *wal = three_records();
	struct error error;

	assert_int_equal(wal_withdraw(wal, &error), 0);
	assert_int_equal(wal_blank(wal, &error), 0);
	return wal;
}

static struct wal *again_with(size_t records, size_t body_len)
{
	struct wal *wal;
	struct error error;
	bool broken = false;
	char *body = memset(xcalloc(1, body_len), 'b', body_len);

	assert_int_equal(wal_create(&wal, &spool, "unit", blank_segment(), &error), 0);
	for (size_t i = 0; i < records; i++) {
		assert_int_equal(wal_append(wal, SLICE_LITERAL("head"), slice_make(body, body_len), &broken, &error), 0);
		if (i + 1 == records)
			break;
		assert_int_equal(wal_sync(wal, &error), 0);
		wal->durable = wal->size;
	}
	free(body);
	return wal;
}

static void scribble(const char *path, uint64_t at, size_t len, char byte)
{
	int fd = open(path, O_RDWR);

	for (size_t i = 0; i < len; i++)
		assert_int_equal(pwrite(fd, &byte, 1, (off_t)(at + i)), 1);
	close(fd);
}

/* Only a hostile hand makes such a file. A number above would be taken for no segment's, and never be recovered. */
static void test_no_segment_beyond_the_highest_number(void **context)
{
	char *path = layout_wal(&spool, "9223372036854775807-other.log");
	struct error error;
	struct wal *wal;

	(void)context;
	fclose(fopen(path, "w"));
	assert_int_equal(wal_create(&wal, &spool, "unit", NULL, &error), -1);
	unlink(path);
	assert_int_equal(wal_create(&wal, &spool, "unit", NULL, &error), 0);
	unlink(wal->path);
	wal_close(wal);
	free(path);
}

static void test_used_again_holds_its_own_records_only(void **context)
{
	struct wal *wal = again_with(2, 4);
	struct stat st;
	size_t damaged;
	bool torn;

	(void)context;
	assert_int_equal(count_records(wal->path, &damaged, &torn), 2);
	assert_int_equal(damaged, 0);
	assert_false(torn);
	assert_int_equal(stat(wal->path, &st), 0);
	assert_int_equal(st.st_size, WAL_BLANK_MIN);
	wal_close(wal);
	wal = again_with(0, 1);
	assert_int_equal(count_records(wal->path, &damaged, &torn), 0);
	assert_int_equal(damaged, 0);
	assert_false(torn);
	wal_close(wal);
}

/* Zeros may be at the end of a truncated record, or in its middle: sectors reach the disk in any
 * order. */
static void test_used_again_torn_where_a_sector_is_missing(void **context)
{
	(void)context;
	for (uint64_t sector = 1; sector <= 4; sector++) {
		struct wal *wal = again_with(2, 1400);
		uint64_t second = 32 + 24 + 4 + 1400, from = sector * 512 < second ? second : sector * 512;
		uint64_t to = (sector + 1) * 512 < wal->size ? (sector + 1) * 512 : wal->size;
		size_t damaged;
		bool torn;

		if (to > from)
			scribble(wal->path, from, (size_t)(to - from), 0);
		assert_int_equal(count_records(wal->path, &damaged, &torn), to > from ? 1 : 2);
		assert_int_equal(damaged, 0);
		assert_int_equal(torn, to > from);
		wal_close(wal);
	}
}

static void test_used_again_other_bytes_are_damage(void **context)
{
	struct wal *wal = again_with(2, 1400);
	size_t damaged;
	bool torn;

	(void)context;
	scribble(wal->path, wal->size - 700, 512, '?');
	assert_int_equal(count_records(wal->path, &damaged, &torn), 1);
	assert_int_equal(damaged, 1);
	assert_false(torn);
	wal_close(wal);
}

/* The record after it was appended when it was durable, so zeros in it are not an unfinished append. */
static void test_used_again_lost_sector_of_what_was_durable_is_damage(void **context)
{
	struct wal *wal = again_with(3, 1400);
	size_t damaged;
	bool torn;

	(void)context;
	scribble(wal->path, 512, 512, 0);
	assert_int_equal(count_records(wal->path, &damaged, &torn), 2);
	assert_int_equal(damaged, 1);
	assert_false(torn);
	wal_close(wal);
}

/* Marker, lengths, durable: a wrong byte loses nothing, also in the last record, which only zeros follow. */
static void test_used_again_wrong_number_is_repaired(void **context)
{
	struct wal *wal = again_with(3, 4);

	(void)context;
	for (off_t record = 32; record < 32 + 3 * 32; record += 32)
		for (off_t at = 0; at < RECORD_HEADER; at++) {
			bool is_lost = at >= 8 && at < 12;
			size_t damaged;

			assert_int_equal(records_with_byte_changed(wal->path, record + at, &damaged), is_lost ? 2 : 3);
			assert_int_equal(damaged, is_lost ? 1 : 0);
		}
	wal_close(wal);
}

static void test_facts_stay_while_a_log_may_need_them(void **context)
{
	struct wal *older = three_records(), *facts = three_records();
	struct wal_names names;
	struct error error;

	(void)context;
	assert_int_equal(wal_to_facts(&spool, &facts->name, &error), 0);
	assert_int_equal(wal_sweep_facts(&spool, &error), 0);
	assert_int_equal(wal_list(&spool, &names, &error), 0);
	assert_int_equal(names.count, 2);
	wal_names_clear(&names);
	/* A segment that begins later does not count. */
	wal_close(three_records());
	unlink(older->path);
	assert_int_equal(wal_sweep_facts(&spool, &error), 0);
	assert_int_equal(wal_list(&spool, &names, &error), 0);
	assert_int_equal(names.count, 1);
	assert_int_equal(names.items[0].state, WAL_LOG);
	wal_names_clear(&names);
	wal_close(older);
	wal_close(facts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SPOOL_TEST(test_torn_append_at_every_byte),
	    SPOOL_TEST(test_busy_segment_keeps_its_size),
	    SPOOL_TEST(test_no_space_for_zeros),
	    SPOOL_TEST(test_scribble_costs_one_record_at_most),
	    SPOOL_TEST(test_damaged_beginning_costs_nothing),
	    SPOOL_TEST(test_lost_beginning_is_damage),
	    SPOOL_TEST(test_record_in_a_message_is_no_record),
	    SPOOL_TEST(test_no_segment_beyond_the_highest_number),
	    SPOOL_TEST(test_used_again_holds_its_own_records_only),
	    SPOOL_TEST(test_used_again_torn_where_a_sector_is_missing),
	    SPOOL_TEST(test_used_again_other_bytes_are_damage),
	    SPOOL_TEST(test_used_again_lost_sector_of_what_was_durable_is_damage),
	    SPOOL_TEST(test_used_again_wrong_number_is_repaired),
	    SPOOL_TEST(test_facts_stay_while_a_log_may_need_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
