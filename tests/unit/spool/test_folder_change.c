/* Changes of a folder: flags, removal, copies, moves, new names; what the log, the files and the other folder say afterwards. */
#include "tests/unit/sample_folder.h"

#include "spool/mailbox/maildir_change.h"

#include "spool/storage/state_journal.h"

#include <errno.h>

static const char text[] = "Subject: x\r\n\r\nText.\r\n";

static const char *flags_in_name(struct folder *folder, uint32_t uid)
{
	static char flags[300];
	size_t index = folder_table_by_uid(&folder->table, uid);

	snprintf(flags, sizeof(flags), "%s", strchr(folder->table.items[index].name, ':'));
	return flags;
}

static void store(struct folder *folder, uint32_t uid, enum folder_change change, uint32_t flags)
{
	uint32_t *left;
	size_t count;

	OK(folder_store(folder, &uid, 1, change, flags, UINT64_MAX, &left, &count, &error));
	assert_int_equal(count, 0);
	free(left);
}

static void reload(struct folder **folder, const char *mailbox)
{
	folder_close(*folder);
	folder_forget(&house);
	*folder = opened(mailbox);
}

static void test_flags(void **context)
{
	struct folder *folder;
	uint32_t uids[] = {1, 2, 3, 9}, *left;
	uint64_t modseq;
	size_t count;

	(void)context;
	for (int i = 0; i < 3; i++)
		deliver("ivan", text);
	folder = opened("ivan");
	modseq = folder_modseq(folder);
	store(folder, 1, FOLDER_SET, FOLDER_SEEN | FOLDER_FLAGGED);
	assert_string_equal(flags_in_name(folder, 1), ":2,FS");
	assert_true(looked(folder, 1).modseq > modseq);
	assert_int_equal(looked(folder, 2).modseq, modseq);
	store(folder, 1, FOLDER_ADD, FOLDER_DELETED);
	store(folder, 1, FOLDER_TAKE, FOLDER_FLAGGED);
	assert_string_equal(flags_in_name(folder, 1), ":2,ST");
	/* What changed since is left alone. */
	OK(folder_store(folder, uids, 4, FOLDER_ADD, FOLDER_ANSWERED, modseq, &left, &count, &error));
	assert_int_equal(count, 1);
	assert_int_equal(left[0], 1);
	free(left);
	assert_int_equal(looked(folder, 2).flags, FOLDER_ANSWERED);
	modseq = folder_modseq(folder);
	store(folder, 2, FOLDER_ADD, FOLDER_ANSWERED); /* no change */
	assert_int_equal(folder_modseq(folder), modseq);
	OK(folder_refresh(folder, &error));
	assert_int_equal(folder_modseq(folder), modseq);
	reload(&folder, "ivan");
	assert_string_equal(uids_of(folder), "1 2 3");
	assert_int_equal(looked(folder, 1).flags, FOLDER_SEEN | FOLDER_DELETED);
	assert_int_equal(looked(folder, 3).flags, FOLDER_ANSWERED);
	folder_close(folder);
}

/* Another program renames or removes the file after the last look. */
static void test_flags_of_a_file_that_others_change(void **context)
{
	struct folder *folder;

	(void)context;
	put_foreign("ivan", "new/1.a.h", "Subject: a\n\n");
	put_foreign("ivan", "new/2.b.h", "Subject: b\n\n");
	folder = opened("ivan");
	rename_foreign("ivan", "new/1.a.h", "cur/1.a.h:2,R");
	rename_foreign("ivan", "new/2.b.h", "gone");
	store(folder, 1, FOLDER_ADD, FOLDER_SEEN);
	store(folder, 2, FOLDER_ADD, FOLDER_SEEN);
	reload(&folder, "ivan");
	assert_string_equal(uids_of(folder), "1");
	assert_int_equal(looked(folder, 1).flags, FOLDER_SEEN);
	folder_close(folder);
}

/* A power cut may leave the old file under the old name, and the new one, which recovery has written, under the name with flags. */
static void test_flags_replace_no_other_file(void **context)
{
	struct maildir_change change = {"1.a.h", "S"};
	char *path;
	struct folder *folder;
	struct slice bytes;

	(void)context;
	put_foreign("ivan", "new/1.a.h", "");
	put_foreign("ivan", "cur/1.a.h:2,S", "Subject: a\n\n");
	OK(maildir_change_flags(&house, "ivan", &change, 1, &error));
	folder = opened("ivan");
	assert_string_equal(uids_of(folder), "1");
	OK(folder_read(folder, 1, &bytes, NULL, &error));
	assert_int_equal(bytes.len, 12);
	fsx_unmap(bytes);
	/* The same bytes: one is enough. */
	put_foreign("ivan", "cur/1.a.h:2,F", "Subject: a\n\n");
	OK(maildir_change_flags(&house, "ivan", &change, 1, &error));
	path = layout_mailbox(&house, "ivan", "cur/1.a.h:2,F");
	assert_int_equal(access(path, F_OK), -1);
	free(path);
	folder_close(folder);
}

