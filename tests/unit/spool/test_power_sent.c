/*
 * What else IMAP and submission change (spool/QUEUE.md): the sender's own copy in Sent, a withdrawal in Outbox, keywords, folders and subscriptions,
 * the whole message in place of its stub, and expiry with an archive; through a power cut at each sync, a kill at each change of the disk, and one failure
 * of each. A command that was acknowledged holds, one that was not has happened wholly or not at all.
 */
#include "spool/layout_priv.h"
#include "spool/log/intake_priv.h"
#include "spool/mailbox/folder_priv.h"
#include "spool/maintenance/expire.h"
#include "spool/storage/storage.h"
#include "tests/unit/power_life.h"

#include <ftw.h>

#define MESSAGES 5
#define OUTSIDE "out@example.net"
#define BCC "Bcc: hidden@example.net\r\n"

static const char *const boxes[] = {"anna", "ivan", "ivan/Sent", "ivan/Work"};
enum { ANNA, INBOX, SENT, WORK, BOXES };
static const char *const keywords[] = {"Urgent", "$Fetch"};
enum { URGENT, ASKED, KEYWORDS };

struct world {
	unsigned char count[MESSAGES + 1][BOXES], seen[MESSAGES + 1][BOXES], has[MESSAGES + 1][BOXES][KEYWORDS];
	unsigned char queued[MESSAGES + 1];
	bool has_work, is_subscribed;
};
struct promises {
	struct world now, next;
	bool in_progress;
	bool archived[MESSAGES + 1], expires; /* durably; now */
	bool is_undecided; /* Work: its deletion has failed, and its messages are gone or not */
};
#define promise ((struct promises *)life_promise)

/* --- what is there */

static struct slice text_of(int n)
{
	return house_text(n, 400);
}

/* The number of a message that is complete, with Bcc if it is a copy of the sender's own; 0: it is damaged. */
static int message_in(struct slice bytes)
{
	const char *id = memmem(bytes.ptr, bytes.len, "Message-ID: <", 13);
	int n = 0;

	if (id == NULL || sscanf(id, "Message-ID: <%d@test>", &n) != 1 || n < 1 || n > MESSAGES || !house_text_ends(bytes, text_of(n)))
		return 0;
	return bytes.len == text_of(n).len || (bytes.len == text_of(n).len + strlen(BCC) && memcmp(bytes.ptr, BCC, strlen(BCC)) == 0) ? n : 0;
}

static int message_of(struct folder *folder, uint32_t uid)
{
	struct error error;
	struct slice bytes;
	int n;

	if (folder_read(folder, uid, &bytes, NULL, &error) != 0)
		return 0;
	n = message_in(bytes);
	fsx_unmap(bytes);
	return n;
}

static bool look_in(struct spool *house, int box, struct world *world)
{
	struct folder *folder;
	struct error error;
	uint32_t *uids, bits[KEYWORDS];
	size_t count;
	bool right = true;

	if (folder_open(&folder, house, boxes[box], &error) != 0)
		return error.class == ERROR_PERMANENT;
	if (box == WORK)
		world->has_work = true;
	for (int i = 0; i < KEYWORDS; i++)
		bits[i] = folder_keyword(folder, keywords[i], false);
	count = folder_uids(folder, &uids);
	for (size_t i = 0; i < count && right; i++) {
		struct folder_message message;
		int n = message_of(folder, uids[i]);

		folder_look(folder, &uids[i], 1, &message);
		right = n > 0;
		world->count[n][box]++;
		world->seen[n][box] = (message.flags & FOLDER_SEEN) != 0;
		for (int k = 0; k < KEYWORDS; k++)
			world->has[n][box][k] = (message.flags & bits[k]) != 0;
	}
	if (!right)
		print_message("%s: a message is damaged\n", boxes[box]);
	free(uids);
	folder_close(folder);
	return right;
}

static bool look_at_queue(struct spool *house, struct world *world)
{
	struct queue_items items;
	struct error error;
	bool right = queue_list(house, QUEUE_ALL, &items, &error) == 0;

	for (size_t i = 0; right && i < items.count; i++) {
		struct envelope envelope;
		struct slice bytes;
		int n = 0;

		if (queue_message(house, &items.items[i], &bytes, &error) == 0) {
			n = message_in(bytes);
			fsx_unmap(bytes);
		}
		right = n > 0 && queue_read(house, &items.items[i], &envelope, &error) == 0;
		if (right)
			envelope_clear(&envelope);
		world->queued[n]++;
	}
	queue_items_clear(&items);
	return right;
}

