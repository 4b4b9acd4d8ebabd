/*
 * The backlog of spool/QUEUE.md: a reader finds what was acknowledged before, mailboxes get their messages in order, and
 * memory is bounded. Run with `make tsan`, too.
 */
#include "base/alloc.h"
#include "base/process/busy.h"
#include "base/file/fsx.h"
#include "base/map.h"
#include "spool/layout_priv.h"
#include "spool/storage/intake.h"
#include "spool/storage/mailbox.h"
#include "spool/storage/queue.h"
#include "spool/storage/state_replies.h"
#include "tests/unit/remove_tree.h"

#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define SENDERS 6
#define READERS 3
#define EACH 150
#define MAILBOXES 3
#define BACKLOG_MAX 1024
#define NEVER (3600 * 1000)

static struct spool spool;
static const char *const users[MAILBOXES] = {"ivan", "maria", "anna"};

static void open_spool(bool delivers_late, int64_t checkpoint_ms)
{
	struct intake_options options = {.spool = &spool, .hostname = "gw.test", .writer = "unit", .checkpoint_ms = checkpoint_ms,
	    .reuse_after = 1, .delivers_late = delivers_late};
	char path[] = "/tmp/lanpost-unit-XXXXXX";
	struct error error;

	assert_non_null(mkdtemp(path));
	spool = spool_at(xstrdup(path));
	assert_int_equal(state_open(&spool.state, &spool, NULL, &error), 0);
	options.state = spool.state;
	assert_int_equal(intake_open(&spool.intake, &options, NULL, &error), 0);
}

/* Afterwards the mailboxes can still be listed. */
static void close_intake(void)
{
	struct error error;

	assert_int_equal(intake_close(spool.intake, &error), 0);
	spool.intake = NULL;
	state_close(spool.state);
}

static void remove_spool(void)
{
	remove_tree(spool.folder);
	free(spool.folder);
}

static int send_to(const char *const *to, size_t count, const struct msgid *id)
{
	struct envelope envelope;
	struct error error;

	envelope_init(&envelope);
	if (id != NULL)
		envelope.id = *id;
	for (size_t i = 0; i < count; i++)
		envelope_add(&envelope, PLACE_MAILBOX, slice_of(to[i]), SLICE_NONE);
	return intake_accept_text(spool.intake, &envelope, SLICE_LITERAL("Subject: one\r\n\r\nText.\r\n"), NULL, 0, &error);
}