static void test_expunge(void **context)
{
	struct folder *folder;
	uint32_t uids[] = {2, 3, 7};
	uint64_t modseq;

	(void)context;
	for (int i = 0; i < 4; i++)
		deliver("ivan/A", text);
	folder = opened("ivan/A");
	modseq = folder_modseq(folder);
	OK(folder_expunge(folder, uids, 3, &error));
	assert_string_equal(uids_of(folder), "1 4");
	assert_true(folder_modseq(folder) > modseq);
	deliver("ivan/A", text);
	OK(folder_refresh(folder, &error));
	assert_string_equal(uids_of(folder), "1 4 5");
	reload(&folder, "ivan/A");
	assert_string_equal(uids_of(folder), "1 4 5");
	/* The highest UID is gone, and is not used again. */
	OK(folder_expunge(folder, (uint32_t[]){5}, 1, &error));
	reload(&folder, "ivan/A");
	deliver("ivan/A", text);
	OK(folder_refresh(folder, &error));
	assert_string_equal(uids_of(folder), "1 4 6");
	folder_close(folder);
}

/* --- copies and moves */

static void read_id(struct folder *folder, uint32_t uid, char id[72], const char *expected)
{
	struct slice bytes;

	OK(folder_read(folder, uid, &bytes, id, &error));
	assert_true(slice_is(bytes, expected));
	fsx_unmap(bytes);
}

static void test_copy_and_move(void **context)
{
	struct folder *inbox, *sent;
	uint32_t uids[] = {1, 2, 8}, there[3], validity, work;
	struct folder_message before, after;
	char id[72], other[72];

	(void)context;
	deliver("ivan", text);
	put_foreign("ivan", "cur/1000.foreign.h:2,F", "Subject: f\n\n");
	OK(folder_create(&house, "ivan/Sent", &error));
	inbox = opened("ivan");
	sent = opened("ivan/Sent");
	assert_string_equal(uids_of(inbox), "1 2"); /* the foreign one is older */
	work = folder_keyword(inbox, "work", true);
	assert_int_not_equal(folder_keyword(sent, "first", true), 0);
	store(inbox, 2, FOLDER_SET, FOLDER_SEEN | work);
	before = looked(inbox, 2);
	OK(folder_copy(inbox, uids, 3, "ivan/Sent", there, &validity, &error));
	assert_int_equal(validity, folder_uid_validity(sent));
	assert_int_equal(there[0], 1);
	assert_int_equal(there[1], 2);
	assert_int_equal(there[2], 0);
	assert_string_equal(uids_of(inbox), "1 2");
	assert_string_equal(uids_of(sent), "1 2");
	after = looked(sent, 2);
	assert_int_equal(after.flags, FOLDER_SEEN | folder_keyword(sent, "work", false));
	assert_int_equal(after.time, before.time);
	assert_int_equal(after.size, before.size);
	assert_int_equal(looked(sent, 1).flags, FOLDER_FLAGGED);
	read_id(inbox, 2, id, text);
	read_id(sent, 2, other, text);
	assert_string_equal(id, other);
	read_id(inbox, 1, id, "Subject: f\n\n");
	read_id(sent, 1, other, "Subject: f\n\n");
	assert_string_equal(id, other);
	assert_false(looked(sent, 1).size_known);
	/* Back again, beside those that are there. */
	OK(folder_move(sent, uids, 2, "ivan", there, &validity, &error));
	assert_int_equal(there[0], 3);
	assert_string_equal(uids_of(inbox), "1 2 3 4");
	assert_string_equal(uids_of(sent), "");
	read_id(inbox, 3, other, "Subject: f\n\n");
	assert_string_equal(id, other);
	/* Into the folder where it is. */
	OK(folder_copy(inbox, uids, 1, "ivan", there, &validity, &error));
	assert_int_equal(there[0], 5);
	OK(folder_move(inbox, uids, 1, "ivan", there, &validity, &error));
	assert_string_equal(uids_of(inbox), "2 3 4 5 6");
	OK(folder_refresh(inbox, &error));
	assert_string_equal(uids_of(inbox), "2 3 4 5 6");
	reload(&inbox, "ivan");
	assert_string_equal(uids_of(inbox), "2 3 4 5 6");
	assert_int_equal(folder_move(inbox, uids, 1, "ivan/Nothing", there, &validity, &error), -1);
	assert_int_equal(error.class, ERROR_PERMANENT);
	folder_close(inbox);
	folder_close(sent);
}

