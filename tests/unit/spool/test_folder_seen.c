/* \Seen of the members of a shared mailbox: each their own, in a file of their own, through restarts, damage and compaction. */
#include "tests/unit/sample_folder.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>

static const char text[] = "Subject: x\r\n\r\nText.\r\n";

static struct folder *opened_as(const char *mailbox, const char *person)
{
	struct folder *folder;

	OK(folder_open_shared(&folder, &house, mailbox, person, &error));
	return folder;
}

static void mark(struct folder *folder, uint32_t uid, enum folder_change change, uint32_t flags)
{
	uint32_t *left;
	size_t count;

	OK(folder_store(folder, &uid, 1, change, flags, UINT64_MAX, &left, &count, &error));
	assert_int_equal(count, 0);
	free(left);
}

static bool is_seen(struct folder *folder, uint32_t uid)
{
	return looked(folder, uid).flags & FOLDER_SEEN;
}

static uint32_t unseen(struct folder *folder)
{
	struct folder_status status;

	folder_status(folder, false, &status);
	return status.unseen;
}

static char *file_of(const char *person)
{
	char *file = folder_seen_file(person), *path = layout_mailbox(&house, "info", file);

	free(file);
	return path;
}

static void deliver_all(int count)
{
	for (int i = 0; i < count; i++)
		deliver("info", text);
}

static void each_has_their_own(void **context)
{
	struct folder *ivan, *phone, *olga, *common;
	uint32_t uid = 1, *left;
	uint64_t modseq;
	size_t count;

	(void)context;
	deliver_all(3);
	ivan = opened_as("info", "ivan");
	phone = opened_as("info", "ivan");
	olga = opened_as("info", "olga");
	common = opened("info");
	modseq = folder_modseq(olga);
	mark(ivan, 1, FOLDER_ADD, FOLDER_SEEN);
	assert_true(is_seen(ivan, 1) && is_seen(phone, 1) && !is_seen(olga, 1) && !is_seen(common, 1));
	assert_int_equal(unseen(ivan), 2);
	assert_int_equal(unseen(olga), 3);
	assert_true(folder_first_unseen(ivan) == 2 && folder_first_unseen(olga) == 1 && folder_first_unseen(common) == 1);
	assert_true(looked(phone, 1).modseq > modseq && folder_modseq(phone) >= looked(phone, 1).modseq);
	assert_true(looked(olga, 1).modseq <= modseq);
	/* What has changed since for this person is left alone. */
	OK(folder_store(ivan, &uid, 1, FOLDER_TAKE, FOLDER_SEEN, modseq, &left, &count, &error));
	assert_int_equal(count, 1);
	free(left);
	OK(folder_store(olga, &uid, 1, FOLDER_ADD, FOLDER_SEEN | FOLDER_FLAGGED, modseq, &left, &count, &error));
	assert_int_equal(count, 0);
	free(left);
	assert_true(looked(ivan, 1).flags == (FOLDER_SEEN | FOLDER_FLAGGED) && looked(common, 1).flags == FOLDER_FLAGGED);
	mark(ivan, 1, FOLDER_SET, 0);
	assert_true(looked(ivan, 1).flags == 0 && looked(olga, 1).flags == FOLDER_SEEN);
	folder_close(ivan);
	folder_close(phone);
	folder_close(olga);
	folder_close(common);
}

static void what_others_have_marked_holds_for_all(void **context)
{
	struct folder *ivan, *olga;

	(void)context;
	put_foreign("info", "cur/1.foreign:2,S", text);
	ivan = opened_as("info", "ivan");
	olga = opened_as("info", "olga");
	assert_true(is_seen(ivan, 1) && is_seen(olga, 1));
	mark(olga, 1, FOLDER_TAKE, FOLDER_SEEN);
	mark(ivan, 1, FOLDER_ADD, FOLDER_ANSWERED);
	assert_true(is_seen(ivan, 1) && !is_seen(olga, 1));
	rename_foreign("info", "cur/1.foreign:2,RS", "cur/1.foreign:2,R");
	folder_scan_again(ivan->common);
	OK(folder_refresh(ivan, &error));
	assert_true(!is_seen(ivan, 1) && !is_seen(olga, 1));
	folder_close(ivan);
	folder_close(olga);
}

