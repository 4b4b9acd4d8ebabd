/* An open folder: its UIDs, what other programs do to its files, and what is durable. */
#include "tests/unit/sample_folder.h"

#include "base/clock.h"
#include "spool/mailbox/maildir_flags.h"
#include "spool/storage/mailbox.h"

#include <errno.h>
#include <fcntl.h>

static const char text[] = "Subject: x\r\n\r\nText.\r\n";

/* --- UIDs */

static void test_uids_in_the_order_of_arrival(void **context)
{
	struct folder *folder;
	struct folder_status status;
	struct slice bytes;
	char id[72], *file;

	(void)context;
	deliver("ivan", "Subject: 1\r\n\r\n");
	deliver("ivan", "Subject: 2\r\n\r\n");
	folder = opened("ivan");
	assert_string_equal(uids_of(folder), "1 2");
	deliver("ivan", "Subject: 3\r\n\r\n");
	OK(folder_refresh(folder, &error));
	assert_string_equal(uids_of(folder), "1 2 3");
	for (uint32_t uid = 1; uid <= 3; uid++) {
		OK(folder_read(folder, uid, &bytes, id, &error));
		assert_int_equal(bytes.ptr[9], '0' + (char)uid);
		assert_int_equal(strlen(id), 20);
		fsx_unmap(bytes);
		assert_int_equal(looked(folder, uid).size, 14);
		assert_int_equal(looked(folder, uid).flags, 0);
	}
	assert_int_equal(looked(folder, 4).uid, 0);
	folder_status(folder, true, &status);
	assert_int_equal(status.messages, 3);
	assert_int_equal(status.unseen, 3);
	assert_int_equal(status.size, 42);
	assert_int_equal(status.uid_next, 4);
	file = first_file("ivan");
	OK(intake_remove(house.intake, "ivan", (const char *[]){(file[strcspn(file, ",")] = '\0', file + 4)}, 1, &error));
	free(file);
	OK(folder_refresh(folder, &error));
	assert_string_equal(uids_of(folder), "2 3");
	folder_close(folder);
}

static void test_uids_survive_a_restart(void **context)
{
	struct folder *folder;
	uint32_t validity;
	uint64_t modseq;

	(void)context;
	for (int i = 0; i < 5; i++)
		deliver("ivan/A", text);
	folder = opened("ivan/A");
	validity = folder_uid_validity(folder);
	modseq = folder_modseq(folder);
	folder_close(folder);
	house_stop();
	house_start();
	deliver("ivan/A", text);
	folder = opened("ivan/A");
	assert_string_equal(uids_of(folder), "1 2 3 4 5 6");
	assert_int_equal(folder_uid_validity(folder), validity);
	assert_true(folder_modseq(folder) > modseq);
	folder_close(folder);
}

/* The index without its last bytes, as a kill in the middle of an append leaves it. */
static void test_a_torn_end_is_dropped(void **context)
{
	char *path = layout_mailbox(&house, "ivan", "lanpost-uids"), *whole;
	struct folder *folder;
	uint32_t validity;
	struct stat st;
	size_t before, len;

	(void)context;
	deliver("ivan", text);
	folder = opened("ivan");
	validity = folder_uid_validity(folder);
	assert_int_equal(stat(path, &st), 0);
	before = (size_t)st.st_size;
	deliver("ivan", text);
	OK(folder_refresh(folder, &error));
	folder_close(folder);
	OK(fsx_read(path, 1 << 20, &whole, &len, &error));
	for (size_t size = len - 1; size >= before; size--) {
		folder_forget(&house);
		OK(fsx_replace(path, slice_make(whole, size), 0600, &error));
		folder = opened("ivan");
		assert_int_equal(folder_uid_validity(folder), validity);
		assert_string_equal(uids_of(folder), "1 2");
		folder_close(folder);
	}
	free(whole);
	free(path);
}

static void change_byte(const char *path, off_t at, char to)
{
	int fd = open(path, O_RDWR);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, &to, 1, at), 1);
	close(fd);
}