static void add_event(void *context, const struct journal_event *event)
{
	buf_printf(context, "%s %s|", event->event, event->place);
}

/* All that happens to a message and its copies is under the id with which it was accepted. */
/* A file manager, or a deletion that was cut off, leaves such folders: no source is taken for gone because of them. */
static void test_copy_and_move_to_a_folder_without_its_parts(void **context)
{
	static const char *const parts[] = {"tmp", "new", "cur"};
	uint32_t uids[] = {1, 2}, there[2], validity;
	struct folder *folder;

	(void)context;
	deliver("ivan", text);
	deliver("ivan", text);
	OK(folder_create(&house, "ivan/Bare", &error));
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		char *path = layout_mailbox(&house, "ivan/Bare", parts[i]);

		assert_int_equal(rmdir(path), 0);
		free(path);
	}
	folder = opened("ivan");
	OK(folder_copy(folder, uids, 1, "ivan/Bare", there, &validity, &error));
	assert_int_equal(there[0], 1);
	OK(folder_move(folder, uids + 1, 1, "ivan/Bare", there, &validity, &error));
	assert_int_equal(there[0], 2);
	assert_string_equal(uids_of(folder), "1");
	folder_close(folder);
}

static void test_the_journal_follows(void **context)
{
	struct folder *inbox, *b;
	struct buf events = BUF_INIT(10000);
	uint32_t one = 1, there, validity;
	char id[72];

	(void)context;
	deliver("ivan", text);
	OK(folder_create(&house, "ivan/B", &error));
	inbox = opened("ivan");
	b = opened("ivan/B");
	read_id(inbox, 1, id, text);
	OK(folder_copy(inbox, &one, 1, "ivan/B", &there, &validity, &error));
	OK(folder_move(inbox, &one, 1, "ivan/B", &there, &validity, &error));
	OK(folder_expunge(b, &there, 1, &error));
	OK(intake_write_notes(house.intake, &error));
	OK(state_journal_since(house.state, &(struct msgid){"0"}, add_event, &events, &error));
	assert_string_equal(buf_text(&events), "accepted |delivered ivan|copied ivan/B|moved ivan/B|removed ivan/B|");
	buf_clear(&events);
	folder_close(inbox);
	folder_close(b);
}

/* --- folders */

static void test_delete(void **context)
{
	struct folder *folder;
	struct strlist names = {0};
	uint32_t validity;

	(void)context;
	deliver("ivan/A", text);
	deliver("ivan/A/B", text);
	put_foreign("ivan/A", "dovecot.index", "x");
	folder = opened("ivan/A");
	validity = folder_uid_validity(folder);
	assert_int_equal(folder_delete(&house, "ivan", &error), -1);
	OK(folder_delete(&house, "ivan/A", &error));
	OK(folder_refresh(folder, &error));
	assert_string_equal(uids_of(folder), "");
	OK(folder_names(&house, "ivan", &names, &error));
	assert_int_equal(names.count, 1);
	strlist_clear(&names);
	assert_int_equal(folder_delete(&house, "ivan/A", &error), -1);
	OK(folder_create(&house, "ivan/A", &error));
	folder_close(folder);
	folder = opened("ivan/A");
	assert_true(folder_uid_validity(folder) > validity);
	folder_close(folder);
}