static void it_stays_with_a_new_uidvalidity(void **context)
{
	struct folder *ivan;
	uint32_t validity;

	(void)context;
	deliver_all(3);
	ivan = opened_as("info", "ivan");
	validity = folder_uid_validity(ivan);
	mark(ivan, 2, FOLDER_ADD, FOLDER_SEEN);
	for (int i = 0; i < 100; i++) /* a high modification sequence */
		mark(ivan, 3, i % 2 == 0 ? FOLDER_ADD : FOLDER_TAKE, FOLDER_SEEN);
	folder_close(ivan);
	folder_forget(&house);
	OK(folder_reset_uids(&house, &error));
	ivan = opened_as("info", "ivan");
	assert_true(folder_uid_validity(ivan) > validity);
	assert_true(!is_seen(ivan, 1) && is_seen(ivan, 2) && !is_seen(ivan, 3));
	assert_true(looked(ivan, 3).modseq <= folder_modseq(ivan));
	folder_close(ivan);
}

static off_t size_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

static void the_file_stays_small(void **context)
{
	char *path = file_of("ivan");
	struct folder *ivan;
	uint32_t *uids;
	size_t count;

	(void)context;
	deliver_all(4);
	ivan = opened_as("info", "ivan");
	for (int i = 0; i < 1600; i++)
		mark(ivan, 1 + (uint32_t)i % 3, i / 3 % 2 == 0 ? FOLDER_ADD : FOLDER_TAKE, FOLDER_SEEN);
	assert_true(size_of(path) < 1200 * 100);
	mark(ivan, 4, FOLDER_ADD, FOLDER_SEEN);
	count = folder_uids(ivan, &uids);
	OK(folder_expunge(ivan, uids, 3, &error));
	free(uids);
	assert_int_equal(count, 4);
	for (int i = 0; i < 1000; i++)
		mark(ivan, 4, i % 2 == 0 ? FOLDER_TAKE : FOLDER_ADD, FOLDER_SEEN);
	folder_close(ivan);
	folder_forget(&house);
	ivan = opened_as("info", "ivan");
	assert_true(is_seen(ivan, 4));
	folder_close(ivan);
	free(path);
}

static void change_file(const char *person, void (*change)(struct buf *file))
{
	char *path = file_of(person), *bytes;
	struct buf all = BUF_INIT(1 << 20);
	size_t len;

	folder_forget(&house);
	OK(fsx_read(path, 1 << 20, &bytes, &len, &error));
	buf_append(&all, bytes, len);
	change(&all);
	OK(fsx_replace(path, buf_slice(&all), 0600, &error));
	buf_clear(&all);
	free(bytes);
	free(path);
}

static void cut_off(struct buf *file)
{
	file->len -= 5;
}

/* In the second batch. */
static void flip(struct buf *file)
{
	char *second = memmem(file->ptr, file->len, "\n= ", 3);

	second = memchr(second + 1, '\n', 30) + 1;
	*second = *second == 'S' ? 'U' : 'S';
}

static void damage_costs_its_batch_only(void **context)
{
	struct folder *ivan;

	(void)context;
	deliver_all(3);
	ivan = opened_as("info", "ivan");
	for (uint32_t uid = 1; uid <= 3; uid++)
		mark(ivan, uid, FOLDER_ADD, FOLDER_SEEN);
	folder_close(ivan);
	change_file("ivan", flip);
	ivan = opened_as("info", "ivan");
	assert_true(is_seen(ivan, 1) && !is_seen(ivan, 2) && is_seen(ivan, 3));
	mark(ivan, 2, FOLDER_ADD, FOLDER_SEEN); /* writes the whole file */
	mark(ivan, 1, FOLDER_TAKE, FOLDER_SEEN);
	folder_close(ivan);
	change_file("ivan", cut_off); /* the last batch was not acknowledged */
	ivan = opened_as("info", "ivan");
	assert_true(is_seen(ivan, 1) && is_seen(ivan, 2) && is_seen(ivan, 3));
	mark(ivan, 3, FOLDER_TAKE, FOLDER_SEEN);
	folder_close(ivan);
	folder_forget(&house);
	ivan = opened_as("info", "ivan");
	assert_true(is_seen(ivan, 1) && is_seen(ivan, 2) && !is_seen(ivan, 3));
	folder_close(ivan);
}

static int fail_sync(const char *what, const char *path, const char *to)
{
	(void)to;
	errno = EIO;
	return strcmp(what, "fdatasync") == 0 && strstr(path, ".seen") != NULL ? -1 : 0;
}

