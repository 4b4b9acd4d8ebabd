/*
 * Folders (spool/QUEUE.md): flags, copies, moves, appends, removals, new names and UIDs, through a power cut at each sync, a kill at each change
 * of the disk, and one failure of each. A command that was acknowledged holds, one that was not has happened wholly or not at all, and a
 * UID that was given never names another message.
 */
#include "spool/layout_priv.h"
#include "spool/log/intake_priv.h"
#include "spool/mailbox/folder_priv.h"
#include "spool/storage/folder.h"
#include "spool/storage/mailbox.h"
#include "tests/unit/power_life.h"

#define MESSAGES 8
#define UIDS_MAX 64

static const char *const boxes[] = {"ivan", "ivan/A", "ivan/B", "ivan/C"};
enum { INBOX, A, B, C, BOXES };

/* How often each message is in each mailbox, and its flags there. */
struct world {
	unsigned char count[MESSAGES + 1][BOXES];
	uint32_t flags[MESSAGES + 1][BOXES];
};
struct given {
	uint32_t validity, uid;
	int box, message;
};
/* Shared with the process that dies. */
struct promises {
	struct world now, next;
	bool in_progress;
	struct given uids[UIDS_MAX];
	size_t uid_count;
};
#define promise ((struct promises *)life_promise)

#define APPENDED 3 /* this message is large: its body is a file */
#define LARGE (70u << 10)

static size_t size_of(int n)
{
	return (n == APPENDED ? LARGE : 3000) + (size_t)n;
}

/* --- what is there */

static int message_in(struct slice bytes)
{
	int n;

	return bytes.len > 9 && sscanf(bytes.ptr, "Subject: %d\r", &n) == 1 && bytes.len == size_of(n) ? n : 0;
}

static char *text_of(int n)
{
	struct buf text = BUF_INIT(LARGE + 1000);

	buf_printf(&text, "Subject: %d\r\n\r\n", n);
	for (unsigned i = 0; text.len < size_of(n); i++)
		buf_append_byte(&text, (char)('a' + (i * 7 + (unsigned)n) % 26));
	return buf_take(&text);
}

/* Returns false if a message is damaged. */
static bool look(struct spool *house, struct world *world)
{
	bool right = true;

	memset(world, 0, sizeof(*world));
	for (int box = 0; box < BOXES; box++) {
		struct folder *folder;
		struct error error;
		uint32_t *uids;
		size_t count;

		if (folder_open(&folder, house, boxes[box], &error) != 0) {
			right = right && error.class == ERROR_PERMANENT;
			continue;
		}
		count = folder_uids(folder, &uids);
		for (size_t i = 0; i < count; i++) {
			struct folder_message message;
			struct slice bytes;
			int n = 0;

			folder_look(folder, &uids[i], 1, &message);
			if (folder_read(folder, uids[i], &bytes, NULL, &error) == 0) {
				n = message_in(bytes);
				fsx_unmap(bytes);
			}
			right = right && n > 0 && n <= MESSAGES;
			if (!right) {
				print_message("%s: UID %u is damaged\n", boxes[box], uids[i]);
				break;
			}
			world->count[n][box]++;
			world->flags[n][box] = message.flags;
		}
		free(uids);
		folder_close(folder);
	}
	folder_forget(house);
	return right;
}

static bool uids_are_kept(struct spool *house)
{
	for (size_t i = 0; i < promise->uid_count; i++) {
		const struct given *given = &promise->uids[i];
		struct folder *folder;
		struct error error;
		struct slice bytes;
		bool right = true;

		if (folder_open(&folder, house, boxes[given->box], &error) != 0)
			continue;
		if (folder_uid_validity(folder) == given->validity && folder_read(folder, given->uid, &bytes, NULL, &error) == 0) {
			right = message_in(bytes) == given->message;
			fsx_unmap(bytes);
		}
		right = right && folder_uid_validity(folder) >= given->validity;
		if (!right)
			print_message("%s: UID %u was message %d\n", boxes[given->box], given->uid, given->message);
		folder_close(folder);
		if (!right)
			return false;
	}
	folder_forget(house);
	return true;
}