static void test_damage_gives_a_new_uidvalidity(void **context)
{
	char *path = layout_mailbox(&house, "ivan", "lanpost-uids"), *good;
	struct slice whole;
	size_t len;
	uint32_t last = 0;

	(void)context;
	for (int i = 0; i < 3; i++) {
		struct folder *folder;

		deliver("ivan", text);
		folder = opened("ivan");
		last = folder_uid_validity(folder);
		folder_close(folder);
	}
	OK(fsx_read(path, 1 << 20, &good, &len, &error));
	whole = slice_make(good, len);
	for (size_t at = 0; at < len; at += 7)
		for (int zero = 0; zero < 2; zero++) {
			struct folder *folder;

			folder_forget(&house);
			OK(fsx_replace(path, whole, 0600, &error));
			if (zero && at + 100 > len)
				continue; /* zeros at the end are the remains of an append */
			change_byte(path, (off_t)at, zero ? '\0' : (char)(good[at] ^ 1));
			folder = opened("ivan");
			if (folder_uid_validity(folder) <= last)
				fail_msg("damage at %zu of %zu was not noticed", at, len);
			last = folder_uid_validity(folder);
			assert_string_equal(uids_of(folder), "1 2 3");
			folder_close(folder);
		}
	folder_forget(&house);
	assert_int_equal(unlink(path), 0);
	{
		struct folder *folder = opened("ivan");

		assert_true(folder_uid_validity(folder) > last);
		folder_close(folder);
	}
	free(good);
	free(path);
}

static void test_the_index_is_compacted(void **context)
{
	char *path = layout_mailbox(&house, "ivan", "lanpost-uids");
	struct folder *folder;
	char flags[64], *file;
	struct stat st;

	(void)context;
	deliver("ivan", text);
	folder = opened("ivan");
	file = first_file("ivan");
	for (int i = 0; i < 1500; i++) {
		char *next = xasprintf("cur/%s", file + 4);

		next[strcspn(next, ":")] = '\0';
		snprintf(flags, sizeof(flags), "%s:2,%s", next, i % 2 == 0 ? "S" : "");
		rename_foreign("ivan", file, flags);
		free(file);
		free(next);
		file = xstrdup(flags);
		folder->stamps[1].age_ms = 0;
		OK(folder_refresh(folder, &error));
		assert_int_equal(looked(folder, 1).flags, i % 2 == 0 ? FOLDER_SEEN : 0);
	}
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size < 60000);
	folder_close(folder);
	folder_forget(&house);
	folder = opened("ivan");
	assert_string_equal(uids_of(folder), "1");
	folder_close(folder);
	free(file);
	free(path);
}

/* --- other programs */

static void test_foreign_files(void **context)
{
	struct folder *folder;
	struct folder_message message;
	struct folder_status status;

	(void)context;
	put_foreign("ivan", "cur/1000.a.host:2,FS", "Subject: a\n\nText\n");
	put_foreign("ivan", "new/900.b.host", "Subject: b\n\n");
	put_foreign("ivan", "cur/no time\n100% here", "Subject: c\n\n");
	folder = opened("ivan");
	assert_string_equal(uids_of(folder), "1 2 3");
	message = looked(folder, 2);
	assert_int_equal(message.time, 1000);
	assert_int_equal(message.flags, FOLDER_FLAGGED | FOLDER_SEEN);
	assert_false(message.size_known);
	OK(folder_size(folder, &message, &error));
	assert_int_equal(message.size, 20);
	folder_status(folder, true, &status);
	assert_int_equal(status.size, 20 + 14 + 14);
	rename_foreign("ivan", "new/900.b.host", "cur/900.b.host:2,R");
	OK(folder_refresh(folder, &error));
	assert_string_equal(uids_of(folder), "1 2 3");
	assert_int_equal(looked(folder, 1).flags, FOLDER_ANSWERED);
	assert_true(looked(folder, 1).modseq > looked(folder, 2).modseq);
	folder_close(folder);
	house_stop();
	house_start();
	rename_foreign("ivan", "cur/1000.a.host:2,FS", "cur/1000.a.host:2,");
	folder = opened("ivan");
	assert_string_equal(uids_of(folder), "1 2 3");
	assert_int_equal(looked(folder, 2).flags, 0);
	assert_true(looked(folder, 2).modseq > looked(folder, 1).modseq);
	folder_close(folder);
}