static void what_cannot_be_kept_is_refused(void **context)
{
	struct folder *ivan, *own;
	uint32_t uid = 1, *left, there, validity;
	size_t count;

	(void)context;
	deliver_all(1);
	deliver("ivan", text);
	ivan = opened_as("info", "ivan");
	mark(ivan, 1, FOLDER_ADD, FOLDER_SEEN);
	own = opened("ivan");
	mark(own, 1, FOLDER_ADD, FOLDER_SEEN);
	fsx_hook = fail_sync;
	assert_int_equal(folder_store(ivan, &uid, 1, FOLDER_TAKE, FOLDER_SEEN, UINT64_MAX, &left, &count, &error), -1);
	assert_true(is_seen(ivan, 1));
	assert_int_equal(folder_move(own, &uid, 1, "info", &there, &validity, &error), -1);
	fsx_hook = NULL;
	free(left);
	assert_string_equal(uids_of(own), "1");
	mark(ivan, 1, FOLDER_TAKE, FOLDER_SEEN);
	OK(folder_move(own, &uid, 1, "info", &there, &validity, &error));
	assert_true(!is_seen(ivan, 1) && is_seen(ivan, there));
	folder_close(own);
	folder_close(ivan);
	folder_forget(&house);
	ivan = opened_as("info", "ivan");
	assert_true(!is_seen(ivan, 1) && is_seen(ivan, there));
	folder_close(ivan);
}

static bool is_woken(int fd)
{
	struct pollfd polled = {.fd = fd, .events = POLLIN};
	uint64_t count;
	bool woken = poll(&polled, 1, 0) == 1;

	while (read(fd, &count, sizeof(count)) == sizeof(count))
		;
	return woken;
}

static void only_the_persons_sessions_are_woken(void **context)
{
	struct folder *ivan, *phone, *olga;
	int at_phone = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), at_olga = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	(void)context;
	deliver_all(1);
	ivan = opened_as("info", "ivan");
	phone = opened_as("info", "ivan");
	olga = opened_as("info", "olga");
	OK(folder_watch(phone, at_phone, &error));
	OK(folder_watch(olga, at_olga, &error));
	mark(ivan, 1, FOLDER_ADD, FOLDER_SEEN);
	assert_true(is_woken(at_phone) && !is_woken(at_olga));
	folder_unwatch(phone, at_phone);
	folder_unwatch(olga, at_olga);
	folder_close(ivan);
	folder_close(phone);
	folder_close(olga);
	close(at_phone);
	close(at_olga);
}

static void people_are_those_with_marks(void **context)
{
	struct strlist people = {NULL, 0};
	struct folder *ivan, *olga;

	(void)context;
	deliver_all(1);
	ivan = opened_as("info", "ivan");
	olga = opened_as("info", "olga");
	mark(ivan, 1, FOLDER_ADD, FOLDER_SEEN);
	folder_close(ivan);
	folder_close(olga);
	OK(folder_people(&house, "info", &people, &error));
	assert_int_equal(people.count, 1);
	assert_string_equal(people.items[0], "ivan");
	strlist_clear(&people);
	OK(folder_people(&house, "nobody", &people, &error));
	assert_int_equal(people.count, 0);
}

static void add_names(struct strlist *names, const char *first, const char *second)
{
	strlist_clear(names);
	strlist_add(names, first);
	if (second != NULL)
		strlist_add(names, second);
}

static void new_folders_are_subscribed_once(void **context)
{
	struct strlist names = {NULL, 0}, subscribed = {NULL, 0};

	(void)context;
	OK(mailbox_make(&house, "ivan", &error));
	OK(folder_subscribe(&house, "ivan", "Sent", true, &error));
	add_names(&names, "Shared/info", "Shared/info/Счета");
	OK(folder_subscribe_new(&house, "ivan", &names, &error));
	OK(folder_subscribe(&house, "ivan", "Shared/info", false, &error));
	OK(folder_subscribe_new(&house, "ivan", &names, &error));
	OK(folder_subscriptions(&house, "ivan", &subscribed, &error));
	assert_int_equal(subscribed.count, 2); /* it stays as the user wants it */
	assert_string_equal(subscribed.items[1], "Shared/info/Счета");
	add_names(&names, "Shared/info", "Shared/info/Old");
	OK(folder_subscribe_new(&house, "ivan", &names, &error));
	strlist_clear(&subscribed);
	OK(folder_subscriptions(&house, "ivan", &subscribed, &error));
	assert_int_equal(subscribed.count, 3);
	assert_string_equal(subscribed.items[2], "Shared/info/Old");
	strlist_clear(&subscribed);
	strlist_clear(&names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(each_has_their_own),
	    HOUSE_TEST(what_others_have_marked_holds_for_all),
	    HOUSE_TEST(it_stays_with_a_new_uidvalidity),
	    HOUSE_TEST(the_file_stays_small),
	    HOUSE_TEST(damage_costs_its_batch_only),
	    HOUSE_TEST(what_cannot_be_kept_is_refused),
	    HOUSE_TEST(only_the_persons_sessions_are_woken),
	    HOUSE_TEST(people_are_those_with_marks),
	    HOUSE_TEST(new_folders_are_subscribed_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
