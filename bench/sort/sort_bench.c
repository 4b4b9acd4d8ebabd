/*
 * The speed of the sorter.
 *
 * usage: sort_bench memory FOLDER
 *        sort_bench deliver FOLDER SPOOL
 *
 *   FOLDER    messages and rules that generate.py writes
 *   memory    reads the messages first; measures the decision and the envelope, on one core
 *   deliver   from the file of each message to the mailboxes of SPOOL, which is created, through the
 *             intake log as in a session (64 messages per commit), until all is durable and the log
 *             is empty again
 *
 * Prints: name TAB messages per second. `deliver` checks FOLDER/expected.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/file/fsx.h"
#include "spool/storage/intake.h"
#include "spool/storage/mailbox.h"
#include "sorter/sorter.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define MESSAGE_MAX (1u << 24)
#define BATCH 64

struct bench {
	char *folder;
	struct conf *conf;
	struct spool spool;
	struct sorter *sorter;
	struct strlist files;
};

static void fail(const char *text)
{
	fprintf(stderr, "sort_bench: %s\n", text);
	exit(1);
}

static void open_bench(struct bench *bench, const char *folder)
{
	char *conf = xasprintf("%s/lanpost.conf", folder), *mail = xasprintf("%s/mail/new", folder);
	struct conf_problems problems = {0};
	struct error error = ERROR_INIT;
	struct dirent *entry;
	DIR *dir;

	bench->folder = xstrdup(folder);
	bench->conf = conf_load(conf, &problems);
	if (bench->conf == NULL)
		fail(PHRASE_EN(problems.items[0].phrase));
	conf_problems_clear(&problems);
	bench->sorter = sorter_new(bench->conf, &error);
	if (bench->sorter == NULL)
		fail(ERROR_EN(&error));
	dir = opendir(mail);
	if (dir == NULL)
		fail("no mail; run generate.py");
	while ((entry = readdir(dir)) != NULL) {
		char *path = xasprintf("%s/%s", mail, entry->d_name);

		if (entry->d_name[0] != '.')
			strlist_add(&bench->files, path);
		free(path);
	}
	closedir(dir);
	free(conf);
	free(mail);
}

static struct slice read_message(const char *path)
{
	struct error error;
	size_t len;
	char *text;

	if (fsx_read(path, MESSAGE_MAX, &text, &len, &error) != 0)
		fail(ERROR_EN(&error));
	return slice_make(text, len);
}

static void route(const struct bench *bench, struct slice message, struct envelope *envelope)
{
	const struct sorter_message sorted = {message, "", message.len, envelope->time, NULL, NULL, NULL};
	struct sorter_decision decision;

	sorter_decide(bench->sorter, &sorted, &decision);
	sorter_fill(bench->conf, message, envelope, &decision);
	decision_clear(&decision);
}

static void tell(const char *what, size_t count, int64_t microseconds)
{
	printf("%s\t%.0f\n", what, (double)count * 1e6 / (double)microseconds);
}

static void run_memory(const struct bench *bench)
{
	struct slice *messages = xcalloc(bench->files.count, sizeof(*messages));
	int64_t start;

	for (size_t i = 0; i < bench->files.count; i++)
		messages[i] = read_message(bench->files.items[i]);
	start = clock_wall_us();
	for (size_t i = 0; i < bench->files.count; i++) {
		struct envelope envelope;

		envelope_init(&envelope);
		route(bench, messages[i], &envelope);
		envelope_clear(&envelope);
	}
	tell("memory", bench->files.count, clock_wall_us() - start);
	for (size_t i = 0; i < bench->files.count; i++)
		free((char *)(uintptr_t)messages[i].ptr);
	free(messages);
}

static void append_message(const struct bench *bench, struct intake_batch *batch, const char *path)
{
	struct slice message = read_message(path), bytes;
	struct envelope envelope;
	struct error error;
	struct body body;
	char date[64];
	char *received;

	envelope_init(&envelope);
	envelope_set(&envelope.account, SLICE_LITERAL("bench"));
	envelope_set(&envelope.uidl, slice_of(path));
	received = xasprintf("from pop.example.ru by bench.test with POP3S id %s; %s",
	    envelope.id.text, clock_rfc5322(date, sizeof(date), envelope.time));
	envelope_add_header(&envelope, "Received", slice_of(received));
	free(received);
	body_init(&body, &bench->spool);
	if (body_append(&body, message, &envelope.id, &error) != 0 ||
	    body_finish(&body, &error) != 0 || body_view(&body, &bytes, &error) != 0)
		fail(ERROR_EN(&error));
	free((char *)(uintptr_t)message.ptr);
	route(bench, bytes, &envelope);
	intake_batch_append(batch, &envelope, &body, NULL, 0);
}

static void deliver_all(const struct bench *bench, struct intake *intake)
{
	struct intake_batch *batch = intake_batch_new(intake);
	struct error error;

	for (size_t i = 0; i < bench->files.count; i++) {
		append_message(bench, batch, bench->files.items[i]);
		if (((i + 1) % BATCH == 0 || i + 1 == bench->files.count) &&
		    intake_batch_commit(batch, &error) != 0)
			fail(ERROR_EN(&error));
	}
	intake_batch_free(batch);
}

static void check_mailbox(const struct bench *bench, struct slice line)
{
	struct slice box = slice_cut(&line, ' ');
	char *user = slice_dup(box);
	struct mailbox_list list;
	struct error error;
	uint64_t wanted;

	if (!slice_number(slice_trim(line), 0, UINT64_MAX, &wanted) ||
	    mailbox_list(&bench->spool, user, &list, &error) != 0)
		fail("cannot check the mailboxes");
	if (list.count != wanted) {
		fprintf(stderr, "sort_bench: %s has %zu messages, not %llu\n", user, list.count,
		    (unsigned long long)wanted);
		exit(1);
	}
	mailbox_list_clear(&list);
	free(user);
}

static void check_all(const struct bench *bench)
{
	char *path = xasprintf("%s/expected", bench->folder);
	struct slice all = read_message(path), rest = all;

	while (rest.len > 0)
		check_mailbox(bench, slice_cut(&rest, '\n'));
	free((char *)(uintptr_t)all.ptr);
	free(path);
}

static void run_deliver(struct bench *bench, char *folder)
{
	struct error error;
	int64_t start;

	free(bench->conf->gateway.spool);
	bench->conf->gateway.spool = xstrdup(folder);
	if (mkdir(folder, 0700) != 0)
		fail("SPOOL is there already");
	if (spool_open(&bench->spool, bench->conf, &(struct spool_options){.writer = "session"}, &error) != 0)
		fail(ERROR_EN(&error));
	start = clock_wall_us();
	deliver_all(bench, bench->spool.intake);
	if (intake_close(bench->spool.intake, &error) != 0)
		fail(ERROR_EN(&error));
	bench->spool.intake = NULL;
	tell("deliver", bench->files.count, clock_wall_us() - start);
	check_all(bench);
	spool_close(&bench->spool, NULL);
}

int main(int argc, char **argv)
{
	struct bench bench = {0};

	bool in_memory = argc == 3 && strcmp(argv[1], "memory") == 0;

	if (!in_memory && (argc != 4 || strcmp(argv[1], "deliver") != 0))
		fail("usage: sort_bench memory FOLDER | deliver FOLDER SPOOL");
	open_bench(&bench, argv[2]);
	if (in_memory)
		run_memory(&bench);
	else
		run_deliver(&bench, argv[3]);
	sorter_free(bench.sorter);
	conf_free(bench.conf);
	strlist_clear(&bench.files);
	free(bench.folder);
	return 0;
}