static bool look(struct spool *house, struct world *world)
{
	struct strlist subscribed = {0};
	struct error error;
	bool right = folder_subscriptions(house, "ivan", &subscribed, &error) == 0;

	memset(world, 0, sizeof(*world));
	world->is_subscribed = strlist_has(&subscribed, "Work");
	strlist_clear(&subscribed);
	for (int box = 0; box < BOXES; box++)
		right = look_in(house, box, world) && right;
	right = look_at_queue(house, world) && right;
	folder_forget(house);
	return right;
}

static int found_in_archive[MESSAGES + 1];

static int look_in_archive(const char *path, const struct stat *st, int type, struct FTW *at)
{
	struct error error;
	struct slice bytes;

	(void)st;
	(void)at;
	if (type == FTW_F && strstr(path, "/cur/") != NULL && fsx_map(path, &bytes, &error) == 0) {
		found_in_archive[message_in(bytes)]++;
		fsx_unmap(bytes);
	}
	return 0;
}

/* A message that expires is in the archive before it leaves its folder. */
static bool archive_is_right(const struct spool *house, const struct world *actual)
{
	char *path = layout_archive(house);

	memset(found_in_archive, 0, sizeof(found_in_archive));
	nftw(path, look_in_archive, 16, FTW_PHYS);
	free(path);
	for (int n = 1; n <= MESSAGES; n++) {
		bool has_left = promise->expires && promise->now.count[n][SENT] > actual->count[n][SENT];

		if (found_in_archive[n] == 0 && (promise->archived[n] || has_left)) {
			print_message("message %d is not in the archive\n", n);
			return false;
		}
	}
	return true;
}

static void print_difference(const struct world *actual)
{
	const struct world *wanted = &promise->now;

	for (int n = 1; n <= MESSAGES; n++)
		for (int box = 0; box < BOXES; box++)
			print_message("message %d in %s: %d (seen %d, keywords %d %d), not %d (%d, %d %d); in the queue %d, not %d\n", n, boxes[box],
			    actual->count[n][box], actual->seen[n][box], actual->has[n][box][0], actual->has[n][box][1], wanted->count[n][box],
			    wanted->seen[n][box], wanted->has[n][box][0], wanted->has[n][box][1], actual->queued[n], wanted->queued[n]);
	print_message("Work: %d, not %d; subscribed: %d, not %d%s\n", actual->has_work, wanted->has_work, actual->is_subscribed,
	    wanted->is_subscribed, promise->in_progress ? "; in progress" : "");
}

static void clear_in(struct world *world, int n, int box)
{
	world->count[n][box] = world->seen[n][box] = 0;
	memset(world->has[n][box], 0, sizeof(world->has[n][box]));
}

static void forget_work(struct world *world)
{
	world->has_work = false;
	for (int n = 1; n <= MESSAGES; n++)
		clear_in(world, n, WORK);
}

/* A folder that is deleted loses its messages first. */
static bool is_next(struct world actual)
{
	if (actual.has_work && promise->now.has_work && !promise->next.has_work)
		actual.has_work = false;
	return promise->in_progress && memcmp(&actual, &promise->next, sizeof(actual)) == 0;
}

static bool is_as_promised(struct spool *house)
{
	struct world actual;

	if (!look(house, &actual))
		return false;
	if (promise->is_undecided) {
		forget_work(&actual);
		forget_work(&promise->now);
		forget_work(&promise->next);
	}
	if (memcmp(&actual, &promise->now, sizeof(actual)) == 0 || is_next(actual))
		return archive_is_right(house, &actual);
	print_difference(&actual);
	return false;
}

/* --- the life */

static struct world *begin_command(void)
{
	promise->next = promise->now;
	return &promise->next;
}

