/* The files of the spool one by one: envelopes, records, log segments, mailboxes, queue entries. */
#include "base/alloc.h"
#include "base/fsx.h"
#include "spool/maildir.h"
#include "spool/queue.h"
#include "spool/record.h"
#include "spool/wal.h"
#include "tests/unit/remove_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char spool[64];

static int set_up(void **context)
{
	struct error error;
	char *wal;

	(void)context;
	memcpy(spool, "/tmp/lanpost-unit-XXXXXX", sizeof("/tmp/lanpost-unit-XXXXXX"));
	if (mkdtemp(spool) == NULL)
		return -1;
	wal = wal_path(spool, "");
	fsx_make_dirs(wal, &error);
	free(wal);
	return queue_make(spool, &error);
}

static int tear_down(void **context)
{
	(void)context;
	return remove_tree(spool);
}

static void make_envelope(struct envelope *envelope)
{
	envelope_init(envelope);
	envelope_set(&envelope->sender, slice_of("иван@example.org"));
	envelope_set(&envelope->uidl, slice_of("a b\n%\x7f\xff"));
	envelope_add_header(envelope, "X-A", slice_of("one\r\nX-Evil: two"));
	strlist_add(&envelope->recipients, "x y@z");
	envelope_add(envelope, PLACE_MAILBOX, slice_of("ivan"), slice_of("rule \"счёт\""));
	envelope_add(envelope, PLACE_QUEUE, slice_of("out@example.net"), SLICE_NONE);
	envelope->places[1].notify = DSN_SUCCESS | DSN_DELAY;
	envelope_set(&envelope->places[1].orcpt, slice_of("rfc822;a+2Bb@c"));
	envelope_set(&envelope->envid, slice_of("Q%1"));
	envelope->ret = DSN_RET_FULL;
	envelope->size = 12;
}

static void test_envelope_round_trip(void **context)
{
	struct buf text = BUF_INIT(100000), again = BUF_INIT(100000);
	struct envelope envelope, read;
	struct error error;

	(void)context;
	make_envelope(&envelope);
	envelope_write(&envelope, &text);
	assert_int_equal(envelope_parse(buf_slice(&text), &read, &error), 0);
	envelope_write(&read, &again);
	assert_string_equal(buf_text(&text), buf_text(&again));
	assert_string_equal(read.uidl, envelope.uidl);
	assert_string_equal(read.header, "X-A: one  X-Evil: two\r\n");
	assert_string_equal(read.places[0].why, "rule \"счёт\"");
	assert_string_equal(read.recipients.items[0], "x y@z");
	envelope_clear(&envelope);
	envelope_clear(&read);
	buf_clear(&text);
	buf_clear(&again);
}

static void test_envelope_refuses_damage(void **context)
{
	static const char *const bad[] = {
	    "", "id short\n", "id 00000000000000000000\nwhat x\n",
	    "id 00000000000000000000\nplace mailbox pending %zz  \n",
	    "id 00000000000000000000\nplace nowhere pending a  \n",
	    "id 00000000000000000000\ntime -1\n", "id 00000000000000000000\nsender %00\n",
	    "id 00000000000000000000\ntime 99999999999999999999\n",
	};

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct envelope envelope;
		struct error error;

		if (envelope_parse(slice_of(bad[i]), &envelope, &error) == 0)
			fail_msg("taken: %s", bad[i]);
	}
}

static void test_boss_is_one_place(void **context)
{
	struct envelope envelope;

	(void)context;
	envelope_init(&envelope);
	envelope_add(&envelope, PLACE_MAILBOX, slice_of("chief"), SLICE_NONE);
	envelope_add(&envelope, PLACE_BOSS, slice_of("Chief"), SLICE_NONE);
	assert_int_equal(envelope.place_count, 1);
	assert_int_equal(envelope.places[0].kind, PLACE_BOSS);
	envelope_add(&envelope, PLACE_MAILBOX, slice_of("chief"), SLICE_NONE);
	assert_int_equal(envelope.place_count, 1);
	assert_int_equal(envelope.places[0].kind, PLACE_BOSS);
	envelope_clear(&envelope);
}

