/*
 * The promises of spool/QUEUE.md: a process that dies at any change of the disk loses nothing that
 * was acknowledged and delivers nothing twice.
 */
#include "base/alloc.h"
#include "base/file/fsx.h"
#include "spool/storage/intake.h"
#include "spool/layout_priv.h"
#include "spool/storage/mailbox.h"
#include "spool/queue/queue_priv.h"
#include "spool/storage/state_replies.h"
#include "spool/storage/state_seen.h"
#include "spool/log/wal.h"
#include "tests/unit/remove_tree.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define MESSAGES 4

static struct spool *spool_new(void)
{
	struct spool *spool = xcalloc(1, sizeof(*spool));
	char path[] = "/tmp/lanpost-unit-XXXXXX";

	assert_non_null(mkdtemp(path));
	*spool = spool_at(xstrdup(path));
	return spool;
}

static void spool_free(struct spool *spool)
{
	remove_tree(spool->folder);
	free(spool->folder);
	free(spool);
}

struct house {
	struct state *state;
	struct intake *intake;
	size_t recovered;
};

static const char *writer = "unit";
static bool late; /* messages stay in the backlog until something waits for them */
static int64_t checkpoint_ms;
#define NEVER (3600 * 1000) /* so that a child dies with everything owed, however slow it is */

/* Readers of the spool wait for its backlog from now on. */
static void house_open(struct house *house, struct spool *spool)
{
	struct error error;
	struct intake_options options = {.spool = spool, .hostname = "gw.test", .writer = writer, .checkpoint_ms = checkpoint_ms,
	    .delivers_late = late};

	if (state_open(&house->state, spool, NULL, &error) != 0)
		fail_msg("%s", ERROR_EN(&error));
	options.state = house->state;
	if (intake_open(&house->intake, &options, &house->recovered, &error) != 0)
		fail_msg("%s", ERROR_EN(&error));
	spool->intake = house->intake;
}

static void house_close(struct house *house, struct spool *spool)
{
	struct error error;

	spool->intake = NULL;

	if (intake_close(house->intake, &error) != 0)
		fail_msg("%s", ERROR_EN(&error));
	state_close(house->state);
}

/* Message number n: for ivan and maria, and for one outside; maria gets a copy of it as its sender, with a field of her own. */
static void make(const struct spool *spool, int n, struct envelope *envelope, struct body *body)
{
	struct error error;
	char text[128];

	envelope_init(envelope);
	envelope_set(&envelope->sender, slice_of("a@example.org"));
	envelope_set(&envelope->account, slice_of("sales"));
	snprintf(text, sizeof(text), "uidl-%d", n);
	envelope_set(&envelope->uidl, slice_of(text));
	envelope_add_header(envelope, "X-Trace", slice_of("yes"));
	envelope_add(envelope, PLACE_MAILBOX, slice_of("ivan"), SLICE_NONE);
	envelope_add(envelope, PLACE_MAILBOX, slice_of("maria"), SLICE_NONE);
	envelope_add(envelope, PLACE_OWN, slice_of("maria/Sent"), SLICE_NONE);
	envelope_set(&envelope->own_header, slice_of("Bcc: secret@example.net\r\n"));
	envelope_add(envelope, PLACE_QUEUE, slice_of("out@example.net"), SLICE_NONE);
	envelope_add(envelope, PLACE_REPLY, slice_of("them@example.org"), slice_of("thanks"));
	strlist_add(&envelope->recipients, "ivan@test");
	envelope_set(&envelope->insert, slice_of("Some "));
	envelope->insert_at = strlen("Subject: message 1\r\n\r\n");
	body_init(body, spool);
	snprintf(text, sizeof(text), "Subject: message %d\r\n\r\nText.\r\n", n);
	assert_int_equal(body_append(body, slice_of(text), &envelope->id, &error), 0);
	assert_int_equal(body_finish(body, &error), 0);
}

static int accept_one(struct house *house, const struct spool *spool, int n)
{
	struct envelope envelope;
	struct body body;
	struct error error;

	make(spool, n, &envelope, &body);
	return intake_accept(house->intake, &envelope, &body, NULL, 0, &error);
}