/* After a failure the command may have happened: it is looked at. */
static bool end_command(struct spool *house, bool done)
{
	struct world actual;
	int (*hook)(const char *, const char *, const char *) = fsx_hook;

	fsx_hook = NULL;
	if (done || (look(house, &actual) && memcmp(&actual, &promise->next, sizeof(actual)) == 0))
		promise->now = promise->next;
	fsx_hook = hook;
	promise->in_progress = false;
	return done;
}

/* To a colleague and outside, with a copy of the sender's own, which has a Bcc of its own or not. */
static void submit(struct spool *house, int n, bool has_bcc)
{
	struct world *next = begin_command();
	struct envelope envelope;
	struct error error;

	next->count[n][ANNA] = next->count[n][SENT] = next->seen[n][SENT] = next->queued[n] = 1;
	promise->in_progress = true;
	envelope_init(&envelope);
	envelope_set(&envelope.submitter, slice_of("ivan"));
	envelope_set(&envelope.sender, slice_of("ivan@office.lan"));
	envelope_add(&envelope, PLACE_MAILBOX, slice_of(boxes[ANNA]), SLICE_NONE);
	envelope_add(&envelope, PLACE_QUEUE, slice_of(OUTSIDE), SLICE_NONE);
	envelope_add(&envelope, PLACE_OWN, slice_of(boxes[SENT]), SLICE_NONE);
	envelope_set(&envelope.own_header, slice_of(has_bcc ? BCC : ""));
	end_command(house, intake_accept_text(house->intake, &envelope, text_of(n), NULL, 0, &error) == 0);
}

/* As Outbox does it (imapd_outbox.c). */
static void withdraw(struct spool *house, int n)
{
	struct world *next = begin_command();
	struct queue_items items;
	struct error error;
	bool done = true;

	if (queue_list(house, QUEUE_ALL, &items, &error) != 0)
		return;
	for (size_t i = 0; i < items.count; i++) {
		struct fact fact = {.kind = FACT_FAILED, .id = items.items[i].id.text, .name = OUTSIDE, .text = "withdrawn"};
		struct slice bytes;
		int found;

		if (queue_message(house, &items.items[i], &bytes, &error) != 0)
			continue;
		found = message_in(bytes);
		fsx_unmap(bytes);
		if (found != n)
			continue;
		next->queued[n] = 0;
		promise->in_progress = true;
		done = intake_accept(house->intake, NULL, NULL, &fact, 1, &error) == 0;
	}
	queue_items_clear(&items);
	end_command(house, done);
}