static void test_record_round_trip(void **context)
{
	const struct fact facts[] = {
	    {.kind = FACT_SENT, .id = "00000000000000000000", .name = "a@b", .text = "250 ok\n"},
	    {.kind = FACT_REMOVE, .name = "ivan", .text = "1.2.3"},
	};
	const uint32_t checksum = 0x0badcafe;
	struct buf head = BUF_INIT(100000);
	struct envelope envelope;
	struct record record;
	struct error error;

	(void)context;
	make_envelope(&envelope);
	record_write(facts, 2, &envelope, &checksum, &head);
	assert_int_equal(record_parse(buf_slice(&head), &record, &error), 0);
	assert_int_equal(record.fact_count, 2);
	assert_string_equal(record.facts[0].text, "250 ok\n");
	assert_string_equal(record.facts[1].name, "ivan");
	assert_true(record.has_message && record.body_in_file && record.has_checksum);
	assert_int_equal(record.checksum, checksum);
	assert_string_equal(record.envelope.id.text, envelope.id.text);
	record_clear(&record);
	assert_int_equal(record_parse(SLICE_LITERAL("fact nonsense  \n"), &record, &error), -1);
	envelope_clear(&envelope);
	buf_clear(&head);
}

/* --- log segments */

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
	while ((next = wal_next(&reader, &offset, &head, &body)) == WAL_RECORD ||
	       next == WAL_DAMAGED) {
		records += next == WAL_RECORD;
		*damaged += next == WAL_DAMAGED;
	}
	*torn = next == WAL_TORN;
	wal_read_end(&reader);
	return records;
}

static struct wal *three_records(void)
{
	struct wal *wal;
	struct error error;
	bool broken = false;

	assert_int_equal(wal_create(&wal, spool, "unit", &error), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
		    wal_append(wal, SLICE_LITERAL("head"), SLICE_LITERAL("body"), &broken, &error), 0);
	assert_int_equal(wal_sync(wal, &error), 0);
	return wal;
}

/* A torn append at the end, cut at every byte, is dropped; what stood before it is whole. */
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

/* Where nothing can be read it must not be taken for an empty segment. */
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

/* A message that holds the bytes of a record of another segment cannot pass for one. */
static void test_record_in_a_message_is_no_record(void **context)
{
	struct wal *victim = three_records(), *wal;
	struct error error;
	bool broken = false, torn;
	char *bytes;
	size_t len, damaged;
	int fd;

	(void)context;
	assert_int_equal(fsx_read(victim->path, 10000, &bytes, &len, &error), 0);
	assert_int_equal(wal_create(&wal, spool, "unit", &error), 0);
	assert_int_equal(
	    wal_append(wal, SLICE_LITERAL("h"), slice_make(bytes, len), &broken, &error), 0);
	fd = open(wal->path, O_RDWR);
	assert_int_equal(pwrite(fd, "?", 1, 40), 1); /* its own checksum */
	close(fd);
	assert_int_equal(count_records(wal->path, &damaged, &torn), 0);
	assert_int_equal(damaged, 1);
	free(bytes);
	wal_close(victim);
	wal_close(wal);
}

static void test_facts_stay_while_a_log_may_need_them(void **context)
{
	struct wal *older = three_records(), *facts = three_records();
	struct wal_names names;
	struct error error;

	(void)context;
	assert_int_equal(wal_to_facts(spool, &facts->name, &error), 0);
	assert_int_equal(wal_sweep_facts(spool, &error), 0);
	assert_int_equal(wal_list(spool, &names, &error), 0);
	assert_int_equal(names.count, 2);
	wal_names_clear(&names);
	/* A segment that begins later does not count. */
	wal_close(three_records());
	unlink(older->path);
	assert_int_equal(wal_sweep_facts(spool, &error), 0);
	assert_int_equal(wal_list(spool, &names, &error), 0);
	assert_int_equal(names.count, 1);
	assert_int_equal(names.items[0].state, WAL_LOG);
	wal_names_clear(&names);
	wal_close(older);
	wal_close(facts);
}

/* --- mailboxes */

static void put(const char *name, const char *text)
{
	char *path = xasprintf("%s/mailboxes/ivan/%s", spool, name);
	struct slice data = slice_of(text);
	struct error error;

	assert_int_equal(fsx_create(path, &data, 1, 0640, &error), 0);
	free(path);
}