/* What is in the folder now, without waiting for anything. */
static size_t files_now(const char *user)
{
	char *path = layout_mailbox(&spool, user, "new");
	DIR *dir = opendir(path);
	struct dirent *entry;
	size_t count = 0;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		count += entry->d_name[0] != '.';
	if (dir != NULL)
		closedir(dir);
	free(path);
	return count;
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

/* --- many senders and readers */

static struct msgid ids[SENDERS][EACH];
static atomic_int wrong;
static atomic_bool is_over;

/* Message k of a sender goes to one mailbox or to two. */
static size_t recipients(int sender, int k, const char **to)
{
	to[0] = users[(sender + k) % MAILBOXES];
	to[1] = users[(sender + k + 1) % MAILBOXES];
	return k % 4 == 0 ? 2 : 1;
}

static bool is_for(const char *user, int sender, int k)
{
	const char *to[2];
	size_t number = recipients(sender, k, to);

	return strcmp(to[0], user) == 0 || (number == 2 && strcmp(to[1], user) == 0);
}

static bool is_in(const struct map *found, const struct msgid *id)
{
	return map_get(found, slice_of(id->text)) != NULL;
}

static void list_ids(const char *user, struct map *found)
{
	struct mailbox_list list;
	struct error error;

	if (mailbox_list(&spool, user, &list, &error) != 0) {
		wrong++;
		return;
	}
	for (size_t i = 0; i < list.count; i++)
		if (map_put(found, slice_of(list.items[i].uidl), (void *)1) != NULL)
			wrong++;
	mailbox_list_clear(&list);
}

/* A message is not there before an earlier one of its sender. A listing reads the folder meanwhile, so a second one is asked about the
 * earlier ones. */
static void check_order(const char *user)
{
	struct map first = MAP_INIT, second = MAP_INIT;

	list_ids(user, &first);
	list_ids(user, &second);
	for (int sender = 0; sender < SENDERS; sender++) {
		bool is_missing = false;

		for (int k = 0; k < EACH; k++) {
			if (!is_for(user, sender, k))
				continue;
			if (is_missing && is_in(&first, &ids[sender][k]))
				wrong++;
			is_missing = is_missing || !is_in(&second, &ids[sender][k]);
		}
	}
	map_clear(&first);
	map_clear(&second);
}

static void *send_many(void *context)
{
	int sender = *(int *)context;

	for (int k = 0; k < EACH; k++) {
		const char *to[2];
		size_t number = recipients(sender, k, to);

		if (send_to(to, number, &ids[sender][k]) != 0)
			wrong++;
		for (size_t i = 0; i < number && k % 7 == 0; i++) {
			struct map found = MAP_INIT;

			list_ids(to[i], &found);
			if (!is_in(&found, &ids[sender][k]))
				wrong++;
			map_clear(&found);
		}
	}
	return NULL;
}

static void *read_many(void *context)
{
	(void)context;
	for (int i = 0; !is_over; i++)
		check_order(users[i % MAILBOXES]);
	return NULL;
}

static void test_readers_find_what_was_acknowledged_and_in_order(void **context)
{
	pthread_t senders[SENDERS], readers[READERS];
	int numbers[SENDERS];
	size_t expected[MAILBOXES] = {0};

	(void)context;
	open_spool(false, 20); /* with many checkpoints */
	for (int i = 0; i < SENDERS; i++)
		for (int k = 0; k < EACH; k++) {
			ids[i][k] = msgid_new();
			for (size_t user = 0; user < MAILBOXES; user++)
				expected[user] += is_for(users[user], i, k);
		}
	for (int i = 0; i < SENDERS; i++) {
		numbers[i] = i;
		assert_int_equal(pthread_create(&senders[i], NULL, send_many, &numbers[i]), 0);
	}
	for (int i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, read_many, NULL), 0);
	for (int i = 0; i < SENDERS; i++)
		pthread_join(senders[i], NULL);
	is_over = true;
	for (int i = 0; i < READERS; i++)
		pthread_join(readers[i], NULL);
	assert_int_equal(wrong, 0);
	close_intake();
	for (size_t user = 0; user < MAILBOXES; user++)
		assert_int_equal(files_now(users[user]), expected[user]);
	remove_spool();
}

/* --- order on the disk */

static struct strlist renamed; /* into ivan's mailbox */
static pthread_mutex_t renamed_lock = PTHREAD_MUTEX_INITIALIZER;

static int note_rename(const char *what, const char *path, const char *to)
{
	(void)path;
	if (to != NULL && strcmp(what, "rename") == 0 && strstr(to, "/ivan/new/") != NULL) {
		pthread_mutex_lock(&renamed_lock);
		strlist_add(&renamed, strrchr(to, '/') + 1);
		pthread_mutex_unlock(&renamed_lock);
	}
	return 0;
}

static void test_a_mailbox_gets_its_messages_in_order(void **context)
{
	struct msgid sent[200];

	(void)context;
	open_spool(false, NEVER);
	fsx_hook = note_rename;
	for (int i = 0; i < 200; i++) {
		sent[i] = msgid_new();
		assert_int_equal(send_to((const char *const[]){"ivan", users[1 + i % 2]}, 2, &sent[i]), 0);
		assert_int_equal(send_to(&users[1 + i % 2], 1, NULL), 0);
	}
	close_intake();
	fsx_hook = NULL;
	assert_int_equal(renamed.count, 200);
	for (int i = 0; i < 200; i++)
		assert_non_null(strstr(renamed.items[i], sent[i].text));
	strlist_clear(&renamed);
	remove_spool();
}

/* --- without threads: only those who wait deliver */