/* Such as those of damaged archives: before 1970, and far beyond the last day. */
static void test_foreign_files_with_odd_times(void **context)
{
	static const struct timespec before_1970[] = {{-5, 0}, {-5, 0}};
	char *path = layout_mailbox(&house, "ivan", "cur/b");
	struct folder *folder;
	uint32_t validity;

	(void)context;
	put_foreign("ivan", "cur/9223372036854775807.a.host:2,", "Subject: a\n\n");
	put_foreign("ivan", "cur/b", "Subject: b\n\n");
	OK(utimensat(AT_FDCWD, path, before_1970, 0));
	free(path);
	folder = opened("ivan");
	validity = folder_uid_validity(folder);
	assert_int_equal(looked(folder, 1).time, 0);
	assert_true(looked(folder, 2).time > 1LL << 40);
	folder_close(folder);
	house_stop();
	house_start();
	folder = opened("ivan");
	assert_int_equal(folder_uid_validity(folder), validity);
	assert_string_equal(uids_of(folder), "1 2");
	folder_close(folder);
}

/* What is remembered of it is corrected by every way on which flags change. */
static void test_the_first_unseen_message(void **context)
{
	struct folder *folder;
	uint32_t uids[] = {1, 2, 3}, *left;
	size_t count;

	(void)context;
	OK(mailbox_make(&house, "ivan", &error));
	folder = opened("ivan");
	assert_int_equal(folder_first_unseen(folder), 0);
	for (int i = 0; i < 3; i++)
		deliver("ivan", text);
	OK(folder_refresh(folder, &error));
	assert_int_equal(folder_uid_next(folder), 4);
	assert_int_equal(folder_first_unseen(folder), 1);
	OK(folder_store(folder, uids, 3, FOLDER_ADD, FOLDER_SEEN, UINT64_MAX, &left, &count, &error));
	assert_int_equal(folder_first_unseen(folder), 0);
	deliver("ivan", text);
	OK(folder_refresh(folder, &error));
	assert_int_equal(folder_first_unseen(folder), 4);
	OK(folder_store(folder, uids + 1, 1, FOLDER_TAKE, FOLDER_SEEN, UINT64_MAX, &left, &count, &error));
	assert_int_equal(folder_first_unseen(folder), 2);
	OK(folder_expunge(folder, uids + 1, 1, &error));
	assert_int_equal(folder_first_unseen(folder), 4);
	assert_string_equal(uids_of(folder), "1 3 4");
	put_foreign("ivan", "cur/1000.a.host:2,S", "Subject: a\n\n");
	OK(folder_refresh(folder, &error));
	OK(folder_store(folder, (uint32_t[]){4}, 1, FOLDER_ADD, FOLDER_SEEN, UINT64_MAX, &left, &count, &error));
	assert_int_equal(folder_first_unseen(folder), 0);
	rename_foreign("ivan", "cur/1000.a.host:2,S", "cur/1000.a.host:2,");
	OK(folder_refresh(folder, &error));
	assert_int_equal(folder_first_unseen(folder), 5);
	folder_close(folder);
}

/* A file is read although it was renamed after the last look. */
static void test_a_renamed_file_is_read(void **context)
{
	struct folder *folder;
	struct slice bytes;

	(void)context;
	put_foreign("ivan", "new/900.b.host", "Subject: b\n\n");
	folder = opened("ivan");
	rename_foreign("ivan", "new/900.b.host", "cur/900.b.host:2,R");
	OK(folder_read(folder, 1, &bytes, NULL, &error));
	fsx_unmap(bytes);
	rename_foreign("ivan", "cur/900.b.host:2,R", "other");
	assert_int_equal(folder_read(folder, 1, &bytes, NULL, &error), -1);
	OK(folder_refresh(folder, &error));
	assert_string_equal(uids_of(folder), "");
	folder_close(folder);
}

