/* Recovery if some data cannot be read: unknown facts are not guessed (spool/QUEUE.md, Recover). */
#include "base/alloc.h"
#include "base/file/fsx.h"
#include "spool/storage/intake.h"
#include "spool/layout_priv.h"
#include "spool/storage/mailbox.h"
#include "spool/storage/state_journal.h"
#include "spool/storage/state_seen.h"
#include "spool/log/wal.h"
#include "tests/unit/remove_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];
static struct spool spool;

static int set_up(void **context)
{
	(void)context;
	memcpy(folder, "/tmp/lanpost-unit-XXXXXX", sizeof("/tmp/lanpost-unit-XXXXXX"));
	spool = spool_at(folder);
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int tear_down(void **context)
{
	(void)context;
	return remove_tree(folder);
}

static struct state *state;

static struct intake *open_intake(void)
{
	struct intake_options options = {.spool = &spool, .hostname = "gw.test", .writer = "unit", .checkpoint_ms = 3600 * 1000};
	struct intake *intake;
	struct error error;

	assert_int_equal(state_open(&state, &spool, NULL, &error), 0);
	options.state = state;
	assert_int_equal(intake_open(&intake, &options, NULL, &error), 0);
	return intake;
}

static void close_intake(struct intake *intake)
{
	struct error error;

	intake_close(intake, &error);
	state_close(state);
}

/* A process that dies with all owed that it has accepted: one message for ivan and maria; ivan has removed the message if
 * `removes`. */
static void die_owing(bool removes)
{
	struct envelope envelope;
	struct mailbox_list list;
	struct error error;
	struct intake *intake;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		intake = open_intake();
		envelope_init(&envelope);
		envelope_set(&envelope.account, slice_of("sales"));
		envelope_set(&envelope.uidl, slice_of("u1"));
		envelope_add(&envelope, PLACE_MAILBOX, slice_of("ivan"), SLICE_NONE);
		envelope_add(&envelope, PLACE_MAILBOX, slice_of("maria"), SLICE_NONE);
		envelope_omit(&envelope, slice_of("peter"), slice_of("has it"));
		intake_accept_text(intake, &envelope, slice_of("Subject: x\r\n\r\nText.\r\n"), NULL, 0, &error);
		intake_await(intake, NULL);
		if (removes && mailbox_list(&spool, "ivan", &list, &error) == 0 && list.count == 1)
			intake_remove(intake, "ivan", (const char *const[]){list.items[0].unique}, 1, &error);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

static size_t count(const char *user)
{
	struct mailbox_list list;
	struct error error;
	size_t found;

	assert_int_equal(mailbox_list(&spool, user, &list, &error), 0);
	found = list.count;
	mailbox_list_clear(&list);
	return found;
}

static void test_one_mailbox_that_cannot_be_read_holds_up_nobody(void **context)
{
	char *new = xasprintf("%s/mailboxes/maria/new", folder), *other = xasprintf("%s/mailboxes/ivan/new", folder);
	struct map seen = MAP_INIT;
	struct intake *intake;
	struct error error;

	(void)context;
	die_owing(false);
	assert_int_equal(remove_tree(new), 0);
	assert_int_equal(remove_tree(other), 0); /* as if a power cut had taken both */
	assert_int_equal(fsx_create(new, NULL, 0, 0640, &error), 0);
	intake = open_intake();
	assert_int_equal(count("ivan"), 1);
	assert_int_equal(intake_check_known(intake, &error), 0);
	assert_int_equal(state_seen_load(state, "sales", &seen, &error), 0);
	assert_non_null(map_get(&seen, slice_of("u1")));
	state_seen_clear(&seen);
	close_intake(intake);
	assert_int_equal(unlink(new), 0);
	close_intake(open_intake());
	assert_int_equal(count("ivan"), 1);
	assert_int_equal(count("maria"), 1);
	free(new);
	free(other);
}

/* A segment that cannot be opened (here a link to itself) may contain the removal. */
static void test_facts_that_cannot_be_read_bring_nothing_back(void **context)
{
	char *bad = layout_wal(&spool, "000000000009-other.000000000009.done");
	struct intake *intake;
	struct error error;

	(void)context;
	die_owing(true);
	assert_int_equal(symlink(bad, bad), 0);
	intake = open_intake();
	assert_int_equal(count("ivan"), 0);
	assert_int_equal(intake_check_known(intake, &error), -1);
	close_intake(intake);
	assert_int_equal(unlink(bad), 0);
	intake = open_intake();
	assert_int_equal(intake_check_known(intake, &error), 0);
	assert_int_equal(count("ivan"), 0);
	assert_int_equal(count("maria"), 1);
	close_intake(intake);
	free(bad);
}

struct seen_events {
	const char *event, *place;
	size_t count;
};

static void count_event(void *context, const struct journal_message *message, const struct journal_event *event)
{
	(void)message;
	for (struct seen_events *wanted = context; wanted->event != NULL; wanted++)
		wanted->count += strcmp(event->event, wanted->event) == 0 && strcmp(event->place, wanted->place) == 0;
}

/* What stood in its place, and what was removed, before the journal had it. */
static void test_the_journal_gets_what_a_dead_process_did(void **context)
{
	struct seen_events events[] = {{"accepted", "", 0}, {"delivered", "ivan", 0}, {"delivered", "maria", 0}, {"removed", "ivan", 0}, {"dropped", "peter", 0}, {0}};
	struct error error;

	(void)context;
	die_owing(true);
	close_intake(open_intake());
	close_intake(open_intake());
	assert_int_equal(state_open(&state, &spool, NULL, &error), 0);
	assert_int_equal(state_journal_last(state, 100, count_event, events, &error), 0);
	state_close(state);
	for (const struct seen_events *seen = events; seen->event != NULL; seen++)
		assert_int_equal(seen->count, 1);
}

/* An event that the dead process has noted itself is not noted again. */
static void test_the_journal_has_each_event_once(void **context)
{
	struct seen_events events[] = {{"delivered", "ivan", 0}, {0}};
	struct journal_event event = {.time_us = 7, .id = "1k", .session = "s", .event = "delivered", .place = "ivan", .detail = "why"};
	struct error error;

	(void)context;
	assert_int_equal(state_open(&state, &spool, NULL, &error), 0);
	assert_int_equal(state_journal_add(state, &event, &error), 0);
	event.time_us = 8;
	assert_int_equal(state_journal_add_once(state, &event, &error), 0);
	event.place = "maria";
	assert_int_equal(state_journal_add_once(state, &event, &error), 0);
	assert_int_equal(state_journal_last(state, 100, count_event, events, &error), 0);
	assert_int_equal(events[0].count, 1);
	state_close(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_one_mailbox_that_cannot_be_read_holds_up_nobody, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_facts_that_cannot_be_read_bring_nothing_back, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_the_journal_gets_what_a_dead_process_did, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_the_journal_has_each_event_once, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
