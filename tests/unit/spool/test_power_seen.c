/*
 * \Seen of the members of a shared mailbox (spool/QUEUE.md, "Shared mailboxes"), through a power cut at each sync, a kill at each change of the
 * disk, and one failure of each. What was acknowledged holds for that member and for no other; what was not has happened for each message or
 * has not.
 */
#include "spool/layout_priv.h"
#include "spool/log/intake_priv.h"
#include "spool/mailbox/folder_priv.h"
#include "spool/storage/folder.h"
#include "tests/unit/power_life.h"

#define MESSAGES 4

static const char *const boxes[] = {"info", "info/Old", "ivan"};
static const char *const people[] = {"ivan", "olga"};
enum { INFO, OLD, OWN, BOXES };
enum { IVAN, OLGA, PEOPLE };

/* Where each message is, and who has read it there. */
struct world {
	unsigned char count[MESSAGES + 1][BOXES];
	unsigned char seen[MESSAGES + 1][BOXES][PEOPLE];
};
/* Shared with the process that dies. */
struct promises {
	struct world now, next;
	bool in_progress;
};
#define promise ((struct promises *)life_promise)

static int open_as(struct folder **folder, struct spool *house, int box, int person, struct error *error)
{
	return box == OWN ? folder_open(folder, house, boxes[box], error)
			  : folder_open_shared(folder, house, boxes[box], people[person], error);
}

/* --- what is there */

static int message_of(struct folder *folder, uint32_t uid)
{
	struct error error;
	struct slice bytes;
	int n = 0;

	if (folder_read(folder, uid, &bytes, NULL, &error) != 0)
		return 0;
	if (sscanf(bytes.ptr, "Message-ID: <%d@test>", &n) != 1)
		n = 0;
	fsx_unmap(bytes);
	return n > 0 && n <= MESSAGES ? n : 0;
}

static bool look_as(struct spool *house, int box, int person, struct world *world)
{
	struct folder *folder;
	struct error error;
	uint32_t *uids;
	size_t count;
	bool right = true;

	if (open_as(&folder, house, box, person, &error) != 0)
		return error.class == ERROR_PERMANENT;
	count = folder_uids(folder, &uids);
	for (size_t i = 0; i < count && right; i++) {
		struct folder_message message;
		int n = message_of(folder, uids[i]);

		folder_look(folder, &uids[i], 1, &message);
		right = n > 0 && message.modseq <= folder_modseq(folder);
		if (person == IVAN)
			world->count[n][box]++;
		world->seen[n][box][person] = (message.flags & FOLDER_SEEN) != 0;
	}
	free(uids);
	folder_close(folder);
	return right;
}

static bool look(struct spool *house, struct world *world)
{
	bool right = true;

	memset(world, 0, sizeof(*world));
	for (int box = 0; box < BOXES; box++)
		for (int person = 0; person < (box == OWN ? 1 : PEOPLE); person++)
			right = look_as(house, box, person, world) && right;
	folder_forget(house);
	return right;
}

static bool is_as_promised(struct spool *house)
{
	struct world actual;

	if (!look(house, &actual))
		return false;
	for (int n = 1; n <= MESSAGES; n++) {
		/* A command of several messages may have marked some of them: each is as before or as after. */
		bool as_before = memcmp(actual.count[n], promise->now.count[n], sizeof(actual.count[n])) == 0 &&
				 memcmp(actual.seen[n], promise->now.seen[n], sizeof(actual.seen[n])) == 0;
		bool as_after = promise->in_progress && memcmp(actual.count[n], promise->next.count[n], sizeof(actual.count[n])) == 0 &&
				memcmp(actual.seen[n], promise->next.seen[n], sizeof(actual.seen[n])) == 0;

		if (as_before || as_after)
			continue;
		for (int box = 0; box < BOXES; box++)
			print_message("message %d in %s: %d (seen by %d %d), not %d (%d %d)%s\n", n, boxes[box], actual.count[n][box],
			    actual.seen[n][box][IVAN], actual.seen[n][box][OLGA], promise->now.count[n][box], promise->now.seen[n][box][IVAN],
			    promise->now.seen[n][box][OLGA], promise->in_progress ? ", in progress" : "");
		return false;
	}
	return true;
}

/* --- the life */

static void begin_command(void)
{
	promise->next = promise->now;
}

/* After a failure the command may have happened: it is looked at. */
static void end_command(struct spool *house, bool done)
{
	int (*hook)(const char *, const char *, const char *) = fsx_hook;

	fsx_hook = NULL;
	if (done)
		promise->now = promise->next;
	else if (is_as_promised(house))
		look(house, &promise->now);
	fsx_hook = hook;
	promise->in_progress = false;
}

