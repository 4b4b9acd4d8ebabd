/*
 * Reading ahead: while a batch becomes durable the next one is read, and no third one; a batch that cannot be made durable ends the
 * fetch, and neither it nor the one that was read meanwhile is delivered, known or deleted at the provider.
 */
#include "base/clock.h"
#include "base/file/fsx.h"
#include "spool/storage/state.h"
#include "tests/unit/pop3_provider.h"
#include "tests/unit/sample_spool.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>

#define BATCH 2 /* as provider_fetch() has it */
#define WAIT_MS 20000
#define SHORT_MS 200

static atomic_int routed, syncs, late, failing_from;
static atomic_bool is_unbounded;

static enum fetch_routed count_and_route(void *context, const struct fetch_arrival *arrival, struct envelope *envelope, struct error *error)
{
	routed++;
	return to_ivan(context, arrival, envelope, error);
}

static bool are_routed(int count, int64_t ms)
{
	int64_t deadline = clock_now_ms() + ms;

	while (routed < count && clock_left_ms(deadline) > 0)
		poll(NULL, 0, 1);
	return routed >= count;
}

static bool is_log_sync(const char *what, const char *path)
{
	return strcmp(what, "fdatasync") == 0 && strstr(path, ".log") != NULL;
}

/* Each sync takes until the next batch has been read. */
static int slow_disk(const char *what, const char *path, const char *to)
{
	int ahead;

	(void)to;
	if (!is_log_sync(what, path))
		return 0;
	ahead = BATCH * (++syncs + 1);
	if (!are_routed(ahead < MESSAGES ? ahead : MESSAGES, WAIT_MS))
		late++;
	else if (ahead < MESSAGES && are_routed(ahead + 1, SHORT_MS))
		is_unbounded = true;
	return 0;
}

/* The log cannot be written from this batch on, while it is written ahead; it fails when the next batch has been read. */
static int failing_disk(const char *what, const char *path, const char *to)
{
	(void)to;
	if (gettid() == getpid() || strstr(path, ".log") == NULL)
		return 0;
	if (strcmp(what, "fdatasync") == 0)
		syncs++;
	if (syncs < failing_from)
		return 0;
	if (!are_routed(BATCH * (failing_from + 1), WAIT_MS))
		late++;
	errno = EIO;
	return -1;
}

static int set_up_all(void **context)
{
	routed = syncs = late = 0;
	is_unbounded = false;
	provider_start();
	memset(boxes[0].is_there, true, sizeof(boxes[0].is_there));
	return set_up(context);
}

static int tear_down_all(void **context)
{
	fsx_hook = NULL;
	provider_stop();
	return tear_down(context);
}

static int count_there(void)
{
	int count = 0;

	for (int n = 0; n < MESSAGES; n++)
		count += boxes[0].is_there[n];
	return count;
}

static size_t delivered(const struct spool *house)
{
	struct mailbox_list list;
	struct error error;
	size_t count;

	assert_int_equal(mailbox_list(house, "ivan", &list, &error), 0);
	count = list.count;
	mailbox_list_clear(&list);
	return count;
}

static void test_one_batch_is_read_while_another_becomes_durable(void **context)
{
	struct fetch_result result;
	struct spool house;
	struct error error;

	(void)context;
	assert_true(house_open(&house, folder));
	fsx_hook = slow_disk;
	assert_int_equal(provider_fetch(&house, count_and_route, NULL, &result, &error), 0);
	fsx_hook = NULL;
	assert_int_equal(late, 0);
	assert_false(is_unbounded);
	assert_int_equal(result.fetched, MESSAGES);
	assert_int_equal(result.deleted, MESSAGES);
	assert_int_equal(count_there(), 0);
	assert_true(has_each_once(&house));
	fetch_result_clear(&result);
	house_close(&house);
}

static void test_a_batch_that_fails_ends_the_fetch(void **context)
{
	struct fetch_result result;
	struct spool house;
	struct error error;

	(void)context;
	failing_from = 2;
	assert_true(house_open(&house, folder));
	fsx_hook = failing_disk;
	assert_int_equal(provider_fetch(&house, count_and_route, NULL, &result, &error), -1);
	fsx_hook = NULL;
	assert_int_equal(late, 0);
	assert_int_equal(error.class, ERROR_IO);
	assert_int_equal(result.fetched, BATCH);
	assert_int_equal(result.deleted, 0);
	assert_int_equal(delivered(&house), BATCH);
	assert_int_equal(count_there(), MESSAGES);
	fetch_result_clear(&result);

	/* The disk is well again: the first batch is known, all others come. */
	assert_int_equal(intake_write_notes(house.intake, &error), 0);
	assert_int_equal(provider_fetch(&house, to_ivan, NULL, &result, &error), 0);
	assert_int_equal(result.fetched, MESSAGES - BATCH);
	assert_int_equal(count_there(), 0);
	assert_true(has_each_once(&house));
	fetch_result_clear(&result);
	house_close(&house);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_one_batch_is_read_while_another_becomes_durable, set_up_all, tear_down_all),
	    cmocka_unit_test_setup_teardown(test_a_batch_that_fails_ends_the_fetch, set_up_all, tear_down_all),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
