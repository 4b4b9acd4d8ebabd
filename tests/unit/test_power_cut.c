/*
 * The disk that lies (mail/QUEUE.md). At each sync of a life the states are built that a power cut may leave: what was synced is there; of
 * the rest any part, names without bytes and sizes without bytes too. Each is started and audited. And each sync fails once
 * and drops what was not synced; and each change of the disk fails once.
 *
 * LANPOST_POWER_CUTS: how many states at each sync; LANPOST_POWER_SEED: others.
 */
#include "base/alloc.h"
#include "base/fsx.h"
#include "mail/intake_priv.h"
#include "mail/maildir.h"
#include "mail/queue.h"
#include "tests/unit/remove_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define MESSAGES 5 /* one more than there are */
#define LARGE 3
#define NEVER (3600 * 1000)

/* --- what was promised so far */

struct promise {
	bool accepted[MESSAGES + 1], tried[MESSAGES + 1];
	bool removed, removing; /* message 1 of ivan */
	bool sent, sending;	/* message 2 */
};
static struct promise promise;

static bool is_for_queue(int n)
{
	return n != 1;
}

/* --- a disk that can be cut off: names and bytes that are durable, for each file in the spool but those of SQLite */

struct file {
	char *path;
	ino_t inode;
	char *bytes;
	size_t len;
};
struct tree {
	struct file items[256];
	size_t count;
};
static struct tree durable_names;  /* bytes unused */
static struct tree durable_bytes;  /* by inode */
static char *disk, *pins;
static unsigned random_state;
static int cuts, states, wrong;

static unsigned rnd(unsigned below)
{
	random_state = random_state * 1103515245 + 12345;
	return (random_state >> 8) % below;
}

static struct file *by_path(struct tree *tree, const char *path)
{
	for (size_t i = 0; i < tree->count; i++)
		if (strcmp(tree->items[i].path, path) == 0)
			return &tree->items[i];
	return NULL;
}

static struct file *by_inode(struct tree *tree, ino_t inode)
{
	for (size_t i = 0; i < tree->count; i++)
		if (tree->items[i].inode == inode)
			return &tree->items[i];
	return NULL;
}

static void file_clear(struct file *file)
{
	free(file->path);
	free(file->bytes);
}

static void tree_clear(struct tree *tree)
{
	for (size_t i = 0; i < tree->count; i++)
		file_clear(&tree->items[i]);
	tree->count = 0;
}

static void add(struct tree *tree, const char *path, ino_t inode, const char *bytes, size_t len)
{
	struct file *file = &tree->items[tree->count++];

	assert_true(tree->count < ARRAY_LEN(tree->items));
	*file = (struct file){xstrdup(path), inode, xmalloc(len + 1), len};
	memcpy(file->bytes, bytes, len);
}

static bool is_database(const char *name)
{
	return strstr(name, ".db") != NULL || strstr(name, ".lock") != NULL || strcmp(name, "reserve") == 0;
}

/* All files below the spool; `below` is "" or ends in a slash. A pin keeps the inode from being used again. */
static void walk(struct tree *tree, const char *below)
{
	char *folder = xasprintf("%s/%s", disk, below);
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		char *path = xasprintf("%s%s", below, entry->d_name), *full = xasprintf("%s/%s", disk, path), *bytes, *pin;
		struct error error;
		struct stat st;
		size_t len;

		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && !is_database(entry->d_name) &&
		    lstat(full, &st) == 0) {
			char *inner = xasprintf("%s/", path);

			if (S_ISDIR(st.st_mode)) {
				walk(tree, inner);
			} else if (fsx_read(full, 100u << 20, &bytes, &len, &error) == 0) {
				add(tree, path, st.st_ino, bytes, len);
				pin = xasprintf("%s/%llu", pins, (unsigned long long)st.st_ino);
				if (link(full, pin) != 0)
					assert_int_equal(errno, EEXIST);
				free(pin);
				free(bytes);
			}
			free(inner);
		}
		free(full);
		free(path);
	}
	if (dir != NULL)
		closedir(dir);
	free(folder);
}

static bool is_in(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return strncmp(path, folder, len) == 0 && path[len] == '/' && strchr(path + len + 1, '/') == NULL;
}

static void bytes_are_durable(const struct file *file)
{
	struct file *old = by_inode(&durable_bytes, file->inode);

	if (old != NULL) {
		file_clear(old);
		*old = durable_bytes.items[--durable_bytes.count];
	}
	add(&durable_bytes, file->path, file->inode, file->bytes, file->len);
}