static void test_foreign_files(void **context)
{
	struct maildir_list list;
	struct error error;
	struct slice bytes;

	(void)context;
	assert_int_equal(maildir_list(spool, "ivan", &list, &error), 0); /* no mailbox yet */
	assert_int_equal(list.count, 0);
	assert_int_equal(maildir_make(spool, "ivan", &error), 0);
	put("cur/1000.abc.host:2,S", "A: b\n\nx\n");
	put("new/a name with spaces", "A: b\r\n\r\n");
	put("new/.hidden", "x");
	put("cur/2000.no.end:2,", "A: b\n\nx");
	assert_int_equal(maildir_list(spool, "ivan", &list, &error), 0);
	assert_int_equal(list.count, 3);
	assert_int_equal(maildir_size(spool, "ivan", &list.items[2], &error), 0);
	assert_int_equal(list.items[2].size, 7 + 2 + 2); /* as it is sent */
	assert_string_equal(list.items[0].unique, "a name with spaces");
	assert_int_equal(strlen(list.items[0].uidl), 64); /* a digest: spaces may not stand in a UIDL */
	assert_string_equal(list.items[1].uidl, "1000.abc.host");
	assert_int_equal(maildir_size(spool, "ivan", &list.items[1], &error), 0);
	assert_int_equal(list.items[1].size, 8 + 3);
	/* Another program changes its flags. */
	char *from = xasprintf("%s/mailboxes/ivan/cur/1000.abc.host:2,S", spool);
	char *to = xasprintf("%s/mailboxes/ivan/cur/1000.abc.host:2,FS", spool);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(maildir_open(spool, "ivan", &list.items[1], &bytes, &error), 0);
	assert_int_equal(bytes.len, 8);
	fsx_unmap(bytes);
	assert_int_equal(
	    maildir_unlink(spool, "ivan", (const char *[]){"1000.abc.host", "gone"}, 2, &error), 0);
	assert_int_not_equal(access(to, F_OK), 0);
	assert_int_equal(maildir_open(spool, "ivan", &list.items[1], &bytes, &error), -1);
	free(from);
	free(to);
	maildir_list_clear(&list);
}

static void test_what_is_unique_in_a_name(void **context)
{
	static const char *const names[][2] = {
	    {"1000.1k0xn1qc2q97h2cb5b7y.host", "1000.1k0xn1qc2q97h2cb5b7y.host"},
	    {"1000.1k0xn1qc2q97h2cb5b7y.host:2,S", "1000.1k0xn1qc2q97h2cb5b7y.host"},
	    {"1000.1k0xn1qc2q97h2cb5b7y.host,S=5", "1000.1k0xn1qc2q97h2cb5b7y.host"},
	    {"1000.1k0xn1qc2q97h2cb5b7y.host,S=5,W=7:2,FS", "1000.1k0xn1qc2q97h2cb5b7y.host"},
	    {"1000.1k0xn1qc2q97h2cb5b7y.host,W=7:1,x", "1000.1k0xn1qc2q97h2cb5b7y.host"},
	    {"1000.abc.host:2,S", "1000.abc.host"},
	    {"1000.abc.host,S=5,W=7:2,FS", "1000.abc.host,S=5,W=7"},
	    {"Invoice, March.eml", "Invoice, March.eml"},
	    {"Invoice, April.eml:2,S", "Invoice, April.eml"},
	    {"Re: 2, 3:2,", "Re: 2, 3"},
	    {"a,S=5,b", "a,S=5,b"},
	    {"a,S=,S=5", "a,S=,S=5"},
	    {",S=5", ",S=5"},
	    {":2,", ""},
	};

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!slice_is(maildir_unique(names[i][0]), names[i][1]))
			fail_msg("%s", names[i][0]);
}

/* Each is listed, can be told from the others, and goes alone; a UIDL that a client may know stays. */
static void test_files_that_differ_in_a_size_alone(void **context)
{
	static const char *const names[] = {"new/mail,S=5", "cur/mail,S=6:2,S", "new/,S=5", "new/,S=6", "new/odd\nname\x02,S=7"};
	struct maildir_list list;
	struct error error;

	(void)context;
	assert_int_equal(maildir_make(spool, "ivan", &error), 0);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		put(names[i], "A: b\n\n");
	for (size_t left = ARRAY_LEN(names); left > 0; left--) {
		char *gone;

		assert_int_equal(maildir_list(spool, "ivan", &list, &error), 0);
		assert_int_equal(list.count, left);
		for (size_t i = 0; i < left; i++)
			for (size_t j = 0; j < i; j++)
				assert_string_not_equal(list.items[i].uidl, list.items[j].uidl);
		if (left == ARRAY_LEN(names))
			assert_string_equal(list.items[2].uidl, "mail");
		gone = list.items[0].unique;
		assert_int_equal(maildir_unlink(spool, "ivan", (const char *[]){gone}, 1, &error), 0);
		maildir_list_clear(&list);
	}
}