static bool is_as_promised(struct spool *house)
{
	struct world actual;

	if (!look(house, &actual) || !uids_are_kept(house))
		return false;
	if (memcmp(&actual, &promise->now, sizeof(actual)) == 0 ||
	    (promise->in_progress && memcmp(&actual, &promise->next, sizeof(actual)) == 0))
		return true;
	for (int n = 1; n <= MESSAGES; n++)
		for (int box = 0; box < BOXES; box++)
			if (actual.count[n][box] != promise->now.count[n][box] || actual.flags[n][box] != promise->now.flags[n][box])
				print_message("message %d in %s: %d (flags %x), not %d (%x)%s\n", n, boxes[box], actual.count[n][box],
				    actual.flags[n][box], promise->now.count[n][box], promise->now.flags[n][box],
				    promise->in_progress ? ", in progress" : "");
	return false;
}

/* --- the life */

static void begin_command(void)
{
	promise->next = promise->now;
}

/* After a failure the command may have happened: it is looked at. */
static void end_command(struct spool *house, bool done)
{
	struct world actual;
	int (*hook)(const char *, const char *, const char *) = fsx_hook;

	if (done) {
		promise->now = promise->next;
		promise->in_progress = false;
		return;
	}
	fsx_hook = NULL;
	if (look(house, &actual) && memcmp(&actual, &promise->next, sizeof(actual)) == 0)
		promise->now = promise->next;
	fsx_hook = hook;
	promise->in_progress = false;
}

static void remember(struct folder *folder, int box)
{
	uint32_t *uids;
	size_t count = folder_uids(folder, &uids);

	for (size_t i = 0; i < count; i++) {
		struct given *given = &promise->uids[promise->uid_count];
		struct error error;
		struct slice bytes;

		if (promise->uid_count == UIDS_MAX || folder_read(folder, uids[i], &bytes, NULL, &error) != 0)
			continue;
		*given = (struct given){folder_uid_validity(folder), uids[i], box, message_in(bytes)};
		promise->uid_count++;
		fsx_unmap(bytes);
	}
	free(uids);
}

static uint32_t uid_of(struct folder *folder, int n)
{
	uint32_t *uids, found = 0;
	size_t count = folder_uids(folder, &uids);

	for (size_t i = 0; i < count; i++) {
		struct error error;
		struct slice bytes;

		if (folder_read(folder, uids[i], &bytes, NULL, &error) != 0)
			continue;
		found = message_in(bytes) == n ? uids[i] : found;
		fsx_unmap(bytes);
	}
	free(uids);
	return found;
}

static void receive(struct spool *house, int n, int box)
{
	struct envelope envelope;
	struct error error;
	char *text = text_of(n);
	bool done;

	begin_command();
	promise->next.count[n][box]++;
	promise->in_progress = true;
	envelope_init(&envelope);
	envelope_add(&envelope, PLACE_MAILBOX, slice_of(boxes[box]), SLICE_NONE);
	done = intake_accept_text(house->intake, &envelope, slice_of(text), NULL, 0, &error) == 0;
	end_command(house, done);
	free(text);
}

static void append(struct spool *house, int n, int box, uint32_t flags)
{
	struct folder_append message;
	struct error error;
	char *text = text_of(n);
	uint32_t uid, validity;
	bool done = false;

	begin_command();
	promise->next.count[n][box]++;
	promise->next.flags[n][box] = flags;
	promise->in_progress = true;
	folder_append_begin(&message, house, NULL);
	message.flags = flags;
	message.time = 1000000000 + n;
	body_memory_take(BODY_MEMORY_ALL + 1); /* its body goes to a file */
	if (body_append(&message.body, slice_of(text), &message.id, &error) == 0 && body_finish(&message.body, &error) == 0)
		done = folder_append(house, boxes[box], &message, 1, "", &uid, &validity, &error) == 0;
	body_memory_give(BODY_MEMORY_ALL + 1);
	body_clear(&message.body, false);
	if (done && uid != 0 && promise->uid_count < UIDS_MAX)
		promise->uids[promise->uid_count++] = (struct given){validity, uid, box, n};
	end_command(house, done);
	free(text);
}

static void set_flags(struct spool *house, int n, int box, uint32_t flags)
{
	struct folder *folder;
	struct error error;
	uint32_t *left = NULL, uid;
	size_t count;
	bool done;

	if (folder_open(&folder, house, boxes[box], &error) != 0)
		return;
	remember(folder, box);
	uid = uid_of(folder, n);
	begin_command();
	if (uid != 0)
		promise->next.flags[n][box] = flags;
	promise->in_progress = true;
	done = folder_store(folder, &uid, 1, FOLDER_SET, flags, UINT64_MAX, &left, &count, &error) == 0;
	end_command(house, done);
	free(left);
	folder_close(folder);
}

