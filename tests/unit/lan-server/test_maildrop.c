/* A mailbox as a POP3 session sees it, on a real spool. */
#include "lan-server/pop3/maildrop.h"

#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/log.h"
#include "tests/unit/remove_tree.h"
#include "spool/storage/mailbox.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/lanpost-drop-XXXXXX";
static struct spool spool = {.folder = folder};
static struct maildrop_locks *locks;

static void deliver(const char *text)
{
	struct envelope envelope;
	struct error error;
	struct body body;

	envelope_init(&envelope);
	envelope_add(&envelope, PLACE_MAILBOX, slice_of("ivan"), slice_of("test"));
	body_init(&body, &spool);
	assert_int_equal(body_append(&body, slice_of(text), &envelope.id, &error), 0);
	assert_int_equal(body_finish(&body, &error), 0);
	assert_int_equal(intake_accept(spool.intake, &envelope, &body, NULL, 0, &error), 0);
}

static int open_spool(void **state)
{
	struct intake_options options = {.hostname = "gw", .writer = "test"};
	struct error error;

	(void)state;
	log_start(&(struct log_settings){.level = LOG_LEVEL_ERROR}, "test");
	if (mkdtemp(folder) == NULL || state_open(&spool.state, &spool, NULL, &error) != 0)
		return -1;
	options.spool = &spool;
	options.state = spool.state;
	locks = maildrop_locks_new();
	return intake_open(&spool.intake, &options, NULL, &error);
}

static int close_spool(void **state)
{
	struct error error;
	int result;

	(void)state;
	result = intake_close(spool.intake, &error);
	state_close(spool.state);
	maildrop_locks_free(locks);
	return result | remove_tree(folder);
}

/* Adjacent entries belong to two sessions. */
static struct maildrop make_drop(void)
{
	static _Atomic int64_t heard[2];
	static int turn;

	turn = 1 - turn;
	return (struct maildrop){.locks = locks, .spool = &spool, .heard = &heard[turn], .session = "test"};
}

static void test_a_mailbox_nobody_wrote_to_is_empty(void **state)
{
	struct maildrop drop = make_drop();
	struct mailbox_list list;
	struct error error;

	(void)state;
	assert_int_equal(maildrop_open(&drop, "anna", &list, &error), MAILDROP_OPEN);
	assert_int_equal(list.count, 0);
	mailbox_list_clear(&list);
	maildrop_close(&drop);
	maildrop_close(&drop);
}

static void test_one_session_a_mailbox(void **state)
{
	struct maildrop first = make_drop(), second = make_drop(), other = make_drop();
	struct mailbox_list list, nothing;
	struct error error;

	(void)state;
	assert_int_equal(maildrop_open(&first, "ivan", &list, &error), MAILDROP_OPEN);
	assert_int_equal(maildrop_open(&second, "ivan", &nothing, &error), MAILDROP_IN_USE);
	maildrop_close(&second); /* holds nothing, so it frees nothing */
	assert_int_equal(maildrop_open(&second, "ivan", &nothing, &error), MAILDROP_IN_USE);
	assert_int_equal(maildrop_open(&other, "anna", &nothing, &error), MAILDROP_OPEN);
	mailbox_list_clear(&nothing);
	maildrop_close(&other);
	mailbox_list_clear(&list);
	maildrop_close(&first);
	assert_int_equal(maildrop_open(&second, "ivan", &list, &error), MAILDROP_OPEN);
	mailbox_list_clear(&list);
	maildrop_close(&second);
}

/* A session whose client disappeared without closing: it releases the mailbox when it is
 * disconnected. */
static void *dead_session(void *context)
{
	struct maildrop *drop = context;
	char byte;

	assert_int_equal(recv(drop->fd, &byte, 1, 0), 0);
	maildrop_close(drop);
	return NULL;
}

static void test_a_silent_session_gives_way(void **state)
{
	struct maildrop first = make_drop(), second = make_drop();
	struct mailbox_list list;
	struct error error;
	pthread_t thread;
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	first.fd = ends[0];
	assert_int_equal(maildrop_open(&first, "ivan", &list, &error), MAILDROP_OPEN);
	mailbox_list_clear(&list);
	assert_int_equal(pthread_create(&thread, NULL, dead_session, &first), 0);
	assert_int_equal(maildrop_open(&second, "ivan", &list, &error), MAILDROP_IN_USE); /* just heard of */
	*first.heard -= MAILDROP_SILENT_MS;
	assert_int_equal(maildrop_open(&second, "ivan", &list, &error), MAILDROP_OPEN);
	mailbox_list_clear(&list);
	pthread_join(thread, NULL);
	maildrop_close(&second);
	close(ends[0]);
	close(ends[1]);
}

static void test_a_login_can_come_too_soon(void **state)
{
	struct maildrop drop = make_drop(), other = make_drop();
	struct mailbox_list list;
	struct error error;

	(void)state;
	drop.login_delay = other.login_delay = 3600 * 1000;
	assert_int_equal(maildrop_open(&drop, "anna", &list, &error), MAILDROP_OPEN);
	mailbox_list_clear(&list);
	maildrop_close(&drop);
	assert_int_equal(maildrop_open(&drop, "anna", &list, &error), MAILDROP_TOO_SOON);
	assert_int_equal(maildrop_open(&other, "chief", &list, &error), MAILDROP_OPEN);
	mailbox_list_clear(&list);
	maildrop_close(&other);
	drop.login_delay = 0;
	assert_int_equal(maildrop_open(&drop, "anna", &list, &error), MAILDROP_OPEN);
	mailbox_list_clear(&list);
	maildrop_close(&drop);
}

static void test_read_vanish_remove(void **state)
{
	struct maildrop drop = make_drop();
	struct mailbox_list list;
	struct slice bytes;
	struct error error;
	char *path;

	(void)state;
	deliver("Subject: 1\r\n\r\n");
	deliver("Subject: 2\r\n\r\n");
	deliver("Subject: 3\r\n\r\n");
	assert_int_equal(maildrop_open(&drop, "ivan", &list, &error), MAILDROP_OPEN);
	assert_int_equal(list.count, 3);
	path = xasprintf("%s/mailboxes/ivan/%s", folder, list.items[1].file);
	assert_int_equal(fsx_unlink(path, &error), 0);
	assert_int_equal(maildrop_read(&drop, &list.items[1], &bytes), -1);
	assert_int_equal(maildrop_read(&drop, &list.items[2], &bytes), 0);
	assert_int_equal(bytes.len, 14);
	fsx_unmap(bytes);
	/* One that is there and one that is gone: both count as removed. */
	assert_int_equal(
	    maildrop_remove(&drop,
	        (const char *const[]){list.items[0].unique, list.items[1].unique}, 2, &error),
	    0);
	mailbox_list_clear(&list);
	maildrop_close(&drop);
	assert_int_equal(maildrop_open(&drop, "ivan", &list, &error), MAILDROP_OPEN);
	assert_int_equal(list.count, 1);
	mailbox_list_clear(&list);
	maildrop_close(&drop);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_mailbox_nobody_wrote_to_is_empty),
	    cmocka_unit_test(test_one_session_a_mailbox),
	    cmocka_unit_test(test_a_silent_session_gives_way),
	    cmocka_unit_test(test_a_login_can_come_too_soon),
	    cmocka_unit_test(test_read_vanish_remove),
	};

	return cmocka_run_group_tests(tests, open_spool, close_spool);
}
