/*
 * "When the disk lies" (spool/QUEUE.md): mail of LAN programs, queued and sent mail, through power cuts (power_cut.h).
 * Also each sync fails once and drops the data that was not synced; and each change of the disk fails once.
 */
#include "spool/layout_priv.h"
#include "spool/log/intake_priv.h"
#include "spool/storage/mailbox.h"
#include "spool/queue/queue_priv.h"
#include "spool/storage/state_seen.h"
#include "tests/unit/power_cut.h"
#include "tests/unit/power_house.h"

#include <fcntl.h>
#include <stdatomic.h>

#define MESSAGES 7 /* one more than there are */
#define LARGE 3

/* --- promises so far */

struct promise {
	bool accepted[MESSAGES + 1], tried[MESSAGES + 1];
	bool removed, removing; /* message 1 of ivan */
	bool sent, sending;	/* message 2 */
};
static struct promise promise;
static bool late; /* messages stay in the backlog, over syncs and checkpoints, until a reader comes */

static bool is_for_queue(int n)
{
	return n != 1;
}

/* --- the life */

static size_t body_size(int n)
{
	return n == LARGE ? (1u << 20) + 5000 : 3000;
}

static struct slice text_of(int n)
{
	return house_text(n, body_size(n));
}

static void accept_one(struct spool *house, int n)
{
	struct envelope envelope;
	struct body body;
	struct error error;
	char uidl[16];

	envelope_init(&envelope);
	snprintf(uidl, sizeof(uidl), "u%d", n);
	envelope_set(&envelope.account, slice_of("sales"));
	envelope_set(&envelope.uidl, slice_of(uidl));
	envelope_add(&envelope, PLACE_MAILBOX, slice_of("ivan"), SLICE_NONE);
	envelope_add(&envelope, PLACE_BOSS, slice_of("chief"), SLICE_NONE);
	if (is_for_queue(n))
		envelope_add(&envelope, PLACE_QUEUE, slice_of("out@example.net"), SLICE_NONE);
	body_init(&body, house);
	promise.tried[n] = true;
	if (body_append(&body, text_of(n), &envelope.id, &error) == 0 && body_finish(&body, &error) == 0) {
		promise.accepted[n] = intake_accept(house->intake, &envelope, &body, NULL, 0, &error) == 0;
	} else {
		envelope_clear(&envelope);
		body_clear(&body, false);
	}
	if (!late)
		intake_await(house->intake, NULL);
}

/* How often message n is complete in a mailbox; -1: something is damaged. */
static int count_in(const struct spool *house, const char *user, int n)
{
	struct mailbox_list list;
	struct error error;
	struct slice text = text_of(n);
	int count = 0;

	if (mailbox_list(house, user, &list, &error) != 0)
		_exit(3);
	for (size_t i = 0; i < list.count && count >= 0; i++) {
		struct slice bytes;

		if (mailbox_open(house, user, &list.items[i], &bytes, &error) != 0)
			_exit(3);
		if (bytes.len != list.items[i].size || bytes.len < 100 || memchr(bytes.ptr, 0, bytes.len) != NULL)
			count = -1;
		else if (house_text_ends(bytes, text))
			count++;
		fsx_unmap(bytes);
	}
	mailbox_list_clear(&list);
	return count;
}

static int count_queued(const struct spool *house, int n)
{
	struct queue_items items;
	struct error error;
	struct slice text = text_of(n);
	int count = 0;

	if (queue_list(house, 7, &items, &error) != 0)
		_exit(3);
	for (size_t i = 0; i < items.count && count >= 0; i++) {
		char *path = queue_message_path(house, &items.items[i], &error);
		struct envelope envelope;
		struct slice bytes;

		if (path == NULL || queue_read(house, &items.items[i], &envelope, &error) != 0 || fsx_map(path, &bytes, &error) != 0) {
			count = -1;
		} else {
			if (memchr(bytes.ptr, 0, bytes.len) != NULL)
				count = -1;
			else if (house_text_ends(bytes, text))
				count++;
			fsx_unmap(bytes);
			envelope_clear(&envelope);
		}
		free(path);
	}
	queue_items_clear(&items);
	return count;
}