/* A change in the same tick of the clock as the last look has the same mtime, and is seen. */
static void test_a_change_in_one_tick_is_seen(void **context)
{
	struct folder *folder;

	(void)context;
	OK(mailbox_make(&house, "ivan", &error));
	folder = opened("ivan");
	for (int i = 0; i < 300; i++) {
		char name[64];
		uint32_t *uids;

		snprintf(name, sizeof(name), "cur/%d.x.host", 1000 + i);
		put_foreign("ivan", name, "Subject: x\n\n");
		OK(folder_refresh(folder, &error));
		assert_int_equal(folder_uids(folder, &uids), i + 1);
		free(uids);
	}
	folder_close(folder);
}

/* --- the disk */

static atomic_int failing;
static const char *failing_at;

static int fail_some(const char *what, const char *path, const char *to)
{
	(void)to;
	if (failing == 0 || strcmp(what, failing_at) != 0 || strstr(path, "lanpost-uids") == NULL)
		return 0;
	failing--;
	errno = EIO;
	return -1;
}

/* UIDs that could not be made durable are not given to clients; the next attempt writes the index anew. */
static void test_uids_wait_until_they_are_durable(void **context)
{
	struct folder *folder;
	uint32_t validity;

	(void)context;
	deliver("ivan", text);
	folder = opened("ivan");
	validity = folder_uid_validity(folder);
	for (int round = 0; round < 2; round++) {
		failing_at = round == 0 ? "fdatasync" : "write";
		failing = 1;
		fsx_hook = fail_some;
		deliver("ivan", text);
		assert_int_equal(folder_refresh(folder, &error), -1);
		assert_string_equal(uids_of(folder), round == 0 ? "1" : "1 2");
		OK(folder_refresh(folder, &error));
		fsx_hook = NULL;
		assert_string_equal(uids_of(folder), round == 0 ? "1 2" : "1 2 3");
	}
	folder_close(folder);
	folder_forget(&house);
	folder = opened("ivan");
	assert_string_equal(uids_of(folder), "1 2 3");
	assert_int_equal(folder_uid_validity(folder), validity);
	folder_close(folder);
}

/* --- append, keywords, names */

static void append_body(struct folder_append *message, const struct folder_append *before, const char *bytes)
{
	struct folder_append begun;

	folder_append_begin(&begun, &house, before);
	message->id = begun.id;
	message->body = begun.body;
	OK(body_append(&message->body, slice_of(bytes), &message->id, &error));
	OK(body_finish(&message->body, &error));
}

static void test_append(void **context)
{
	struct folder_append messages[3] = {{.flags = FOLDER_SEEN, .time = 1000000000}, {.time = 900000000}, {.flags = FOLDER_DRAFT | FOLDER_FLAGGED}};
	uint32_t uids[3], validity;
	struct folder *folder;
	int64_t now = clock_wall();
	const char *names[FOLDER_KEYWORDS_MAX];

	(void)context;
	strlist_add(&messages[2].keywords, "$Work");
	for (size_t i = 0; i < 3; i++)
		append_body(&messages[i], i == 0 ? NULL : &messages[i - 1], text);
	assert_int_equal(folder_append(&house, "ivan/Drafts", messages, 3, "s1", uids, &validity, &error), -1);
	for (size_t i = 0; i < 3; i++)
		body_clear(&messages[i].body, false);
	OK(folder_create(&house, "ivan/Drafts", &error));
	for (size_t i = 0; i < 3; i++)
		append_body(&messages[i], i == 0 ? NULL : &messages[i - 1], text);
	OK(folder_append(&house, "ivan/Drafts", messages, 3, "s1", uids, &validity, &error));
	folder = opened("ivan/Drafts");
	assert_int_equal(validity, folder_uid_validity(folder));
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(uids[i], i + 1);
	assert_int_equal(looked(folder, 1).flags, FOLDER_SEEN);
	assert_int_equal(looked(folder, 1).time, 1000000000);
	assert_int_equal(looked(folder, 2).time, 900000000);
	assert_int_equal(looked(folder, 3).flags, FOLDER_DRAFT | FOLDER_FLAGGED | 1 << FOLDER_KEYWORD_BIT);
	assert_in_range(looked(folder, 3).time, now, now + 10);
	assert_int_equal(folder_keywords(folder, names), 1);
	assert_string_equal(names[0], "$Work");
	assert_int_equal(folder_keyword(folder, "$work", false), 1 << FOLDER_KEYWORD_BIT);
	assert_int_equal(folder_keyword(folder, "$FORWARDED", false), FOLDER_FORWARDED);
	assert_int_equal(folder_keyword(folder, "other", false), 0);
	folder_close(folder);
	strlist_clear(&messages[2].keywords);
}