static void receive(struct spool *house, int n, int box)
{
	struct world *next = begin_command();
	struct envelope envelope;
	struct error error;

	next->count[n][box] = 1;
	promise->in_progress = true;
	envelope_init(&envelope);
	envelope_add(&envelope, PLACE_MAILBOX, slice_of(boxes[box]), SLICE_NONE);
	end_command(house, intake_accept_text(house->intake, &envelope, text_of(n), NULL, 0, &error) == 0);
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

/* A new name is durable before it is in the name of a file. */
static void set_keyword(struct spool *house, int n, int box, int keyword, bool on)
{
	struct world *next = begin_command();
	struct folder *folder;
	struct error error;
	uint32_t uid, bit, *left = NULL;
	size_t count;
	bool done = false;

	if (folder_open(&folder, house, boxes[box], &error) != 0)
		return;
	uid = uid_of(folder, n);
	if (uid != 0)
		next->has[n][box][keyword] = on;
	promise->in_progress = true;
	bit = folder_keyword(folder, keywords[keyword], true);
	if (bit != 0)
		done = folder_store(folder, &uid, 1, on ? FOLDER_ADD : FOLDER_TAKE, bit, UINT64_MAX, &left, &count, &error) == 0;
	folder_close(folder);
	end_command(house, done);
	free(left);
}

static void expunge(struct spool *house, int n, int box)
{
	struct world *next = begin_command();
	struct folder *folder;
	struct error error;
	uint32_t uid;
	bool done;

	if (folder_open(&folder, house, boxes[box], &error) != 0)
		return;
	uid = uid_of(folder, n);
	if (uid != 0)
		clear_in(next, n, box);
	promise->in_progress = true;
	done = folder_expunge(folder, &uid, 1, &error) == 0;
	folder_close(folder);
	end_command(house, done);
}

/* The whole message comes where its stub is, and the stub goes: one record. */
static void replace(struct spool *house, int stub, int whole, int box)
{
	struct world *next = begin_command();
	struct fact removal = {.kind = FACT_REMOVE, .name = boxes[box]};
	struct envelope envelope;
	struct mailbox_list list;
	struct error error;
	bool done;

	if (mailbox_list(house, boxes[box], &list, &error) != 0)
		return;
	for (size_t i = 0; i < list.count; i++) {
		struct slice bytes;

		if (mailbox_open(house, boxes[box], &list.items[i], &bytes, &error) != 0)
			continue;
		if (message_in(bytes) == stub)
			removal.text = list.items[i].unique;
		fsx_unmap(bytes);
	}
	next->count[whole][box] = 1;
	if (removal.text != NULL)
		clear_in(next, stub, box);
	promise->in_progress = true;
	envelope_init(&envelope);
	envelope_add(&envelope, PLACE_MAILBOX, slice_of(boxes[box]), SLICE_NONE);
	done = intake_accept_text(house->intake, &envelope, text_of(whole), &removal, removal.text != NULL, &error) == 0;
	mailbox_list_clear(&list);
	end_command(house, done);
}

static void create_or_delete(struct spool *house, bool create)
{
	struct world *next = begin_command();
	struct error error;

	if (create)
		next->has_work = true;
	else
		forget_work(next);
	promise->in_progress = true;
	if (!end_command(house, (create ? folder_create(house, boxes[WORK], &error) : folder_delete(house, boxes[WORK], &error)) == 0))
		promise->is_undecided = !create;
}

static void subscribe(struct spool *house, bool on)
{
	struct error error;

	begin_command()->is_subscribed = on;
	promise->in_progress = true;
	end_command(house, folder_subscribe(house, "ivan", "Work", on, &error) == 0);
}

static void look_quietly(struct spool *house, struct world *actual)
{
	int (*hook)(const char *, const char *, const char *) = fsx_hook;

	fsx_hook = NULL;
	look(house, actual);
	fsx_hook = hook;
}

static void expire(struct spool *house)
{
	struct expire_what what = {.mailbox = boxes[SENT], .before = INT64_MAX};
	struct world *next = begin_command(), actual;
	struct expired expired;
	struct error error;

	look_quietly(house, &actual);
	for (int n = 1; n <= MESSAGES; n++)
		if (actual.count[n][SENT] > 0)
			clear_in(next, n, SENT);
	promise->in_progress = promise->expires = true;
	if (end_command(house, expire_to_archive(house, &what, &expired, &error) == 0))
		for (int n = 1; n <= MESSAGES; n++)
			promise->archived[n] = actual.count[n][SENT] > 0;
	promise->expires = false;
}

static void live(const char *path)
{
	struct spool house;

	if (house_open(&house, path)) {
		create_or_delete(&house, true);
		subscribe(&house, true);
		submit(&house, 1, false);
		set_keyword(&house, 1, SENT, URGENT, true);
		submit(&house, 2, true);
		withdraw(&house, 2);
		expunge(&house, 1, SENT);
		house_checkpoint(&house);
		submit(&house, 3, true);
		receive(&house, 4, INBOX);
		set_keyword(&house, 4, INBOX, ASKED, true);
		replace(&house, 4, 5, INBOX);
		receive(&house, 4, WORK);
		folder_forget(&house);
		house_close(&house);
	}
	if (house_open(&house, path)) {
		set_keyword(&house, 5, INBOX, URGENT, true);
		set_keyword(&house, 5, INBOX, URGENT, false);
		withdraw(&house, 3);
		expire(&house);
		create_or_delete(&house, false);
		subscribe(&house, false);
		folder_forget(&house);
		house_close(&house);
	}
}

static void test_power_cut_at_each_sync(void **context)
{
	const struct world *now = &promise->now;

	(void)context;
	life_cut(1);
	assert_false(promise->in_progress || now->has_work || now->is_subscribed);
	assert_true(now->queued[1] == 1 && now->queued[2] == 0 && now->queued[3] == 0);
	assert_true(now->count[5][INBOX] == 1 && now->count[4][INBOX] == 0 && now->count[3][ANNA] == 1 && now->count[3][SENT] == 0);
	assert_true(promise->archived[2] && promise->archived[3] && !promise->archived[1]);
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