static void remove_first(struct spool *house)
{
	struct mailbox_list list;
	struct error error;

	if (!promise.accepted[1] || mailbox_list(house, "ivan", &list, &error) != 0)
		return;
	promise.removing = list.count > 0;
	if (list.count > 0)
		promise.removed = intake_remove(house->intake, "ivan", (const char *const[]){list.items[0].unique}, 1, &error) == 0;
	mailbox_list_clear(&list);
}

static void send_one(struct spool *house)
{
	struct queue_items items;
	struct error error;
	struct fact fact = {.kind = FACT_SENT, .name = "out@example.net", .text = "250 ok"};

	if (!promise.accepted[2] || queue_list(house, 1, &items, &error) != 0)
		return;
	if (items.count > 0) {
		fact.id = items.items[0].id.text;
		promise.sending = true;
		promise.sent = intake_accept(house->intake, NULL, NULL, &fact, 1, &error) == 0;
	}
	queue_items_clear(&items);
}

/* The work of the checkpoint thread, twice, at a time of our choice. */
static bool reused;

static bool segment_is_blank_behind(struct intake *intake)
{
	struct stat st;

	return intake->current != NULL && fstat(intake->current->wal->fd, &st) == 0 && (uint64_t)st.st_size >= WAL_BLANK_MIN;
}

static void live(const char *folder)
{
	struct spool house;

	if (house_open(&house, folder)) {
		accept_one(&house, 1);
		remove_first(&house);
		accept_one(&house, 2);
		house_checkpoint(&house);
		send_one(&house);
		accept_one(&house, LARGE);
		house_checkpoint(&house);
		house_close(&house);
	}
	if (house_open(&house, folder)) {
		accept_one(&house, 4);
		house_checkpoint(&house); /* its segment is blanked */
		accept_one(&house, 5);
		house_checkpoint(&house); /* that is the next one */
		accept_one(&house, 6);
		reused = segment_is_blank_behind(house.intake);
		house_close(&house);
	}
}

/* --- the audit, in a separate process */

static bool is_right(const struct spool *house)
{
	struct map seen = MAP_INIT;
	struct error error;
	bool right = state_seen_load(house->state, "sales", &seen, &error) == 0;

	for (int n = 1; n < MESSAGES; n++) {
		int ivan = count_in(house, "ivan", n), chief = count_in(house, "chief", n), queued = count_queued(house, n);
		int least = promise.accepted[n] ? 1 : 0, most = promise.tried[n] ? 1 : 0;
		bool is_gone = n == 1 && promise.removing, is_sent = n == 2 && promise.sending;
		char uidl[16];

		snprintf(uidl, sizeof(uidl), "u%d", n);
		right = right && chief >= least && chief <= most && ivan >= (is_gone ? 0 : least) && ivan <= most &&
			(n != 1 || !promise.removed || ivan == 0) && queued <= (is_for_queue(n) ? most : 0) &&
			queued >= (is_for_queue(n) && !is_sent ? least : 0) && (n != 2 || !promise.sent || queued == 0) &&
			(chief == 0 || map_get(&seen, slice_of(uidl)) != NULL) && (is_gone || ivan == chief);
		if (!right) {
			print_message("message %d: ivan %d, chief %d, queue %d\n", n, ivan, chief, queued);
			break;
		}
	}
	state_seen_clear(&seen);
	return right;
}

/* Remains of an append after a power cut do not count as damage. */
static bool nothing_set_aside(const struct spool *house)
{
	char *folder = layout_queue(house, QUEUE_CORRUPT);
	DIR *dir = opendir(folder);
	struct dirent *entry;
	bool none = true;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		none = none && strstr(entry->d_name, ".record") == NULL;
	if (dir != NULL)
		closedir(dir);
	free(folder);
	return none;
}

