/*
 * Threads that share the current segment while the disk fails: each acknowledged record is in a segment that a recovery reads.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/file/fsx.h"
#include "spool/log/wal.h"
#include "spool/storage/intake.h"
#include "spool/storage/mailbox.h"
#include "spool/storage/state.h"
#include "tests/unit/remove_tree.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NEVER (3600 * 1000)
#define WAIT_MS 20000
#define HOLD_MS 500 /* enough for another thread to come to the same place */

static struct spool spool;
static struct state *state;
static struct intake *intake;
static atomic_bool is_held, let_go, fails;
static pthread_t main_thread;

static int setup(void **context)
{
	char path[] = "/tmp/lanpost-unit-XXXXXX";

	(void)context;
	assert_non_null(mkdtemp(path));
	spool = spool_at(xstrdup(path));
	is_held = let_go = fails = false;
	main_thread = pthread_self();
	return 0;
}

static int teardown(void **context)
{
	(void)context;
	fsx_hook = NULL;
	remove_tree(spool.folder);
	free(spool.folder);
	return 0;
}

static void open_intake(int64_t checkpoint_ms)
{
	struct intake_options options = {.spool = &spool, .hostname = "gw.test", .writer = "unit", .checkpoint_ms = checkpoint_ms};
	struct error error;

	if (state_open(&state, &spool, NULL, &error) != 0)
		fail_msg("%s", ERROR_EN(&error));
	options.state = state;
	if (intake_open(&intake, &options, NULL, &error) != 0)
		fail_msg("%s", ERROR_EN(&error));
}

static void close_intake(void)
{
	struct error error;

	if (intake_close(intake, &error) != 0)
		fail_msg("%s", ERROR_EN(&error));
	state_close(state);
}

static int accept_one(void)
{
	struct envelope envelope;
	struct error error;

	envelope_init(&envelope);
	envelope_add(&envelope, PLACE_MAILBOX, slice_of("ivan"), SLICE_NONE);
	return intake_accept_text(intake, &envelope, SLICE_LITERAL("Subject: one\r\n\r\nText.\r\n"), NULL, 0, &error);
}

static void wait_for(const atomic_bool *what, int64_t ms)
{
	int64_t deadline = clock_now_ms() + ms;

	while (!*what && clock_left_ms(deadline) > 0)
		poll(NULL, 0, 1);
}

static bool is_main(void)
{
	return pthread_equal(pthread_self(), main_thread);
}

/* The preparation of a segment is slow, and a sync of the current one fails meanwhile. */
static int slow_preparation(const char *what, const char *path, const char *to)
{
	(void)to;
	if (strcmp(what, "fdatasync") != 0)
		return 0;
	if (is_main() && atomic_exchange(&fails, false)) {
		errno = EIO;
		return -1;
	}
	if (!is_main() && strstr(path, ".log.new") != NULL && !atomic_exchange(&is_held, true))
		wait_for(&let_go, HOLD_MS);
	return 0;
}

static void test_a_segment_is_begun_while_another_is_prepared(void **context)
{
	int result;

	(void)context;
	open_intake(1);
	fsx_hook = slow_preparation;
	assert_int_equal(accept_one(), 0);
	wait_for(&is_held, WAIT_MS);
	assert_true(is_held);
	fails = true;
	result = accept_one();
	let_go = true;
	assert_int_equal(result, 0);
	close_intake();
}

/* The main thread cannot append, and cannot repair the segment, while another thread syncs it. */
static int sync_and_failed_append(const char *what, const char *path, const char *to)
{
	(void)to;
	if (!is_main() && strcmp(what, "fdatasync") == 0 && strstr(path, ".log") != NULL && !atomic_exchange(&is_held, true))
		wait_for(&let_go, WAIT_MS);
	if (is_main() && fails && (strcmp(what, "write") == 0 || strcmp(what, "truncate") == 0)) {
		errno = EIO;
		return -1;
	}
	return 0;
}

static void *accept_thread(void *result)
{
	*(int *)result = accept_one();
	return NULL;
}

static void child(void)
{
	pthread_t thread;
	int accepted = -1, refused;

	open_intake(NEVER);
	fsx_hook = sync_and_failed_append;
	pthread_create(&thread, NULL, accept_thread, &accepted);
	wait_for(&is_held, WAIT_MS);
	fails = true;
	refused = accept_one();
	fails = false;
	let_go = true;
	pthread_join(thread, NULL);
	if (accepted != 0 || refused == 0 || accept_one() != 0)
		_exit(1);
	intake_await(intake, NULL);
	_exit(0);
}

/* The disk fails for the main thread; later the checkpoint does not get further than its sync. */
static int failing_disk(const char *what, const char *path, const char *to)
{
	static const atomic_bool never;

	(void)path;
	(void)to;
	if (is_main() && fails) {
		errno = EIO;
		return -1;
	}
	if (!is_main() && is_held && strcmp(what, "syncfs") == 0)
		wait_for(&never, NEVER);
	return 0;
}

static bool has_segments(void)
{
	struct wal_names names;
	struct error error;
	size_t count = wal_list(&spool, &names, &error) == 0 ? names.count : 1;

	wal_names_clear(&names);
	return count > 0;
}

static void child_after_failure(void)
{
	int64_t deadline = clock_now_ms() + WAIT_MS;
	int refused;

	open_intake(1);
	fsx_hook = failing_disk;
	fails = true;
	refused = accept_one();
	fails = false;
	while (has_segments() && clock_left_ms(deadline) > 0)
		poll(NULL, 0, 1);
	is_held = true;
	_exit(refused != 0 && !has_segments() && accept_one() == 0 ? 0 : 1);
}

static size_t messages(bool removed)
{
	struct mailbox_list list;
	struct error error;
	size_t count;

	assert_int_equal(mailbox_list(&spool, "ivan", &list, &error), 0);
	count = list.count;
	for (size_t i = 0; i < list.count && removed; i++) {
		char *path = xasprintf("%s/mailboxes/ivan/%s", spool.folder, list.items[i].file);

		assert_int_equal(unlink(path), 0);
		free(path);
	}
	mailbox_list_clear(&list);
	return count;
}

static void test_a_segment_breaks_while_another_thread_syncs_it(void **context)
{
	pid_t pid = fork();
	int status;

	(void)context;
	if (pid == 0)
		child();
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	/* A power cut: no delivered file reached the disk. */
	assert_int_equal(messages(true), 2);
	open_intake(NEVER);
	assert_int_equal(messages(false), 2);
	close_intake();
}

static void test_a_segment_gets_the_name_of_a_broken_one(void **context)
{
	pid_t pid = fork();
	int status;

	(void)context;
	if (pid == 0)
		child_after_failure();
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	messages(true);
	open_intake(NEVER);
	assert_int_equal(messages(false), 1);
	close_intake();
}

static int no_preparation(const char *what, const char *path, const char *to)
{
	(void)to;
	assert_false(strcmp(what, "fdatasync") == 0 && strstr(path, ".log.new") != NULL);
	return 0;
}

static void test_none_is_prepared_at_the_end(void **context)
{
	(void)context;
	open_intake(NEVER);
	assert_int_equal(accept_one(), 0);
	fsx_hook = no_preparation;
	close_intake();
	assert_false(has_segments());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_a_segment_is_begun_while_another_is_prepared, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_segment_breaks_while_another_thread_syncs_it, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_segment_gets_the_name_of_a_broken_one, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_none_is_prepared_at_the_end, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