static void test_keywords(void **context)
{
	struct folder *folder;
	const char *names[FOLDER_KEYWORDS_MAX];

	(void)context;
	put_foreign("ivan", "dovecot-keywords", "0 $Label1\n3 work\nx bad\n99 no\n1 not a keyword\n");
	folder = opened("ivan");
	assert_int_equal(folder_keywords(folder, names), 4);
	assert_string_equal(names[0], "$Label1");
	assert_string_equal(names[1], "");
	assert_string_equal(names[3], "work");
	for (int i = 0; i < 24; i++) {
		char name[16];

		snprintf(name, sizeof(name), "k%d", i);
		assert_int_not_equal(folder_keyword(folder, name, true), 0);
	}
	assert_int_equal(folder_keyword(folder, "one-more", true), 0);
	assert_int_equal(folder_keyword(folder, "a(b", true), 0);
	folder_close(folder);
	folder_forget(&house);
	folder = opened("ivan");
	assert_int_equal(folder_keyword(folder, "K23", false), 1u << (FOLDER_KEYWORD_BIT + 25));
	assert_int_equal(folder_keyword(folder, "k0", false), 1u << (FOLDER_KEYWORD_BIT + 1));
	folder_close(folder);
}

static void test_letters_of_flags(void **context)
{
	char letters[MAILDIR_LETTERS_MAX];

	(void)context;
	assert_string_equal(maildir_flags_letters(UINT32_MAX, letters), "DFPRSTabcdefghijklmnopqrstuvwxyz");
	assert_int_equal(maildir_flags_of("x:2,DFPRSTabcdefghijklmnopqrstuvwxyz"), UINT32_MAX);
	assert_int_equal(maildir_flags_of("x:2,S,S=5"), FOLDER_SEEN);
	assert_int_equal(maildir_flags_of("x"), 0);
	assert_true(maildir_flags_are(slice_of("SaF")));
	assert_false(maildir_flags_are(slice_of("S/")));
}

static void test_names(void **context)
{
	struct strlist names = {0};

	(void)context;
	OK(folder_names(&house, "ivan", &names, &error));
	assert_int_equal(names.count, 0);
	deliver("ivan/Счета/2026", text);
	OK(folder_create(&house, "ivan/B", &error));
	assert_int_equal(folder_create(&house, "ivan/B", &error), -1);
	assert_int_equal(error.class, ERROR_PERMANENT);
	put_foreign("ivan", ".not-a-folder", "");
	OK(folder_names(&house, "ivan", &names, &error));
	assert_int_equal(names.count, 2);
	assert_string_equal(names.items[0], "B");
	assert_string_equal(names.items[1], "Счета/2026");
	strlist_clear(&names);
	assert_int_equal(folder_exists(&house, "ivan", &error), 1);
	assert_int_equal(folder_exists(&house, "ivan/B", &error), 1);
	assert_int_equal(folder_exists(&house, "ivan/C", &error), 0);
	OK(folder_subscriptions(&house, "ivan", &names, &error));
	assert_int_equal(names.count, 1); /* a delivery that makes a folder subscribes to it */
	assert_string_equal(names.items[0], "Счета/2026");
	strlist_clear(&names);
	OK(folder_subscribe(&house, "ivan", "B", true, &error));
	OK(folder_subscribe(&house, "ivan", "INBOX", true, &error));
	OK(folder_subscribe(&house, "ivan", "Счета/2026", false, &error));
	OK(folder_subscriptions(&house, "ivan", &names, &error));
	assert_int_equal(names.count, 2);
	strlist_clear(&names);
	put_foreign("ivan", "subscriptions", "Old.Style\nINBOX\ninbox\nOld.Style\n");
	OK(folder_subscriptions(&house, "ivan", &names, &error));
	assert_int_equal(names.count, 2);
	assert_string_equal(names.items[0], "Old/Style");
	assert_string_equal(names.items[1], "INBOX");
	strlist_clear(&names);
}