static void test_the_backlog_is_bounded(void **context)
{
	(void)context;
	open_spool(true, NEVER);
	for (size_t i = 1; i <= BACKLOG_MAX + 50; i++)
		assert_int_equal(send_to(users, 1, NULL), 0);
	assert_int_equal(files_now("ivan"), 50);
	close_intake();
	assert_int_equal(files_now("ivan"), BACKLOG_MAX + 50);
	remove_spool();
}

static void test_a_reader_waits_for_his_mailbox_alone(void **context)
{
	char *sign;

	(void)context;
	open_spool(true, NEVER);
	sign = layout_wal(&spool, "deliveries.lock");
	assert_false(busy_is_set(sign));
	for (size_t i = 0; i < MAILBOXES; i++)
		assert_int_equal(send_to(&users[i], 1, NULL), 0);
	assert_true(busy_is_set(sign));
	assert_int_equal(files_now("maria"), 0);
	assert_int_equal(count("nobody"), 0);
	assert_int_equal(files_now("maria"), 0);
	assert_int_equal(count("maria"), 1);
	assert_int_equal(files_now("anna"), 0); /* maria's was not behind it */
	assert_true(busy_is_set(sign));
	intake_await(spool.intake, NULL);
	assert_int_equal(files_now("anna"), 1);
	assert_false(busy_is_set(sign));
	intake_await_others(&spool);
	free(sign);
	close_intake();
	remove_spool();
}

static size_t replies_due(void)
{
	struct replies replies;
	struct error error;
	size_t due;

	assert_int_equal(state_replies(spool.state, &replies, &error), 0);
	due = replies.count;
	state_replies_clear(&replies);
	return due;
}

/* A message with facts is delivered, behind those before it, and the facts are applied when the call returns. */
static void test_facts_are_applied_at_once(void **context)
{
	struct envelope envelope;
	struct msgid id;
	struct fact done = {.kind = FACT_REPLY_DONE, .name = "sent"};
	struct error error;

	(void)context;
	open_spool(true, NEVER);
	envelope_init(&envelope);
	id = envelope.id;
	envelope_add(&envelope, PLACE_REPLY, slice_of("them@example.org"), slice_of("thanks"));
	assert_int_equal(intake_accept_text(spool.intake, &envelope, SLICE_LITERAL("Subject: x\r\n\r\n"), NULL, 0, &error), 0);
	assert_int_equal(replies_due(), 0);
	intake_await(spool.intake, NULL);
	assert_int_equal(replies_due(), 1);
	assert_int_equal(send_to(users, 1, NULL), 0);
	envelope_init(&envelope);
	envelope_add(&envelope, PLACE_MAILBOX, slice_of("ivan"), SLICE_NONE);
	done.id = id.text;
	assert_int_equal(intake_accept_text(spool.intake, &envelope, SLICE_LITERAL("Subject: y\r\n\r\n"), &done, 1, &error), 0);
	assert_int_equal(replies_due(), 0);
	assert_int_equal(files_now("ivan"), 2);
	close_intake();
	remove_spool();
}

static void test_who_lists_the_queue_finds_it_complete(void **context)
{
	struct envelope envelope;
	struct queue_items items;
	struct error error;

	(void)context;
	open_spool(true, NEVER);
	envelope_init(&envelope);
	envelope_add(&envelope, PLACE_QUEUE, slice_of("out@example.net"), SLICE_NONE);
	assert_int_equal(intake_accept_text(spool.intake, &envelope, SLICE_LITERAL("Subject: x\r\n\r\n"), NULL, 0, &error), 0);
	assert_int_equal(queue_list(&spool, QUEUE_ALL, &items, &error), 0);
	assert_int_equal(items.count, 1);
	queue_items_clear(&items);
	close_intake();
	remove_spool();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_readers_find_what_was_acknowledged_and_in_order),
	    cmocka_unit_test(test_a_mailbox_gets_its_messages_in_order),
	    cmocka_unit_test(test_the_backlog_is_bounded),
	    cmocka_unit_test(test_a_reader_waits_for_his_mailbox_alone),
	    cmocka_unit_test(test_facts_are_applied_at_once),
	    cmocka_unit_test(test_who_lists_the_queue_finds_it_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