static void test_rename(void **context)
{
	struct folder *folder;
	struct strlist names = {0};
	uint32_t work;

	(void)context;
	deliver("ivan", text);
	deliver("ivan/A", text);
	deliver("ivan/A/B", text);
	deliver("ivan/AB", text);
	folder = opened("ivan/A");
	work = folder_keyword(folder, "work", true);
	store(folder, 1, FOLDER_ADD, work);
	folder_close(folder);
	assert_int_equal(folder_rename(&house, "ivan/A", "ivan/AB", &error), -1);
	assert_int_equal(folder_rename(&house, "ivan/A", "ivan/A/C", &error), -1);
	assert_int_equal(folder_rename(&house, "ivan/X", "ivan/Y", &error), -1);
	OK(folder_rename(&house, "ivan/A", "ivan/Новая", &error));
	OK(folder_names(&house, "ivan", &names, &error));
	assert_int_equal(names.count, 3);
	assert_string_equal(names.items[0], "AB");
	assert_string_equal(names.items[1], "Новая");
	assert_string_equal(names.items[2], "Новая/B");
	strlist_clear(&names);
	folder = opened("ivan/Новая");
	assert_string_equal(uids_of(folder), "1");
	assert_int_equal(looked(folder, 1).flags, folder_keyword(folder, "work", false));
	folder_close(folder);
	/* A name that only has folders below it. */
	deliver("ivan/Clients/Bank", text);
	OK(folder_rename(&house, "ivan/Clients", "ivan/Partners", &error));
	assert_int_equal(folder_exists(&house, "ivan/Partners/Bank", &error), 1);
	assert_int_equal(folder_exists(&house, "ivan/Clients/Bank", &error), 0);
	OK(folder_rename(&house, "ivan", "ivan/Old", &error));
	folder = opened("ivan/Old");
	assert_string_equal(uids_of(folder), "1");
	folder_close(folder);
	folder = opened("ivan");
	assert_string_equal(uids_of(folder), "");
	folder_close(folder);
}

/* --- the disk */

static const char *failing_at;
static atomic_int failing;

static int fail_some(const char *what, const char *path, const char *to)
{
	(void)to;
	if (failing == 0 || strcmp(what, failing_at) != 0 || strstr(path, "/mailboxes/") == NULL)
		return 0;
	failing--;
	errno = EIO;
	return -1;
}

/* Durable in the log, the file follows: at the latest with the recovery of the next start. */
static void test_a_change_that_the_disk_refuses_is_made_later(void **context)
{
	struct folder *inbox, *b;
	uint32_t uids[] = {1, 2, 3}, there[3], validity;

	(void)context;
	for (int i = 0; i < 3; i++)
		deliver("ivan", text);
	OK(folder_create(&house, "ivan/B", &error));
	inbox = opened("ivan");
	b = opened("ivan/B");
	fsx_hook = fail_some;
	failing_at = "rename";
	failing = 1;
	store(inbox, 1, FOLDER_SET, FOLDER_SEEN);
	failing = 1;
	OK(folder_move(inbox, &uids[1], 1, "ivan/B", there, &validity, &error));
	failing = 1;
	OK(folder_copy(inbox, &uids[2], 1, "ivan/B", there, &validity, &error));
	fsx_hook = NULL;
	folder_close(inbox);
	folder_close(b);
	house_stop();
	house_start();
	inbox = opened("ivan");
	b = opened("ivan/B");
	assert_string_equal(uids_of(inbox), "1 3");
	assert_int_equal(looked(inbox, 1).flags, FOLDER_SEEN);
	assert_string_equal(uids_of(b), "1 2");
	folder_close(inbox);
	folder_close(b);
}

/* A failed sync of the file system: a moved message could not be written again, so none is moved. */
static void test_no_move_while_the_disk_is_doubtful(void **context)
{
	struct folder *inbox;
	uint32_t uid = 1, there, validity;

	(void)context;
	deliver("ivan", text);
	OK(folder_create(&house, "ivan/B", &error));
	inbox = opened("ivan");
	fsx_hook = fail_some;
	failing_at = "syncfs";
	failing = 0;
	fsx_hook = NULL;
	house.intake->doubted_until = INT64_MAX;
	assert_int_equal(folder_move(inbox, &uid, 1, "ivan/B", &there, &validity, &error), -1);
	assert_int_equal(error.class, ERROR_TEMPORARY);
	assert_int_equal(folder_copy(inbox, &uid, 1, "ivan/B", &there, &validity, &error), -1);
	house.intake->doubted_until = 0;
	OK(folder_move(inbox, &uid, 1, "ivan/B", &there, &validity, &error));
	folder_close(inbox);
}

static struct {
	pthread_t thread;
	int syncs;
	bool has_read; /* the other session, during the sync */
} other;

static void *read_both(void *unused)
{
	static const char *const names[] = {"ivan", "ivan/B"};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct folder *folder;
		struct folder_status status;
		struct error ignored;

		if (folder_open(&folder, &house, names[i], &ignored) != 0)
			continue;
		folder_status(folder, false, &status);
		folder_close(folder);
	}
	return NULL;
}

static int read_during_the_sync(const char *what, const char *path, const char *to)
{
	struct timespec until;

	(void)path;
	(void)to;
	if (strcmp(what, "syncfs") != 0 || other.syncs++ > 0)
		return 0;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	assert_int_equal(pthread_create(&other.thread, NULL, read_both, NULL), 0);
	other.has_read = pthread_timedjoin_np(other.thread, NULL, &until) == 0;
	return 0;
}