/* A file of that many is read whole, and not by comparing each with all others; one more would be forgotten. */
static void test_subscriptions_have_a_limit(void **context)
{
	struct buf lines = BUF_INIT(1u << 20);
	struct strlist names = {0};

	(void)context;
	for (int i = 0; i < FOLDERS_MAX; i++)
		buf_printf(&lines, "f%d\n", i);
	OK(folder_subscribe(&house, "ivan", "A", true, &error));
	put_foreign("ivan", "subscriptions", buf_text(&lines));
	assert_int_equal(folder_subscribe(&house, "ivan", "A", true, &error), -1);
	assert_int_equal(error.class, ERROR_LIMIT);
	OK(folder_subscribe(&house, "ivan", "f0", true, &error)); /* is there */
	OK(folder_subscribe(&house, "ivan", "f0", false, &error));
	OK(folder_subscribe(&house, "ivan", "A", true, &error));
	OK(folder_subscriptions(&house, "ivan", &names, &error));
	assert_int_equal(names.count, FOLDERS_MAX);
	assert_string_equal(names.items[FOLDERS_MAX - 1], "A");
	strlist_clear(&names);
	buf_clear(&lines);
}

static void test_a_user_counts_with_all_folders(void **context)
{
	struct strlist names = {0};
	uint64_t bytes;
	size_t messages;

	(void)context;
	deliver("ivan", text);
	deliver("ivan/A", text);
	deliver("ivan/A/B", text);
	OK(mailbox_bytes(&house, "ivan", &bytes, &messages, &error));
	assert_int_equal(messages, 3);
	assert_int_equal(bytes, 3 * strlen(text));
	OK(mailbox_bytes(&house, "ivan/A", &bytes, &messages, &error));
	assert_int_equal(messages, 1);
	OK(mailbox_names(&house, "ivan", &names, &error));
	assert_int_equal(names.count, 3);
	assert_string_equal(names.items[2], "ivan/A/B");
	strlist_clear(&names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_uids_in_the_order_of_arrival),
	    HOUSE_TEST(test_uids_survive_a_restart),
	    HOUSE_TEST(test_a_torn_end_is_dropped),
	    HOUSE_TEST(test_damage_gives_a_new_uidvalidity),
	    HOUSE_TEST(test_the_index_is_compacted),
	    HOUSE_TEST(test_foreign_files),
	    HOUSE_TEST(test_foreign_files_with_odd_times),
	    HOUSE_TEST(test_the_first_unseen_message),
	    HOUSE_TEST(test_a_renamed_file_is_read),
	    HOUSE_TEST(test_a_change_in_one_tick_is_seen),
	    HOUSE_TEST(test_uids_wait_until_they_are_durable),
	    HOUSE_TEST(test_append),
	    HOUSE_TEST(test_keywords),
	    cmocka_unit_test(test_letters_of_flags),
	    HOUSE_TEST(test_names),
	    HOUSE_TEST(test_subscriptions_have_a_limit),
	    HOUSE_TEST(test_a_user_counts_with_all_folders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
