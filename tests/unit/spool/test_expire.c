/* Old mail goes, durably and only it; what is to be kept is in the archive first. */
#include "base/clock.h"
#include "message/msgid.h"
#include "spool/layout.h"
#include "spool/log/intake_priv.h"
#include "spool/mailbox/mail_archive.h"
#include "spool/maintenance/expire.h"
#include "spool/storage/mailbox.h"
#include "tests/unit/sample_state.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIMIT 1700000000 /* 2023-11-14 */

static const struct expire_what old = {.mailbox = "ivan", .before = LIMIT}, stayed = {.mailbox = "ivan", .before = LIMIT, .by_stay = true};

static int set_up_intake(void **context)
{
	struct intake_options options = {.spool = &spool, .hostname = "gw.test", .writer = "unit", .checkpoint_ms = 3600 * 1000};
	struct error error;

	if (set_up_state(context) != 0)
		return -1;
	options.state = spool.state;
	return intake_open(&spool.intake, &options, NULL, &error);
}

static int tear_down_intake(void **context)
{
	struct error error;

	return intake_close(spool.intake, &error) != 0 ? -1 : tear_down_state(context);
}

static void put_named(int64_t time, const char *id, const char *text)
{
	struct slice part = slice_of(text);
	struct error error;
	char *name = xasprintf("%lld.%s.pc", (long long)time, id), *mailbox, *path;

	assert_int_equal(mailbox_make(&spool, "ivan", &error), 0);
	mailbox = layout_mailbox(&spool, "ivan", "cur");
	path = xasprintf("%s/%s:2,S", mailbox, name);
	assert_int_equal(fsx_create(path, &part, 1, 0600, &error), 0);
	free(path);
	free(mailbox);
	free(name);
}

/* A file of another program: its time of arrival is in its name. */
static void put(int64_t time, const char *text)
{
	put_named(time, "M1P1", text);
}

static size_t count(void)
{
	struct error error;
	size_t messages;

	assert_int_equal(mailbox_bytes(&spool, "ivan", NULL, &messages, &error), 0);
	return messages;
}

static char *archived(const char *month, const char *name)
{
	return xasprintf("%s/archive/ivan/%s/cur/%s:2,S", folder, month, name);
}

static void test_older_goes_younger_stays(void **context)
{
	struct expired expired;
	struct error error;

	(void)context;
	put(LIMIT - 1, "old\r\n");
	put(LIMIT, "young\r\n");
	assert_int_equal(expire_mailbox(&spool, &old, NULL, &expired, &error), 0);
	assert_int_equal(expired.messages, 1);
	assert_int_equal(expired.bytes, 5);
	assert_int_equal(count(), 1);
	assert_int_equal(expire_mailbox(&spool, &old, NULL, &expired, &error), 0);
	assert_int_equal(expired.messages, 0);
}

static void test_a_file_without_a_time_stays_until_it_is_old(void **context)
{
	struct expire_what all = {.mailbox = "ivan", .before = clock_wall() + 60};
	struct expired expired;
	struct error error;

	(void)context;
	put(0, "whenever\r\n");
	assert_int_equal(expire_mailbox(&spool, &old, NULL, &expired, &error), 0);
	assert_int_equal(expired.messages, 0);
	assert_int_equal(expire_mailbox(&spool, &all, NULL, &expired, &error), 0);
	assert_int_equal(expired.messages, 1);
}

/* An old message that was moved here a moment ago: ours, and one of another program. */
static void test_what_was_moved_here_lately_stays(void **context)
{
	struct msgid before = msgid_floor(LIMIT - 1), after = msgid_floor(LIMIT);
	char *moved_before = xasprintf("%s.%s", before.text, before.text), *moved_after = xasprintf("%s.%s", after.text, before.text);
	char *foreign_before = xasprintf("L%s", moved_before), *foreign_after = xasprintf("L%s", moved_after);
	struct expired expired;
	struct error error;

	(void)context;
	put_named(LIMIT - 1000, moved_before, "gone\r\n");
	put_named(LIMIT - 1000, moved_after, "young here\r\n");
	put_named(LIMIT - 1001, foreign_before, "gone\r\n");
	put_named(LIMIT - 1001, foreign_after, "young here\r\n");
	put_named(LIMIT, before.text, "young\r\n");
	assert_int_equal(expire_mailbox(&spool, &stayed, NULL, &expired, &error), 0);
	assert_int_equal(expired.messages, 2);
	assert_int_equal(count(), 3);
	assert_int_equal(expire_mailbox(&spool, &old, NULL, &expired, &error), 0);
	assert_int_equal(count(), 1);
	free(foreign_after);
	free(foreign_before);
	free(moved_after);
	free(moved_before);
}