/* What a sync that succeeds makes durable. folder: NULL for all. */
static void names_are_durable(struct tree *now, const char *folder)
{
	for (size_t i = durable_names.count; i-- > 0;)
		if (folder == NULL || is_in(durable_names.items[i].path, folder)) {
			file_clear(&durable_names.items[i]);
			durable_names.items[i] = durable_names.items[--durable_names.count];
		}
	for (size_t i = 0; i < now->count; i++)
		if (folder == NULL || is_in(now->items[i].path, folder))
			add(&durable_names, now->items[i].path, now->items[i].inode, "", 0);
}

static char *relative(const char *path)
{
	const char *rest = path + strlen(disk);
	char *copy;

	if (strncmp(path, disk, strlen(disk)) != 0)
		return NULL;
	copy = xstrdup(*rest == '/' ? rest + 1 : rest);
	if (copy[0] != '\0' && copy[strlen(copy) - 1] == '/')
		copy[strlen(copy) - 1] = '\0';
	return copy;
}

static void synced(struct tree *now, const char *what, const char *path)
{
	char *name = relative(path);
	struct file *file;

	if (strcmp(what, "syncfs") == 0) {
		names_are_durable(now, NULL);
		for (size_t i = 0; i < now->count; i++)
			bytes_are_durable(&now->items[i]);
	} else if (strcmp(what, "fsync-dir") == 0 && name != NULL) {
		names_are_durable(now, name);
	} else if (name != NULL && (file = by_path(now, name)) != NULL) {
		bytes_are_durable(file);
	}
	free(name);
}

/* --- one state */

static void put(const char *spool, const char *path, const char *bytes, size_t len)
{
	char *full = xasprintf("%s/%s", spool, path), *slash = strrchr(full, '/');
	struct slice part = slice_make(bytes, len);
	struct error error;

	*slash = '\0';
	fsx_make_dirs(full, &error);
	*slash = '/';
	if (fsx_create(full, &part, 1, 0640, &error) != 0)
		_exit(3);
	free(full);
}

/* The bytes of a file after the cut: the durable ones, the last ones, a part of these, or zeros where they are not durable. */
static void put_bytes(const char *spool, const char *path, struct file *now, struct file *safe)
{
	static const struct file none;
	size_t same = 0;
	char *bytes;

	safe = safe != NULL ? safe : (struct file *)(uintptr_t)&none;
	now = now != NULL ? now : safe;
	while (same < safe->len && same < now->len && safe->bytes[same] == now->bytes[same])
		same++;
	switch (rnd(4)) {
	case 0:
		put(spool, path, safe->len > 0 ? safe->bytes : "", safe->len);
		return;
	case 1:
		put(spool, path, now->len > 0 ? now->bytes : "", now->len);
		return;
	case 2:
		put(spool, path, now->len > 0 ? now->bytes : "", same + (now->len > same ? rnd((unsigned)(now->len - same)) : 0));
		return;
	}
	bytes = xcalloc(1, now->len + 1);
	memcpy(bytes, now->bytes != NULL ? now->bytes : "", same);
	put(spool, path, bytes, now->len);
	free(bytes);
}

static void put_file(const char *spool, const char *path, ino_t inode, struct tree *now)
{
	put_bytes(spool, path, by_inode(now, inode), by_inode(&durable_bytes, inode));
}

/* A file that had a name before and has one now has one after the cut: a rename is one step. */
static void build(const char *spool, struct tree *now)
{
	bool kept[256] = {false};
	ino_t placed[512];
	size_t count = 0;

	for (size_t i = 0; i < durable_names.count; i++) {
		struct file *old = &durable_names.items[i], *file = by_path(now, old->path);

		if ((file != NULL && file->inode == old->inode) || rnd(2) == 0) {
			put_file(spool, old->path, old->inode, now);
			placed[count++] = old->inode;
			if (file != NULL)
				kept[file - now->items] = true;
		}
	}
	for (size_t i = 0; i < now->count; i++) {
		bool stands = false, had_name = by_inode(&durable_names, now->items[i].inode) != NULL;

		for (size_t j = 0; j < count; j++)
			stands = stands || placed[j] == now->items[i].inode;
		if (kept[i] || (rnd(2) == 0 && (stands || !had_name)))
			continue;
		put_file(spool, now->items[i].path, now->items[i].inode, now);
		placed[count++] = now->items[i].inode;
	}
}

static void copy_databases(const char *spool)
{
	char *command = xasprintf("cp -p %s/*.db* %s/ 2>/dev/null", disk, spool);

	if (system(command) == -1)
		_exit(3);
	free(command);
}

/* --- the life */

struct house {
	struct state *state;
	struct intake *intake;
};

static bool house_open(struct house *house, const char *spool)
{
	struct error error;
	struct intake_options options = {.spool = spool, .hostname = "gw.test", .writer = "unit", .checkpoint_ms = NEVER};

	if (state_open(&house->state, spool, NULL, &error) != 0)
		return false;
	options.state = house->state;
	if (intake_open(&house->intake, &options, NULL, &error) == 0)
		return true;
	state_close(house->state);
	return false;
}