/* How often message n is in the mailbox; *unique gets its name. */
static int count_in(const struct spool *spool, const char *user, int n, char **unique)
{
	struct mailbox_list list;
	struct error error;
	char subject[64];
	int count = 0;

	snprintf(subject, sizeof(subject), "Subject: message %d\r\n", n);
	assert_int_equal(mailbox_list(spool, user, &list, &error), 0);
	for (size_t i = 0; i < list.count; i++) {
		struct slice bytes;

		assert_int_equal(mailbox_open(spool, user, &list.items[i], &bytes, &error), 0);
		assert_int_equal(bytes.len, list.items[i].size);
		assert_int_equal(memmem(bytes.ptr, bytes.len, "Bcc:", 4) != NULL, strcmp(user, "maria/Sent") == 0);
		if (memmem(bytes.ptr, bytes.len, subject, strlen(subject)) != NULL) {
			assert_non_null(memmem(bytes.ptr, bytes.len, "\n\r\nSome Text.\r\n", 15));
			count++;
			if (unique != NULL && *unique == NULL)
				*unique = xstrdup(list.items[i].unique);
		}
		fsx_unmap(bytes);
	}
	mailbox_list_clear(&list);
	return count;
}

static size_t queue_count(const struct spool *spool)
{
	struct queue_items items;
	struct error error;
	size_t count;

	assert_int_equal(queue_list(spool, 15, &items, &error), 0);
	for (size_t i = 0; i < items.count; i++) {
		struct envelope envelope;

		assert_int_equal(queue_read(spool, &items.items[i], &envelope, &error), 0);
		envelope_clear(&envelope);
		char *path = queue_message_path(spool, &items.items[i], &error);
		assert_non_null(path);
		free(path);
	}
	count = items.count;
	queue_items_clear(&items);
	return count;
}

static size_t wal_count(const struct spool *spool)
{
	struct wal_names names;
	struct error error;
	size_t count;

	assert_int_equal(wal_list(spool, &names, &error), 0);
	count = names.count;
	wal_names_clear(&names);
	return count;
}

static void test_accept_delivers_everywhere(void **context)
{
	struct spool *spool = spool_new();
	struct house house;
	struct map seen = MAP_INIT;
	struct error error;

	(void)context;
	house_open(&house, spool);
	assert_int_equal(accept_one(&house, spool, 1), 0);
	assert_int_equal(count_in(spool, "ivan", 1, NULL), 1);
	assert_int_equal(count_in(spool, "maria", 1, NULL), 1);
	assert_int_equal(queue_count(spool), 1);
	house_close(&house, spool);
	assert_int_equal(wal_count(spool), 0);

	house_open(&house, spool);
	assert_int_equal(house.recovered, 0);
	assert_int_equal(state_seen_load(house.state, "sales", &seen, &error), 0);
	assert_non_null(map_get(&seen, slice_of("uidl-1")));
	state_seen_clear(&seen);
	house_close(&house, spool);
	spool_free(spool);
}

/* A recipient whose place was left out would never get the message. */
static void test_a_message_with_too_many_places_is_refused(void **context)
{
	struct spool *spool = spool_new();
	struct house house;
	struct envelope envelope;
	struct body body;
	struct error error;
	char name[32];

	(void)context;
	house_open(&house, spool);
	make(spool, 1, &envelope, &body);
	for (int i = 0; envelope.place_count < ENVELOPE_PLACES_MAX; i++) {
		snprintf(name, sizeof(name), "user%d", i);
		assert_true(envelope_add(&envelope, PLACE_MAILBOX, slice_of(name), SLICE_NONE));
	}
	assert_false(envelope_add(&envelope, PLACE_MAILBOX, slice_of("last"), SLICE_NONE));
	assert_int_equal(intake_accept(house.intake, &envelope, &body, NULL, 0, &error), -1);
	assert_int_equal(error.class, ERROR_LIMIT);
	assert_int_equal(accept_one(&house, spool, 2), 0);
	house_close(&house, spool);
	assert_int_equal(count_in(spool, "ivan", 1, NULL), 0);
	assert_int_equal(count_in(spool, "ivan", 2, NULL), 1);
	spool_free(spool);
}