static int keep_fails(void *context, const struct mailbox_message *message, struct error *error)
{
	(void)context;
	(void)message;
	return error_set(error, ERROR_IO, "no");
}

static int sync_fails(void *context, struct error *error)
{
	(void)context;
	return error_set(error, ERROR_IO, "no");
}

static int keep_works(void *context, const struct mailbox_message *message, struct error *error)
{
	(void)context;
	(void)message;
	(void)error;
	return 0;
}

static void test_what_cannot_be_kept_stays(void **context)
{
	const struct expire_keeper no_copy = {keep_fails, sync_fails, NULL}, no_sync = {keep_works, sync_fails, NULL};
	struct expired expired;
	struct error error;

	(void)context;
	put(LIMIT - 1, "old\r\n");
	assert_int_equal(expire_mailbox(&spool, &old, &no_copy, &expired, &error), -1);
	assert_int_equal(expire_mailbox(&spool, &old, &no_sync, &expired, &error), -1);
	assert_int_equal(count(), 1);
}

static void test_the_archive_has_it_by_month(void **context)
{
	struct expired expired;
	struct error error;
	char *path = archived("2023-11", "1699999000.M1P1.pc"), *text;
	size_t len;

	(void)context;
	put(1699999000, "From the past\nto the archive\n");
	assert_int_equal(expire_to_archive(&spool, &old, &expired, &error), 0);
	assert_int_equal(count(), 0);
	assert_int_equal(fsx_read(path, 1000, &text, &len, &error), 0);
	assert_string_equal(text, "From the past\nto the archive\n");
	free(text);
	free(path);
}

/* A copy of an attempt whose sync failed is written again, for its bytes may be lost. */
static void test_an_older_copy_is_written_again(void **context)
{
	struct expired expired;
	struct error error;
	struct slice lost = SLICE_LITERAL("lost");
	char *path = archived("2023-11", "1699999000.M1P1.pc"), *cur = xasprintf("%s/archive/ivan/2023-11/cur", folder), *text;
	size_t len;

	(void)context;
	put(1699999000, "whole\r\n");
	assert_int_equal(fsx_make_dirs(cur, &error), 0);
	assert_int_equal(fsx_create(path, &lost, 1, 0600, &error), 0);
	assert_int_equal(expire_to_archive(&spool, &old, &expired, &error), 0);
	assert_int_equal(fsx_read(path, 1000, &text, &len, &error), 0);
	assert_string_equal(text, "whole\r\n");
	free(text);
	free(cur);
	free(path);
}

/* mboxrd: each "From " at the beginning of a line gets one ">" more, so that it can be taken away again. */
static void test_mbox_can_be_undone(void **context)
{
	struct mailbox_list list;
	struct error error;
	char *path = xasprintf("%s/mbox", folder), *text;
	size_t len;
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);

	(void)context;
	put(86400, "Subject: x\r\n\r\nFrom here\r\n>From there\r\n From\r\nno end");
	assert_int_equal(mailbox_list(&spool, "ivan", &list, &error), 0);
	assert_int_equal(mail_archive_append(fd, path, &spool, "ivan", &list.items[0], &error), 0);
	assert_int_equal(close(fd), 0);
	mailbox_list_clear(&list);
	assert_int_equal(fsx_read(path, 1000, &text, &len, &error), 0);
	assert_string_equal(text, "From MAILER-DAEMON Fri Jan  2 00:00:00 1970\n"
				  "Subject: x\n\n>From here\n>>From there\n From\nno end\n\n");
	free(text);
	free(path);
}

#define INTAKE_TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up_intake, tear_down_intake)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    INTAKE_TEST(test_older_goes_younger_stays),
	    INTAKE_TEST(test_a_file_without_a_time_stays_until_it_is_old),
	    INTAKE_TEST(test_what_was_moved_here_lately_stays),
	    INTAKE_TEST(test_what_cannot_be_kept_stays),
	    INTAKE_TEST(test_the_archive_has_it_by_month),
	    INTAKE_TEST(test_an_older_copy_is_written_again),
	    INTAKE_TEST(test_mbox_can_be_undone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