static void house_close(struct house *house)
{
	struct error error;

	intake_close(house->intake, &error); /* on failure all is in the log */
	state_close(house->state);
}

static size_t body_size(int n)
{
	return n == LARGE ? (1u << 20) + 5000 : 3000;
}

/* The text of message n: nothing of it repeats, so that no piece passes for another. */
static char *text_of(int n, size_t *len)
{
	struct buf text = BUF_INIT(4u << 20);

	buf_printf(&text, "Subject: message %d\r\n\r\n", n);
	for (unsigned line = 0; text.len < body_size(n); line++)
		buf_printf(&text, "line %u of message %d\r\n", line, n);
	*len = text.len;
	return xrealloc(text.ptr, text.len + 1);
}

static void accept_one(struct house *house, const char *spool, int n)
{
	struct envelope envelope;
	struct body body;
	struct error error;
	char uidl[16], *text;
	size_t len;

	envelope_init(&envelope);
	snprintf(uidl, sizeof(uidl), "u%d", n);
	envelope_set(&envelope.account, slice_of("sales"));
	envelope_set(&envelope.uidl, slice_of(uidl));
	envelope_add(&envelope, PLACE_MAILBOX, slice_of("ivan"), SLICE_NONE);
	envelope_add(&envelope, PLACE_BOSS, slice_of("chief"), SLICE_NONE);
	if (is_for_queue(n))
		envelope_add(&envelope, PLACE_QUEUE, slice_of("out@example.net"), SLICE_NONE);
	body_init(&body, spool);
	text = text_of(n, &len);
	promise.tried[n] = true;
	if (body_append(&body, slice_make(text, len), &envelope.id, &error) == 0 && body_finish(&body, &error) == 0) {
		promise.accepted[n] = intake_accept(house->intake, &envelope, &body, NULL, 0, &error) == 0;
	} else {
		envelope_clear(&envelope);
		body_clear(&body, false);
	}
	free(text);
}

/* How often message n stands whole in a mailbox; -1: something is damaged. */
static int count_in(const char *spool, const char *user, int n)
{
	struct maildir_list list;
	struct error error;
	size_t len;
	char *text = text_of(n, &len);
	int count = 0;

	if (maildir_list(spool, user, &list, &error) != 0)
		_exit(3);
	for (size_t i = 0; i < list.count && count >= 0; i++) {
		struct slice bytes;

		if (maildir_open(spool, user, &list.items[i], &bytes, &error) != 0)
			_exit(3);
		if (bytes.len != list.items[i].size || bytes.len < 100 || memchr(bytes.ptr, 0, bytes.len) != NULL)
			count = -1;
		else if (bytes.len >= len && memcmp(bytes.ptr + bytes.len - len, text, len) == 0)
			count++;
		fsx_unmap(bytes);
	}
	maildir_list_clear(&list);
	free(text);
	return count;
}

static int count_queued(const char *spool, int n)
{
	struct queue_items items;
	struct error error;
	size_t len;
	char *text = text_of(n, &len);
	int count = 0;

	if (queue_list(spool, 7, &items, &error) != 0)
		_exit(3);
	for (size_t i = 0; i < items.count && count >= 0; i++) {
		char *path = queue_message_path(spool, &items.items[i], &error);
		struct envelope envelope;
		struct slice bytes;

		if (path == NULL || queue_read(spool, &items.items[i], &envelope, &error) != 0 || fsx_map(path, &bytes, &error) != 0) {
			count = -1;
		} else {
			if (memchr(bytes.ptr, 0, bytes.len) != NULL)
				count = -1;
			else if (bytes.len >= len && memcmp(bytes.ptr + bytes.len - len, text, len) == 0)
				count++;
			fsx_unmap(bytes);
			envelope_clear(&envelope);
		}
		free(path);
	}
	queue_items_clear(&items);
	free(text);
	return count;
}

static void remove_first(struct house *house, const char *spool)
{
	struct maildir_list list;
	struct error error;

	if (!promise.accepted[1] || maildir_list(spool, "ivan", &list, &error) != 0)
		return;
	promise.removing = list.count > 0;
	if (list.count > 0)
		promise.removed = intake_remove(house->intake, "ivan", (const char *const[]){list.items[0].unique}, 1, &error) == 0;
	maildir_list_clear(&list);
}

static void send_one(struct house *house, const char *spool)
{
	struct queue_items items;
	struct error error;
	struct fact fact = {.kind = FACT_SENT, .name = "out@example.net", .text = "250 ok"};

	if (!promise.accepted[2] || queue_list(spool, 1, &items, &error) != 0)
		return;
	if (items.count > 0) {
		fact.id = items.items[0].id.text;
		promise.sending = true;
		promise.sent = intake_accept(house->intake, NULL, NULL, &fact, 1, &error) == 0;
	}
	queue_items_clear(&items);
}