static void test_large_body_stands_in_a_file(void **context)
{
	struct spool *spool = spool_new();
	char *chunk = xcalloc(1, 70000), *wal;
	struct house house;
	struct envelope envelope;
	struct body body;
	struct error error;
	struct mailbox_list list;

	(void)context;
	house_open(&house, spool);
	make(spool, 7, &envelope, &body);
	memset(chunk, 'x', 70000);
	for (int i = 0; i < 40; i++)
		assert_int_equal(body_append(&body, slice_make(chunk, 70000), &envelope.id, &error), 0);
	assert_int_equal(body_finish(&body, &error), 0);
	assert_non_null(body.path);
	wal = xstrdup(body.path);
	assert_int_equal(intake_accept(house.intake, &envelope, &body, NULL, 0, &error), 0);
	house_close(&house, spool);
	assert_int_not_equal(access(wal, F_OK), 0);
	assert_int_equal(mailbox_list(spool, "maria", &list, &error), 0);
	assert_int_equal(list.count, 1);
	assert_true(list.items[0].size > 40 * 70000);
	mailbox_list_clear(&list);
	assert_int_equal(count_in(spool, "ivan", 7, NULL), 1);
	free(wal);
	free(chunk);
	spool_free(spool);
}

static void test_replies(void **context)
{
	struct spool *spool = spool_new();
	struct house house;
	struct replies replies;
	struct error error;
	int64_t last;

	(void)context;
	house_open(&house, spool);
	assert_int_equal(accept_one(&house, spool, 1), 0);
	assert_int_equal(accept_one(&house, spool, 2), 0);
	intake_await(house.intake, NULL);
	assert_int_equal(state_replies(house.state, &replies, &error), 0);
	assert_int_equal(replies.count, 2);
	assert_int_equal(state_reply_last(house.state, "thanks", "THEM@example.org", &last, &error), 0);
	assert_int_equal(last, 0);
	for (int i = 0; i < 2; i++) {
		struct fact done = {.kind = FACT_REPLY_DONE,
		    .id = replies.items[i].id.text,
		    .name = i == 0 ? "sent" : "none"};

		assert_int_equal(intake_accept(house.intake, NULL, NULL, &done, 1, &error), 0);
	}
	state_replies_clear(&replies);
	house_close(&house, spool);
	house_open(&house, spool);
	assert_int_equal(state_replies(house.state, &replies, &error), 0);
	assert_int_equal(replies.count, 0);
	state_replies_clear(&replies);
	assert_int_equal(state_reply_last(house.state, "thanks", "THEM@example.org", &last, &error), 0);
	assert_true(last > 0);
	assert_int_equal(state_reply_last(house.state, "other", "them@example.org", &last, &error), 0);
	assert_int_equal(last, 0);
	house_close(&house, spool);
	spool_free(spool);
}

/* --- dying at the n-th change of the disk */

static int die_at, changes;

static int die(const char *what, const char *path, const char *to)
{
	(void)what, (void)path, (void)to;
	if (__sync_add_and_fetch(&changes, 1) == die_at)
		_exit(42);
	return 0;
}

static void say(int fd, char word, int n)
{
	char line[2] = {word, (char)n};

	assert_int_equal(write(fd, line, 2), 2);
}

/* The life that is cut short: accepts one by one, accepts a batch, removes message 1 of ivan. */
static void live(struct spool *spool, int fd)
{
	struct house house;
	struct error error;
	struct intake_batch *batch;
	char *unique = NULL;

	house_open(&house, spool);
	for (int n = 1; n <= 2; n++)
		if (accept_one(&house, spool, n) == 0)
			say(fd, 'a', n);
	count_in(spool, "ivan", 1, &unique);
	if (intake_remove(house.intake, "ivan", (const char *const *)&unique, 1, &error) == 0)
		say(fd, 'r', 1);
	batch = intake_batch_new(house.intake);
	for (int n = 3; n <= MESSAGES; n++) {
		struct envelope envelope;
		struct body body;

		make(spool, n, &envelope, &body);
		intake_batch_append(batch, &envelope, &body, NULL, 0);
	}
	if (intake_batch_commit(batch, &error) == 0)
		for (int n = 3; n <= MESSAGES; n++)
			say(fd, 'a', n);
	intake_batch_free(batch);
	free(unique);
	house_close(&house, spool);
}

/* Each delivered message gets one reply. */
static void audit_replies(struct house *house, const struct spool *spool)
{
	struct replies replies;
	struct error error;
	size_t standing = 0;

	for (int n = 1; n <= MESSAGES; n++)
		standing += (size_t)count_in(spool, "maria", n, NULL);
	assert_int_equal(state_replies(house->state, &replies, &error), 0);
	assert_int_equal(replies.count, standing);
	for (size_t i = 0; i < replies.count; i++) {
		assert_string_equal(replies.items[i].address, "them@example.org");
		assert_string_equal(replies.items[i].rule, "thanks");
		assert_memory_equal(replies.items[i].subject, "message ", 8);
		assert_string_equal(replies.items[i].account, "sales");
	}
	state_replies_clear(&replies);
}