/* A sync of the whole file system may take seconds. */
static void test_nobody_waits_for_the_sync_of_a_copy_or_move(void **context)
{
	struct folder *inbox;
	uint32_t uid, there, validity;

	(void)context;
	deliver("ivan", text);
	deliver("ivan", text);
	OK(folder_create(&house, "ivan/B", &error));
	inbox = opened("ivan");
	for (uid = 1; uid <= 2; uid++) {
		other.syncs = 0;
		fsx_hook = read_during_the_sync;
		OK((uid == 1 ? folder_copy : folder_move)(inbox, &uid, 1, "ivan/B", &there, &validity, &error));
		fsx_hook = NULL;
		if (!other.has_read)
			pthread_join(other.thread, NULL);
		assert_true(other.syncs > 0 && other.has_read);
		assert_int_equal(there, uid);
	}
	assert_string_equal(uids_of(inbox), "1");
	folder_close(inbox);
}

/* Who copies does not notice what becomes of the source meanwhile. */
static int remove_during_the_sync(const char *what, const char *path, const char *to)
{
	struct folder *folder;
	struct error ignored;
	uint32_t uid = 1;

	(void)path;
	(void)to;
	if (strcmp(what, "syncfs") != 0 || other.syncs++ > 0)
		return 0;
	if (folder_open(&folder, &house, "ivan", &ignored) == 0) {
		other.has_read = folder_expunge(folder, &uid, 1, &ignored) == 0;
		folder_close(folder);
	}
	return 0;
}

static void test_the_source_of_a_copy_may_go_meanwhile(void **context)
{
	struct folder *inbox, *copies;
	uint32_t uid = 1, there, validity;

	(void)context;
	deliver("ivan", text);
	OK(folder_create(&house, "ivan/B", &error));
	inbox = opened("ivan");
	other.syncs = 0;
	fsx_hook = remove_during_the_sync;
	OK(folder_copy(inbox, &uid, 1, "ivan/B", &there, &validity, &error));
	fsx_hook = NULL;
	assert_true(other.has_read);
	assert_string_equal(uids_of(inbox), "");
	folder_close(inbox);
	copies = opened("ivan/B");
	assert_string_equal(uids_of(copies), "1");
	assert_int_equal(there, 1);
	folder_close(copies);
}

/* A folder that is deleted meanwhile gets no copy, and nothing of it is left. */
static int delete_during_the_sync(const char *what, const char *path, const char *to)
{
	struct error ignored;

	(void)path;
	(void)to;
	if (strcmp(what, "syncfs") == 0 && other.syncs++ == 0)
		other.has_read = folder_delete(&house, "ivan/B", &ignored) == 0;
	return 0;
}

static void test_a_copy_keeps_its_folder(void **context)
{
	struct folder *inbox;
	uint32_t uid = 1, there, validity;

	(void)context;
	deliver("ivan", text);
	OK(folder_create(&house, "ivan/B", &error));
	inbox = opened("ivan");
	other.syncs = 0;
	fsx_hook = delete_during_the_sync;
	OK(folder_copy(inbox, &uid, 1, "ivan/B", &there, &validity, &error));
	fsx_hook = NULL;
	assert_false(other.has_read); /* it is in use */
	assert_int_equal(there, 1);
	fsx_hook = delete_during_the_sync;
	other.syncs = 0;
	assert_int_equal(folder_move(inbox, &uid, 1, "ivan/B", &there, &validity, &error), -1);
	fsx_hook = NULL;
	assert_true(other.has_read);
	assert_int_equal(folder_exists(&house, "ivan/B", &error), 0);
	assert_string_equal(uids_of(inbox), "1");
	folder_close(inbox);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_nobody_waits_for_the_sync_of_a_copy_or_move),
	    HOUSE_TEST(test_the_source_of_a_copy_may_go_meanwhile),
	    HOUSE_TEST(test_a_copy_keeps_its_folder),
	    HOUSE_TEST(test_flags),
	    HOUSE_TEST(test_flags_of_a_file_that_others_change),
	    HOUSE_TEST(test_flags_replace_no_other_file),
	    HOUSE_TEST(test_expunge),
	    HOUSE_TEST(test_copy_and_move),
	    HOUSE_TEST(test_copy_and_move_to_a_folder_without_its_parts),
	    HOUSE_TEST(test_the_journal_follows),
	    HOUSE_TEST(test_delete),
	    HOUSE_TEST(test_rename),
	    HOUSE_TEST(test_a_change_that_the_disk_refuses_is_made_later),
	    HOUSE_TEST(test_no_move_while_the_disk_is_doubtful),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
