/*
 * Folders under load: threads flag, copy, move, append and remove their own messages in the same folders, other programs rename and remove
 * files beside them, and the log is retired all the time. Each thread knows where its messages must be, with which UID and flags; no
 * UID is ever given to two messages. LANPOST_STRESS_SECONDS: for how long.
 */
#include "tests/unit/sample_folder.h"

#include "base/clock.h"

#include <poll.h>
#include <stdatomic.h>

#define THREADS 3
#define OWN_MAX 12
#define UIDS_MAX 200000

static const char *const boxes[] = {"ivan", "ivan/A", "ivan/B"};
#define BOXES 3

/* Which message each UID was given to: thread, and number of the message. */
static atomic_uint owners[BOXES][UIDS_MAX];
static atomic_bool failed, stopping;
static atomic_size_t operations;

struct own {
	int box;
	uint32_t uid, flags;
	unsigned number;
};
struct worker {
	unsigned index, random, next_number;
	struct own own[OWN_MAX];
	size_t count;
	pthread_t thread;
};

#define CHECK(condition)                                                                        \
	do {                                                                                    \
		if (!(condition) && !atomic_exchange(&failed, true))                            \
			print_message("%s:%d: %s is wrong\n", __FILE__, __LINE__, #condition); \
	} while (0)

static unsigned rnd(struct worker *worker, unsigned below)
{
	worker->random = worker->random * 1103515245 + 12345;
	return (worker->random >> 8) % below;
}

static void own_uid(struct worker *worker, const struct own *own)
{
	unsigned nobody = 0, me = (worker->index + 1) << 24 | own->number;

	CHECK(own->uid > 0 && own->uid < UIDS_MAX);
	if (own->uid < UIDS_MAX)
		CHECK(atomic_compare_exchange_strong(&owners[own->box][own->uid], &nobody, me) || nobody == me);
}

/* The message with this UID is ours, with these flags. */
static void check_own(struct worker *worker, struct folder *folder, const struct own *own)
{
	struct folder_message message = looked(folder, own->uid);
	struct error problem;
	struct slice bytes;
	unsigned thread, number;

	CHECK(message.uid == own->uid);
	CHECK(message.flags == own->flags);
	if (folder_read(folder, own->uid, &bytes, NULL, &problem) != 0) {
		CHECK(false);
		return;
	}
	CHECK(sscanf(bytes.ptr, "Subject: %u %u\r\n", &thread, &number) == 2 && thread == worker->index && number == own->number);
	fsx_unmap(bytes);
}

static void append(struct worker *worker)
{
	struct own own = {.box = (int)rnd(worker, BOXES), .number = ++worker->next_number, .flags = rnd(worker, 64)};
	struct folder_append message;
	struct error problem;
	uint32_t validity;
	char text[64];

	snprintf(text, sizeof(text), "Subject: %u %u\r\n\r\n", worker->index, own.number);
	folder_append_begin(&message, &house, NULL);
	message.flags = own.flags;
	CHECK(body_append(&message.body, slice_of(text), &message.id, &problem) == 0 && body_finish(&message.body, &problem) == 0);
	CHECK(folder_append(&house, boxes[own.box], &message, 1, "", &own.uid, &validity, &problem) == 0);
	own_uid(worker, &own);
	worker->own[worker->count++] = own;
}

static void transfer(struct worker *worker, struct folder *folder, struct own *own, bool is_move)
{
	struct own there = *own;
	struct error problem;
	uint32_t validity;

	there.box = (int)rnd(worker, BOXES);
	if (!is_move && worker->count == OWN_MAX)
		return;
	CHECK((is_move ? folder_move : folder_copy)(folder, &own->uid, 1, boxes[there.box], &there.uid, &validity, &problem) == 0);
	own_uid(worker, &there);
	if (is_move) {
		CHECK(looked(folder, own->uid).uid == 0);
		*own = there;
	} else {
		worker->own[worker->count++] = there;
	}
}

static void store(struct worker *worker, struct folder *folder, struct own *own)
{
	enum folder_change change = (enum folder_change)rnd(worker, 3);
	uint32_t flags = rnd(worker, 64), *left;
	struct error problem;
	size_t count;

	CHECK(folder_store(folder, &own->uid, 1, change, flags, UINT64_MAX, &left, &count, &problem) == 0);
	free(left);
	own->flags = change == FOLDER_SET ? flags : change == FOLDER_ADD ? own->flags | flags : own->flags & ~flags;
}

static void expunge(struct worker *worker, struct folder *folder, size_t at)
{
	struct error problem;

	CHECK(folder_expunge(folder, &worker->own[at].uid, 1, &problem) == 0);
	CHECK(looked(folder, worker->own[at].uid).uid == 0);
	worker->own[at] = worker->own[--worker->count];
}

static void do_one(struct worker *worker)
{
	size_t at = worker->count == 0 ? 0 : rnd(worker, (unsigned)worker->count);
	struct own *own = &worker->own[at];
	struct folder *folder;
	struct error problem;
	unsigned what = rnd(worker, 6);

	atomic_fetch_add(&operations, 1);
	if (worker->count == 0 || (what == 0 && worker->count < OWN_MAX)) {
		append(worker);
		return;
	}
	if (folder_open(&folder, &house, boxes[own->box], &problem) != 0) {
		CHECK(false);
		return;
	}
	check_own(worker, folder, own);
	if (what == 1)
		transfer(worker, folder, own, true);
	else if (what == 2)
		transfer(worker, folder, own, false);
	else if (what == 3 && worker->count > OWN_MAX / 2)
		expunge(worker, folder, at);
	else
		store(worker, folder, own);
	folder_close(folder);
}

static void *work(void *context)
{
	while (!atomic_load(&stopping) && !atomic_load(&failed))
		do_one(context);
	return NULL;
}

/* --- other programs */

static void poll_a_moment(void)
{
	poll(NULL, 0, 2);
}

static void foreign_path(char *out, size_t size, int box, const char *part, int number, const char *flags)
{
	char *folder = layout_mailbox(&house, boxes[box], part);

	snprintf(out, size, "%s/%d.foreign.host%s", folder, 1000 + number, flags);
	free(folder);
}

/* A file appears in new/, is renamed to cur/, gets flags, goes. */
static void *interfere(void *context)
{
	(void)context;
	for (int number = 0; !atomic_load(&stopping); number++) {
		char made[300], read[300], flagged[300];
		struct slice text = SLICE_LITERAL("Subject: foreign\n\n");
		struct error problem;
		int box = number % BOXES;

		foreign_path(made, sizeof(made), box, "new", number, "");
		foreign_path(read, sizeof(read), box, "cur", number, ":2,S");
		foreign_path(flagged, sizeof(flagged), box, "cur", number, ":2,FS");
		CHECK(fsx_create(made, &text, 1, 0600, &problem) == 0);
		poll_a_moment();
		CHECK(rename(made, read) == 0);
		poll_a_moment();
		CHECK(rename(read, flagged) == 0);
		poll_a_moment();
		CHECK(unlink(flagged) == 0);
	}
	return NULL;
}

/* --- the test */

static unsigned seconds(void)
{
	const char *text = getenv("LANPOST_STRESS_SECONDS");

	return text == NULL ? 2 : (unsigned)strtoul(text, NULL, 10);
}

static void check_all(struct worker *workers)
{
	size_t count = 0, there = 0;

	for (int box = 0; box < BOXES; box++) {
		struct folder *folder = opened(boxes[box]);
		uint32_t *uids;

		for (size_t i = 0; i < THREADS; i++)
			for (size_t j = 0; j < workers[i].count; j++)
				if (workers[i].own[j].box == box) {
					check_own(&workers[i], folder, &workers[i].own[j]);
					count++;
				}
		there += folder_uids(folder, &uids);
		free(uids);
		folder_close(folder);
	}
	assert_false(failed);
	assert_int_equal(there, count);
}

static void test_threads_and_other_programs(void **context)
{
	struct worker *workers = xcalloc(THREADS, sizeof(*workers));
	int64_t end = clock_now_ms() + 1000 * (int64_t)seconds();
	pthread_t other;
	struct error problem;

	(void)context;
	for (int box = 0; box < BOXES; box++)
		OK(mailbox_make(&house, boxes[box], &error));
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){.index = i, .random = 7 + i};
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
	assert_int_equal(pthread_create(&other, NULL, interfere, NULL), 0);
	while (clock_now_ms() < end && !atomic_load(&failed)) {
		OK(checkpoint_run(house.intake, &problem));
		poll_a_moment();
	}
	atomic_store(&stopping, true);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
	pthread_join(other, NULL);
	check_all(workers);
	house_stop();
	house_start();
	check_all(workers);
	print_message("%zu operations\n", (size_t)operations);
	free(workers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_threads_and_other_programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