static void audit(const struct spool *spool, const bool *accepted, bool removed)
{
	size_t queued = 0;

	for (int n = 1; n <= MESSAGES; n++) {
		int ivan = count_in(spool, "ivan", n, NULL), maria = count_in(spool, "maria", n, NULL);

		if (accepted[n])
			assert_int_equal(maria, 1);
		assert_in_range(maria, 0, 1);
		assert_int_equal(count_in(spool, "maria/Sent", n, NULL), maria);
		assert_in_range(ivan, 0, 1);
		/* Either everywhere or nowhere; only a removal may have been in progress. */
		if (n != 1)
			assert_int_equal(ivan, maria);
		if (n == 1 && removed)
			assert_int_equal(ivan, 0);
		queued += (size_t)maria;
	}
	assert_int_equal(queue_count(spool), queued);
}

static bool one_death(int at)
{
	struct spool *spool = spool_new();
	int pipes[2], status;
	bool accepted[MESSAGES + 1] = {false}, removed = false;
	char line[2];
	struct house house;
	pid_t pid;

	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	if (pid == 0) {
		close(pipes[0]);
		die_at = at;
		fsx_hook = die;
		live(spool, pipes[1]);
		_exit(0);
	}
	close(pipes[1]);
	while (read(pipes[0], line, 2) == 2) {
		if (line[0] == 'a')
			accepted[(int)line[1]] = true;
		else
			removed = true;
	}
	close(pipes[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 42));
	/* Recover twice: a recovery must leave nothing that a second one would do again. */
	for (int i = 0; i < 2; i++) {
		house_open(&house, spool);
		if (i == 1)
			assert_int_equal(house.recovered, 0);
		audit(spool, accepted, removed);
		audit_replies(&house, spool);
		house_close(&house, spool);
	}
	assert_int_equal(wal_count(spool), 0);
	spool_free(spool);
	return WEXITSTATUS(status) == 0;
}

static void die_at_every_change(bool delivers_late)
{
	int at = 1;

	late = delivers_late;
	while (!one_death(at))
		at++;
	assert_true(at > 30);
	late = false;
}

static void test_death_at_every_change(void **context)
{
	(void)context;
	die_at_every_change(false);
}

/* All that is acknowledged, and nothing of it delivered until it is looked for. */
static void test_death_with_a_backlog(void **context)
{
	(void)context;
	die_at_every_change(true);
}

/* A recovery that dies, too, at each of its own changes. */
static void test_death_in_recovery(void **context)
{
	(void)context;
	for (int at = 1;; at++) {
		struct spool *spool = spool_new();
		struct house house;
		int status;
		pid_t pid = fork();

		if (pid == 0) {
			house_open(&house, spool);
			for (int n = 1; n <= MESSAGES; n++)
				accept_one(&house, spool, n);
			_exit(0);
		}
		waitpid(pid, &status, 0);
		pid = fork();
		if (pid == 0) {
			die_at = at;
			fsx_hook = die;
			house_open(&house, spool);
			house_close(&house, spool);
			_exit(0);
		}
		waitpid(pid, &status, 0);
		house_open(&house, spool);
		audit(spool, (bool[]){false, true, true, true, true}, false);
		house_close(&house, spool);
		spool_free(spool);
		if (WEXITSTATUS(status) == 0)
			break;
	}
}

/* --- power failure: unsynced data is lost */