static void test_files_with_commas_are_each_their_own(void **context)
{
	struct maildir_list list;
	struct error error;

	(void)context;
	assert_int_equal(maildir_make(spool, "ivan", &error), 0);
	put("cur/Invoice, March.eml:2,S", "A: b\n\n");
	put("new/Invoice, April.eml", "A: b\n\n");
	assert_int_equal(maildir_list(spool, "ivan", &list, &error), 0);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0].unique, "Invoice, April.eml");
	assert_string_not_equal(list.items[0].uidl, list.items[1].uidl);
	assert_int_equal(maildir_unlink(spool, "ivan", (const char *[]){list.items[0].unique}, 1, &error), 0);
	maildir_list_clear(&list);
	assert_int_equal(maildir_list(spool, "ivan", &list, &error), 0);
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].unique, "Invoice, March.eml");
	maildir_list_clear(&list);
}

static void test_our_names(void **context)
{
	struct msgid id = msgid_new();
	char *name = maildir_name(1795420900, &id, "gw/a:b", 5);
	struct slice part = SLICE_LITERAL("12345");
	struct maildir_list list;
	struct map ids = MAP_INIT;
	struct error error;
	char *file;

	(void)context;
	assert_null(strchr(name, '/'));
	assert_null(strchr(name, ':'));
	assert_int_equal(maildir_deliver(spool, "ivan", name, NULL, &part, 1, &error), 0);
	assert_int_equal(maildir_list(spool, "ivan", &list, &error), 0);
	assert_int_equal(list.count, 1);
	assert_true(list.items[0].ours && list.items[0].size_known);
	assert_int_equal(list.items[0].size, 5);
	assert_string_equal(list.items[0].uidl, id.text);
	assert_int_equal(maildir_files(spool, "ivan", &ids, &error), 0);
	file = map_get(&ids, slice_of(id.text));
	assert_string_equal(file, list.items[0].file);
	free(file);
	map_clear(&ids);
	maildir_list_clear(&list);
	free(name);
}

/* --- queue */

#define QUEUE_TEXT "hello, world"

static void queue_one(struct envelope *envelope, struct queue_item *item)
{
	struct slice part = SLICE_LITERAL(QUEUE_TEXT);
	struct error error;

	envelope_init(envelope);
	envelope_add(envelope, PLACE_QUEUE, slice_of("a@example.net"), SLICE_NONE);
	envelope_add(envelope, PLACE_QUEUE, slice_of("b@example.net"), SLICE_NONE);
	envelope->size = part.len;
	assert_int_equal(queue_deliver(spool, envelope, NULL, &part, 1, &error), 0);
	*item = (struct queue_item){QUEUE_ACTIVE, envelope->id};
}

static bool stands(const struct msgid *id)
{
	struct slice part = SLICE_LITERAL(QUEUE_TEXT);
	struct error error;
	bool whole;

	assert_int_equal(queue_verify(spool, id, &part, 1, false, &whole, &error), 0);
	return whole;
}

/* A folder that cannot be looked at, here since its name leads to itself, is not an empty one. */
static void test_what_cannot_be_seen_is_not_gone(void **context)
{
	struct envelope envelope;
	struct queue_item item;
	struct queue_items items;
	struct error error;
	enum queue_state state;
	char *folder, *aside;
	bool whole;

	(void)context;
	assert_int_equal(queue_make(spool, &error), 0);
	queue_one(&envelope, &item);
	folder = xasprintf("%s/queue/active", spool);
	aside = xasprintf("%s/queue/aside", spool);
	assert_int_equal(rename(folder, aside), 0);
	assert_int_equal(symlink("active", folder), 0);
	assert_int_equal(queue_find(spool, &item.id, &state, &error), -1);
	assert_int_equal(queue_verify(spool, &item.id, NULL, 0, false, &whole, &error), -1);
	assert_null(queue_message_path(spool, &item, &error));
	assert_int_not_equal(error.saved_errno, ENOENT);
	assert_int_equal(queue_settle(spool, &item.id, "a@example.net", PLACE_SENT, "250 ok", &error), -1);
	assert_int_equal(queue_update(spool, &item, &envelope, QUEUE_CORRUPT, &error), -1);
	assert_int_equal(queue_list(spool, 1u << QUEUE_ACTIVE, &items, &error), -1);
	assert_int_equal(unlink(folder), 0);
	assert_int_equal(rename(aside, folder), 0);
	assert_true(stands(&item.id));
	assert_int_equal(queue_find(spool, &item.id, &state, &error), 1);
	assert_int_equal(state, QUEUE_ACTIVE);
	assert_int_equal(queue_remove(spool, &item, &error), 0);
	envelope_clear(&envelope);
	free(folder);
	free(aside);
}