/* What the checkpoint thread does, twice, but at a moment of ours. */
static void checkpoint(struct house *house)
{
	struct error error;
	size_t recovered;

	for (int i = 0; i < 2; i++) {
		checkpoint_run(house->intake, &error);
		if (house->intake->owed)
			recover_orphans(house->intake, &recovered, &error);
	}
}

static void live(const char *spool)
{
	struct house house;

	if (house_open(&house, spool)) {
		accept_one(&house, spool, 1);
		remove_first(&house, spool);
		accept_one(&house, spool, 2);
		checkpoint(&house);
		send_one(&house, spool);
		accept_one(&house, spool, LARGE);
		checkpoint(&house);
		house_close(&house);
	}
	if (house_open(&house, spool)) {
		accept_one(&house, spool, 4);
		house_close(&house);
	}
}

/* --- the audit, in a process of its own */

static bool is_right(const char *spool, struct house *house)
{
	struct map seen = MAP_INIT;
	struct error error;
	bool right = state_seen_load(house->state, "sales", &seen, &error) == 0;

	for (int n = 1; n < MESSAGES; n++) {
		int ivan = count_in(spool, "ivan", n), chief = count_in(spool, "chief", n), queued = count_queued(spool, n);
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

static bool audit(const char *spool)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		fsx_hook = NULL;
		for (int i = 0; i < 2; i++) {
			struct house house;

			if (!house_open(&house, spool) || !is_right(spool, &house))
				_exit(1);
			house_close(&house);
		}
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* --- the tests */

static char *folder_new(void)
{
	char path[] = "/dev/shm/lanpost-unit-XXXXXX", other[] = "/tmp/lanpost-unit-XXXXXX";

	if (mkdtemp(path) != NULL)
		return xstrdup(path);
	assert_non_null(mkdtemp(other));
	return xstrdup(other);
}

static void folder_free(char *folder)
{
	remove_tree(folder);
	free(folder);
}

static void begin(void)
{
	promise = (struct promise){0};
	tree_clear(&durable_names);
	tree_clear(&durable_bytes);
	disk = folder_new();
	pins = folder_new();
}

static void end(void)
{
	fsx_hook = NULL;
	folder_free(disk);
	folder_free(pins);
}

static bool is_sync(const char *what)
{
	return strcmp(what, "syncfs") == 0 || strcmp(what, "fsync-dir") == 0 || strcmp(what, "fdatasync") == 0;
}

static int cut_at_sync(const char *what, const char *path, const char *to)
{
	struct tree now = {.count = 0};

	(void)to;
	if (!is_sync(what))
		return 0;
	walk(&now, "");
	for (int i = 0; i < cuts && wrong == 0; i++) {
		char *spool = folder_new();
		unsigned before = random_state;

		build(spool, &now);
		copy_databases(spool);
		states++;
		if (!audit(spool)) {
			wrong++;
			print_message("wrong after a power cut before %s of %s, random state %u, kept in %s\n", what, path, before, spool);
			free(spool);
			break;
		}
		folder_free(spool);
	}
	synced(&now, what, path);
	tree_clear(&now);
	return 0;
}

static unsigned number_from(const char *variable, unsigned otherwise)
{
	const char *text = getenv(variable);

	return text == NULL ? otherwise : (unsigned)strtoul(text, NULL, 10);
}

static void test_power_cut_at_each_sync(void **context)
{
	(void)context;
	random_state = number_from("LANPOST_POWER_SEED", 1);
	cuts = (int)number_from("LANPOST_POWER_CUTS", 10);
	begin();
	fsx_hook = cut_at_sync;
	live(disk);
	end();
	assert_int_equal(wrong, 0);
	assert_true(promise.accepted[4] && promise.removed && promise.sent);
	print_message("%d states after a power cut\n", states);
}

static int fail_at, calls;
static bool syncs_only;

/* The pages that were not synced are gone; what is read from now on is what the disk holds. */
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

/* Each call fails once in a life of its own. */
static void each_call_fails(bool only_syncs)
{
	syncs_only = only_syncs;
	for (fail_at = 1;; fail_at++) {
		calls = 0;
		begin();
		fsx_hook = fail_once;
		live(disk);
		fsx_hook = NULL;
		if (!audit(disk))
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
	each_call_fails(true);
}

static void test_each_change_of_the_disk_fails_once(void **context)
{
	(void)context;
	each_call_fails(false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_power_cut_at_each_sync),
	    cmocka_unit_test(test_each_sync_fails_once_and_drops_what_it_should_have_written),
	    cmocka_unit_test(test_each_change_of_the_disk_fails_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