static void test_file_without_its_bytes_is_rewritten(void **context)
{
	struct spool *spool = spool_new();
	struct house house;
	int status;
	pid_t pid = fork();

	(void)context;
	if (pid == 0) {
		checkpoint_ms = NEVER;
		house_open(&house, spool);
		accept_one(&house, spool, 1);
		intake_await(house.intake, NULL);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	for (int i = 0; i < 2; i++) {
		static const char *const users[] = {"ivan", "maria"};
		struct mailbox_list list;
		struct error error;
		char *path;

		assert_int_equal(mailbox_list(spool, users[i], &list, &error), 0);
		assert_int_equal(list.count, 1);
		path = xasprintf("%s/mailboxes/%s/%s", spool->folder, users[i], list.items[0].file);
		assert_int_equal(truncate(path, 0), 0);
		free(path);
		mailbox_list_clear(&list);
	}
	house_open(&house, spool);
	audit(spool, (bool[]){false, true, false, false, false}, false);
	house_close(&house, spool);
	spool_free(spool);
}

/* --- damage */

static void test_damaged_record_is_set_aside(void **context)
{
	struct spool *spool = spool_new();
	char *path, *path_of_mail;
	struct wal_names names;
	struct house house;
	struct error error;
	int status, fd;
	pid_t pid = fork();

	(void)context;
	if (pid == 0) {
		checkpoint_ms = NEVER;
		house_open(&house, spool);
		accept_one(&house, spool, 1);
		accept_one(&house, spool, 2);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(wal_list(spool, &names, &error), 0);
	path = layout_wal(spool, names.items[0].file);
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, "?", 1, 100), 1);
	close(fd);
	/* So that only the log can bring message 2 back. */
	path_of_mail = xasprintf("%s/mailboxes", spool->folder);
	remove_tree(path_of_mail);
	free(path_of_mail);
	house_open(&house, spool);
	assert_int_equal(count_in(spool, "ivan", 2, NULL), 1);
	assert_int_equal(count_in(spool, "ivan", 1, NULL), 0);
	house_close(&house, spool);
	free(path);
	path = xasprintf("ls %s/queue/corrupt/*.record >/dev/null", spool->folder);
	assert_int_equal(system(path), 0);
	free(path);
	wal_names_clear(&names);
	spool_free(spool);
}

/* --- removals are kept longer than the accept of another process */

static void test_removal_by_another_process(void **context)
{
	struct spool *spool = spool_new();
	char *unique = NULL;
	struct house house;
	struct error error;
	int status, pipes[2];
	char byte;
	pid_t pid;

	(void)context;
	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	if (pid == 0) {
		checkpoint_ms = NEVER;
		writer = "other";
		house_open(&house, spool);
		accept_one(&house, spool, 1);
		intake_await(house.intake, NULL);
		assert_int_equal(write(pipes[1], "x", 1), 1);
		pause();
	}
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	kill(pid, SIGSTOP); /* alive, so no process may recover its log */
	house_open(&house, spool);
	count_in(spool, "ivan", 1, &unique);
	assert_non_null(unique);
	assert_int_equal(
	    intake_remove(house.intake, "ivan", (const char *const *)&unique, 1, &error), 0);
	house_close(&house, spool);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	house_open(&house, spool);
	assert_int_equal(count_in(spool, "ivan", 1, NULL), 0);
	assert_int_equal(count_in(spool, "maria", 1, NULL), 1);
	house_close(&house, spool);
	assert_int_equal(wal_count(spool), 0);
	free(unique);
	spool_free(spool);
}

/* --- outcome of a queue entry */

static void test_sent_entry_does_not_come_back(void **context)
{
	struct spool *spool = spool_new();
	struct queue_items items;
	struct house house;
	struct error error;
	int status;
	pid_t pid = fork();

	(void)context;
	if (pid == 0) {
		checkpoint_ms = NEVER;
		struct fact fact = {.kind = FACT_SENT, .name = "out@example.net", .text = "250 ok"};

		house_open(&house, spool);
		accept_one(&house, spool, 1);
		queue_list(spool, 1, &items, &error);
		fact.id = items.items[0].id.text;
		intake_accept(house.intake, NULL, NULL, &fact, 1, &error);
		_exit(queue_count(spool) == 0 ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(WEXITSTATUS(status), 0);
	house_open(&house, spool);
	assert_int_equal(queue_count(spool), 0);
	house_close(&house, spool);
	spool_free(spool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_accept_delivers_everywhere),
	    cmocka_unit_test(test_a_message_with_too_many_places_is_refused),
	    cmocka_unit_test(test_large_body_stands_in_a_file),
	    cmocka_unit_test(test_replies),
	    cmocka_unit_test(test_death_at_every_change),
	    cmocka_unit_test(test_death_with_a_backlog),
	    cmocka_unit_test(test_death_in_recovery),
	    cmocka_unit_test(test_file_without_its_bytes_is_rewritten),
	    cmocka_unit_test(test_damaged_record_is_set_aside),
	    cmocka_unit_test(test_removal_by_another_process),
	    cmocka_unit_test(test_sent_entry_does_not_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