/* Started twice. */
static bool is_right_after_starts(const char *folder)
{
	for (int i = 0; i < 2; i++) {
		struct spool house;

		if (!house_open(&house, folder) || !is_right(&house) || !nothing_set_aside(&house))
			return false;
		house_close(&house);
	}
	return true;
}

/* --- the tests */

static void cut_each_sync(bool delivers_late)
{
	late = delivers_late;
	promise = (struct promise){0};
	reused = false;
	cut_life(live, is_right_after_starts, 3);
	assert_true(promise.accepted[6] && promise.removed && promise.sent && (reused || late));
}

static void test_power_cut_at_each_sync(void **context)
{
	(void)context;
	cut_each_sync(false);
}

static void test_power_cut_with_a_backlog(void **context)
{
	(void)context;
	cut_each_sync(true);
}

static int fail_at;
static atomic_int calls; /* by several threads */
static bool syncs_only;

/* The pages that were not synced are lost; from now on reads return the content of the disk. */
static void drop_unsynced(const char *what, const char *path, struct tree *now)
{
	char *name = relative(path);

	for (size_t i = 0; i < now->count; i++) {
		struct file *file = &now->items[i], *safe = by_inode(&durable_bytes, file->inode);
		size_t same = 0;
		char *full, *zeros;
		int fd;

		if (strcmp(what, "syncfs") != 0 && (name == NULL || strcmp(name, file->path) != 0))
			continue;
		while (safe != NULL && same < safe->len && same < file->len && safe->bytes[same] == file->bytes[same])
			same++;
		full = xasprintf("%s/%s", disk, file->path);
		zeros = xcalloc(1, file->len + 1);
		fd = open(full, O_WRONLY);
		assert_true(fd >= 0 && pwrite(fd, zeros, file->len - same, (off_t)same) == (ssize_t)(file->len - same));
		close(fd);
		free(zeros);
		free(full);
	}
	free(name);
}

static int fail_once(const char *what, const char *path, const char *to)
{
	struct tree now = {.count = 0};
	bool fails;

	(void)to;
	if (syncs_only && !is_sync(what))
		return 0;
	fails = ++calls == fail_at;
	if (syncs_only) {
		walk(&now, "");
		if (fails)
			drop_unsynced(what, path, &now);
		else
			synced(&now, what, path);
		tree_clear(&now);
	}
	errno = !fails ? 0 : syncs_only ? EIO : (int[]){EIO, ENOSPC, EMFILE}[fail_at % 3];
	return fails ? -1 : 0;
}

/* Each call fails once, in a run of its own. */
static void each_call_fails(bool only_syncs, bool delivers_late)
{
	syncs_only = only_syncs;
	late = delivers_late;
	audit_right = is_right_after_starts;
	for (fail_at = 1;; fail_at++) {
		calls = 0;
		promise = (struct promise){0};
		begin();
		fsx_hook = fail_once;
		live(disk);
		fsx_hook = NULL;
		if (!audit(disk, false))
			fail_msg("wrong after call %d of %s failed", fail_at, only_syncs ? "the syncs" : "all");
		end();
		if (calls < fail_at)
			break;
	}
	assert_true(fail_at > 10);
}

static void test_each_sync_fails_once_and_drops_what_it_should_have_written(void **context)
{
	(void)context;
	each_call_fails(true, false);
	each_call_fails(true, true);
}

static void test_each_change_of_the_disk_fails_once(void **context)
{
	(void)context;
	each_call_fails(false, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_power_cut_at_each_sync),
	    cmocka_unit_test(test_power_cut_with_a_backlog),
	    cmocka_unit_test(test_each_sync_fails_once_and_drops_what_it_should_have_written),
	    cmocka_unit_test(test_each_change_of_the_disk_fails_once),
	};

	audit_knows = &promise;
	audit_knows_len = sizeof(promise);
	for (int n = 1; n < MESSAGES; n++)
		text_of(n); /* before any process is forked */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