/* All messages of a mailbox, or one. */
static void transfer(struct spool *house, int n, int from, int to, bool is_move)
{
	struct folder *folder;
	struct error error;
	uint32_t uid, there, validity;
	bool done;

	if (folder_open(&folder, house, boxes[from], &error) != 0)
		return;
	remember(folder, from);
	uid = uid_of(folder, n);
	begin_command();
	if (uid != 0) {
		promise->next.count[n][to]++;
		promise->next.flags[n][to] = promise->now.flags[n][from];
		promise->next.count[n][from] -= is_move;
		if (promise->next.count[n][from] == 0)
			promise->next.flags[n][from] = 0;
	}
	promise->in_progress = true;
	done = (is_move ? folder_move : folder_copy)(folder, &uid, 1, boxes[to], &there, &validity, &error) == 0;
	if (done && there != 0 && promise->uid_count < UIDS_MAX)
		promise->uids[promise->uid_count++] = (struct given){validity, there, to, n};
	end_command(house, done);
	folder_close(folder);
}

static void expunge(struct spool *house, int n, int box)
{
	struct folder *folder;
	struct error error;
	uint32_t uid;
	bool done;

	if (folder_open(&folder, house, boxes[box], &error) != 0)
		return;
	uid = uid_of(folder, n);
	begin_command();
	if (uid != 0) {
		promise->next.count[n][box] = 0;
		promise->next.flags[n][box] = 0;
	}
	promise->in_progress = true;
	done = folder_expunge(folder, &uid, 1, &error) == 0;
	end_command(house, done);
	folder_close(folder);
}

static void rename_or_delete(struct spool *house, int from, int to)
{
	struct error error;
	struct world actual;
	int (*hook)(const char *, const char *, const char *) = fsx_hook;

	fsx_hook = NULL;
	look(house, &actual);
	fsx_hook = hook;
	begin_command();
	for (int n = 1; n <= MESSAGES; n++) {
		if (actual.count[n][from] == 0)
			continue; /* its delivery has failed, and comes later */
		if (to < BOXES) {
			promise->next.count[n][to] = promise->now.count[n][from];
			promise->next.flags[n][to] = promise->now.flags[n][from];
		}
		promise->next.count[n][from] = 0;
		promise->next.flags[n][from] = 0;
	}
	promise->in_progress = true;
	end_command(house, (to < BOXES ? folder_rename(house, boxes[from], boxes[to], &error) : folder_delete(house, boxes[from], &error)) == 0);
}

static void live(const char *path)
{
	struct spool house;
	struct error error;

	if (house_open(&house, path)) {
		folder_create(&house, "ivan/A", &error);
		receive(&house, 1, INBOX);
		receive(&house, 2, INBOX);
		set_flags(&house, 1, INBOX, FOLDER_SEEN);
		transfer(&house, 1, INBOX, A, false);
		transfer(&house, 2, INBOX, A, true);
		set_flags(&house, 2, A, FOLDER_FLAGGED);
		house_checkpoint(&house);
		set_flags(&house, 1, INBOX, FOLDER_FLAGGED);
		set_flags(&house, 1, INBOX, 0);
		transfer(&house, 2, A, INBOX, true);
		append(&house, APPENDED, A, FOLDER_DRAFT);
		expunge(&house, 1, A);
		receive(&house, 4, B);
		folder_forget(&house);
		house_close(&house);
	}
	if (house_open(&house, path)) {
		receive(&house, 7, B);
		set_flags(&house, 7, B, FOLDER_SEEN);
		expunge(&house, 7, B);
		receive(&house, 8, B); /* has not the UID of the other one */
		set_flags(&house, 8, B, FOLDER_SEEN);
		receive(&house, 5, A);
		transfer(&house, 4, B, A, true);
		rename_or_delete(&house, A, C);
		receive(&house, 6, A);
		set_flags(&house, 6, A, FOLDER_SEEN);
		rename_or_delete(&house, B, BOXES);
		transfer(&house, 2, INBOX, C, true);
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
	assert_int_equal(promise->now.count[2][C], 1);
	assert_int_equal(promise->now.count[6][A], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    LIFE_TEST(test_power_cut_at_each_sync),
	    LIFE_TEST(test_death_at_every_change),
	    LIFE_TEST(test_each_change_of_the_disk_fails_once),
	};

	life = &(struct life){live, is_as_promised, sizeof(struct promises), 100};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