static void test_queue_states(void **context)
{
	struct envelope envelope, read;
	struct queue_item item;
	struct error error;
	enum queue_state state;
	char *path;

	(void)context;
	queue_one(&envelope, &item);
	assert_true(stands(&envelope.id));
	envelope.attempts = 1;
	envelope.next_attempt = 1795420900;
	assert_int_equal(queue_update(spool, &item, &envelope, QUEUE_DEFERRED, &error), 0);
	assert_true(queue_find(spool, &envelope.id, &state, &error) == 1 && state == QUEUE_DEFERRED);
	path = queue_message_path(spool, &item, &error);
	assert_non_null(strstr(path, "/deferred/"));
	free(path);
	assert_int_equal(queue_read(spool, &item, &read, &error), 0);
	assert_int_equal(read.next_attempt, 1795420900);
	envelope_clear(&read);
	assert_int_equal(
	    queue_settle(spool, &envelope.id, "a@example.net", PLACE_SENT, "250 ok", &error), 0);
	assert_int_equal(queue_find(spool, &envelope.id, &state, &error), 1);
	assert_int_equal(
	    queue_settle(spool, &envelope.id, "b@example.net", PLACE_FAILED, "550 no", &error), 0);
	assert_int_equal(queue_find(spool, &envelope.id, &state, &error), 0);
	assert_null(queue_message_path(spool, &item, &error));
	envelope_clear(&envelope);
}

static void test_damaged_envelope_is_set_aside(void **context)
{
	struct envelope envelope, read;
	struct queue_item item;
	struct error error;
	enum queue_state state;
	char *path;

	(void)context;
	queue_one(&envelope, &item);
	path = xasprintf("%s/queue/active/%s.env", spool, envelope.id.text);
	assert_int_equal(truncate(path, 30), 0);
	assert_int_equal(queue_read(spool, &item, &read, &error), -1);
	assert_true(queue_find(spool, &envelope.id, &state, &error) == 1 && state == QUEUE_CORRUPT);
	item.state = QUEUE_CORRUPT;
	free(path);
	path = queue_message_path(spool, &item, &error);
	assert_non_null(strstr(path, "/corrupt/"));
	free(path);
	envelope_clear(&envelope);
}

#define SPOOL_TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SPOOL_TEST(test_what_cannot_be_seen_is_not_gone),
	    cmocka_unit_test(test_envelope_round_trip),
	    cmocka_unit_test(test_envelope_refuses_damage),
	    cmocka_unit_test(test_boss_is_one_place),
	    cmocka_unit_test(test_record_round_trip),
	    SPOOL_TEST(test_torn_append_at_every_byte),
	    SPOOL_TEST(test_scribble_costs_one_record_at_most),
	    SPOOL_TEST(test_damaged_beginning_costs_nothing),
	    SPOOL_TEST(test_lost_beginning_is_damage),
	    SPOOL_TEST(test_record_in_a_message_is_no_record),
	    SPOOL_TEST(test_facts_stay_while_a_log_may_need_them),
	    SPOOL_TEST(test_foreign_files),
	    SPOOL_TEST(test_what_is_unique_in_a_name),
	    SPOOL_TEST(test_files_that_differ_in_a_size_alone),
	    SPOOL_TEST(test_files_with_commas_are_each_their_own),
	    SPOOL_TEST(test_our_names),
	    SPOOL_TEST(test_queue_states),
	    SPOOL_TEST(test_damaged_envelope_is_set_aside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