static uint32_t uid_of(struct folder *folder, int n)
{
	uint32_t *uids, found = 0;
	size_t count = folder_uids(folder, &uids);

	for (size_t i = 0; i < count; i++)
		found = message_of(folder, uids[i]) == n ? uids[i] : found;
	free(uids);
	return found;
}

static void receive(struct spool *house, int n, int box)
{
	struct envelope envelope;
	struct error error;
	bool done;

	begin_command();
	promise->next.count[n][box]++;
	promise->in_progress = true;
	envelope_init(&envelope);
	envelope_add(&envelope, PLACE_MAILBOX, slice_of(boxes[box]), SLICE_NONE);
	done = intake_accept_text(house->intake, &envelope, house_text(n, 500), NULL, 0, &error) == 0;
	end_command(house, done);
}

/* Two messages at once. */
static void mark(struct spool *house, int person, int box, int first, int second, bool is_seen)
{
	int numbers[] = {first, second};
	struct folder *folder;
	struct error error;
	uint32_t *left = NULL, uids[2];
	size_t count = 0, left_count;
	bool done;

	if (open_as(&folder, house, box, person, &error) != 0)
		return;
	begin_command();
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		uint32_t uid = uid_of(folder, numbers[i]);

		if (uid == 0)
			continue;
		promise->next.seen[numbers[i]][box][person] = is_seen;
		uids[count++] = uid;
	}
	promise->in_progress = true;
	done = folder_store(folder, uids, count, is_seen ? FOLDER_ADD : FOLDER_TAKE, FOLDER_SEEN, UINT64_MAX, &left, &left_count, &error) == 0;
	folder_close(folder);
	end_command(house, done);
	free(left);
}

/* Within the mailbox what both have read goes along, else what the person has. */
static void transfer(struct spool *house, int person, int n, int from, int to, bool is_move)
{
	struct folder *folder;
	struct error error;
	uint32_t uid, there, validity;
	bool done;

	if (open_as(&folder, house, from, person, &error) != 0)
		return;
	uid = uid_of(folder, n);
	begin_command();
	if (uid != 0) {
		promise->next.count[n][to]++;
		if (is_move)
			promise->next.count[n][from]--;
		for (int who = 0; who < PEOPLE; who++) {
			bool goes = (from != OWN && to != OWN) || who == person;

			promise->next.seen[n][to][who] = goes && promise->now.seen[n][from][who];
			if (is_move)
				promise->next.seen[n][from][who] = 0;
		}
	}
	promise->in_progress = true;
	done = (is_move ? folder_move : folder_copy)(folder, &uid, 1, boxes[to], &there, &validity, &error) == 0;
	folder_close(folder);
	end_command(house, done);
}

static void live(const char *path)
{
	struct spool house;
	struct error error;

	if (house_open(&house, path)) {
		folder_create(&house, "info/Old", &error);
		receive(&house, 1, INFO);
		receive(&house, 2, INFO);
		mark(&house, IVAN, INFO, 1, 2, true);
		mark(&house, OLGA, INFO, 2, 2, true);
		mark(&house, IVAN, INFO, 2, 2, false);
		transfer(&house, IVAN, 2, INFO, OLD, true);
		transfer(&house, OLGA, 1, INFO, OLD, false);
		folder_forget(&house);
		house_close(&house);
	}
	if (house_open(&house, path)) {
		receive(&house, 3, OWN);
		mark(&house, IVAN, OWN, 3, 3, true);
		transfer(&house, IVAN, 3, OWN, INFO, true);
		transfer(&house, IVAN, 1, OLD, OWN, false);
		mark(&house, OLGA, INFO, 3, 1, true);
		folder_forget(&house);
		house_close(&house);
	}
}

/* --- the tests */

static void test_power_cut_at_each_sync(void **context)
{
	(void)context;
	life_cut(2);
	assert_false(promise->in_progress);
	assert_int_equal(promise->now.seen[2][OLD][OLGA], 1);
	assert_int_equal(promise->now.seen[3][INFO][IVAN], 1);
	assert_int_equal(promise->now.seen[1][OWN][IVAN], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    LIFE_TEST(test_power_cut_at_each_sync),
	    LIFE_TEST(test_death_at_every_change),
	    LIFE_TEST(test_each_change_of_the_disk_fails_once),
	};

	life = &(struct life){live, is_as_promised, sizeof(struct promises), 50};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
