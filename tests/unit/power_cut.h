/*
 * A disk whose power can be cut. At each sync of a test in the spool `disk`, the possible states after a power cut are
 * built: synced data is there; of the rest any part, including names without bytes and sizes without bytes. The test's own
 * function audits each state, in a separate process; some states get another power cut, at each sync of their recovery.
 *
 * LANPOST_POWER_CUTS: how many states at each sync; LANPOST_POWER_SEED: others.
 */
#ifndef LANPOST_TESTS_POWER_CUT_H
#define LANPOST_TESTS_POWER_CUT_H

#include "base/alloc.h"
#include "base/file/fsx.h"
#include "tests/unit/remove_tree.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define CUTS_AGAIN 1  /* states at each sync of a recovery */
#define ONE_IN 10     /* states whose recovery is cut */

/* Whether the spool is right after a start; called in a separate process. Set before begin(). */
static bool (*audit_right)(const char *spool);
/* What that function must know of the test as it is now: variables that are copied to the process. */
static void *audit_knows;
static size_t audit_knows_len;

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
static pthread_mutex_t cutting = PTHREAD_MUTEX_INITIALIZER;
static int cuts;
static bool is_recovery; /* of what a cut has left */
static struct {
	int states, recoveries, wrong;
} *tally; /* shared with the processes that audit */

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

/* Renames of the test, so that none is taken for a removal and a new name where an inode has several. */
static struct {
	char *from, *to;
} renames[1024];
static size_t rename_count;

static bool folder_is_gone(const char *folder, const char *path)
{
	const char *end = strchr(path + strlen(folder) + 1, '/');
	char *full = xasprintf("%s/%.*s", disk, (int)(end - path), path);
	bool is_gone = access(full, F_OK) != 0;

	free(full);
	return is_gone;
}

/* The name of the file now that a folder above it was renamed; NULL if none was. New memory. */
static char *name_after_rename(struct tree *now, const struct file *file)
{
	for (size_t i = rename_count; i-- > 0;) {
		size_t len = strlen(renames[i].from);
		const struct file *there;
		char *name;

		if (strncmp(file->path, renames[i].from, len) != 0 || file->path[len] != '/')
			continue;
		name = xasprintf("%s%s", renames[i].to, file->path + len);
		there = by_path(now, name);
		if (there != NULL && there->inode == file->inode)
			return name;
		free(name);
	}
	return NULL;
}

/* A folder that was removed from this one has no names left; one that was renamed has all that it had. */
static void removed_folders_are_durable(struct tree *now, const char *folder)
{
	size_t len = strlen(folder);

	for (size_t i = durable_names.count; i-- > 0;) {
		struct file *file = &durable_names.items[i];

		if (strncmp(file->path, folder, len) == 0 && file->path[len] == '/' && !is_in(file->path, folder) &&
		    folder_is_gone(folder, file->path)) {
			char *name = name_after_rename(now, file);
			ino_t inode = file->inode;

			file_clear(file);
			*file = durable_names.items[--durable_names.count];
			if (name != NULL)
				add(&durable_names, name, inode, "", 0);
			free(name);
		}
	}
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
		removed_folders_are_durable(now, name);
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

#define SECTOR 512

/* In an overwritten file, each sector may be the old or the new one. */
static void mix_sectors(char *bytes, const struct file *now, const struct file *safe)
{
	for (size_t at = 0; at < now->len; at += SECTOR) {
		size_t len = now->len - at < SECTOR ? now->len - at : SECTOR;

		memcpy(bytes + at, (rnd(2) == 0 ? now : safe)->bytes + at, len);
	}
}

/* The bytes of a file after the cut: the durable ones, the last ones, a part of these, or zeros where they are not durable. */
static void put_bytes(const char *spool, const char *path, struct file *now, struct file *safe)
{
	static const struct file none;
	bool is_overwritten, sectors = false;
	size_t same = 0;
	char *bytes;

	safe = safe != NULL ? safe : (struct file *)(uintptr_t)&none;
	now = now != NULL ? now : safe;
	while (same < safe->len && same < now->len && safe->bytes[same] == now->bytes[same])
		same++;
	is_overwritten = safe->len > 0 && safe->len == now->len;
	switch (rnd(5)) {
	case 0:
		put(spool, path, safe->len > 0 ? safe->bytes : "", safe->len);
		return;
	case 1:
		put(spool, path, now->len > 0 ? now->bytes : "", now->len);
		return;
	case 2:
		if (is_overwritten)
			break; /* its length does not change */
		put(spool, path, now->len > 0 ? now->bytes : "", same + (now->len > same ? rnd((unsigned)(now->len - same)) : 0));
		return;
	case 3:
		sectors = is_overwritten;
	}
	bytes = xcalloc(1, now->len + 1);
	memcpy(bytes, now->bytes != NULL ? now->bytes : "", same);
	if (sectors)
		mix_sectors(bytes, now, safe);
	put(spool, path, bytes, now->len);
	free(bytes);
}

static void put_file(const char *spool, const char *path, ino_t inode, struct tree *now)
{
	put_bytes(spool, path, by_inode(now, inode), by_inode(&durable_bytes, inode));
}

static void note_rename(const char *from, const char *to)
{
	char *old = relative(from), *new = to == NULL ? NULL : relative(to);

	if (old != NULL && new != NULL && rename_count < ARRAY_LEN(renames)) {
		renames[rename_count].from = old;
		renames[rename_count++].to = new;
		return;
	}
	free(old);
	free(new);
}

/* Whether a durable name that is not placed has become this one. */
static bool was_renamed_from(const struct file *now, const struct file *old)
{
	const char *path = old->path;

	if (old->inode != now->inode)
		return false;
	for (size_t i = 0; i < rename_count; i++)
		if (strcmp(renames[i].from, path) == 0)
			path = renames[i].to;
	return path != old->path && strcmp(path, now->path) == 0;
}

/* A file that had a name before and has one now has one after the cut: a rename is one step. */
static void build(const char *spool, struct tree *now)
{
	bool kept[256] = {false}, lost[256] = {false};
	ino_t placed[512];
	size_t count = 0;

	for (size_t i = 0; i < durable_names.count; i++) {
		struct file *old = &durable_names.items[i], *file = by_path(now, old->path);

		if ((file != NULL && file->inode == old->inode) || rnd(2) == 0) {
			put_file(spool, old->path, old->inode, now);
			placed[count++] = old->inode;
			if (file != NULL)
				kept[file - now->items] = true;
		} else {
			lost[i] = true;
		}
	}
	for (size_t i = 0; i < now->count; i++) {
		bool stands = false, had_name = by_inode(&durable_names, now->items[i].inode) != NULL;

		for (size_t j = 0; j < count; j++)
			stands = stands || placed[j] == now->items[i].inode;
		for (size_t j = 0; j < durable_names.count; j++)
			if (lost[j] && was_renamed_from(&now->items[i], &durable_names.items[j]))
				stands = false;
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

static bool is_sync(const char *what)
{
	return strcmp(what, "syncfs") == 0 || strcmp(what, "fsync-dir") == 0 || strcmp(what, "fdatasync") == 0;
}

/* After a start all readable data is on the disk. */
static void all_is_durable(void)
{
	struct tree now = {.count = 0};

	tree_clear(&durable_names);
	tree_clear(&durable_bytes);
	walk(&now, "");
	synced(&now, "syncfs", disk);
	tree_clear(&now);
}

static int cut_at_sync(const char *what, const char *path, const char *to);

/* --- audits: in processes of a process that was forked before there was any thread. A process with threads must not fork: the child would
 * have their locks, also those of a sanitizer. */

struct audit_request {
	char spool[PATH_MAX];
	bool cut;
	unsigned random_state;
	char knows[1024];
};
static struct {
	pid_t pid;
	int fd; /* 0: not running */
} auditor;

static void auditor_start(void);
static void auditor_stop(void);

static void audit_now(struct audit_request *request)
{
	bool right;

	if (audit_knows_len > 0)
		memcpy(audit_knows, request->knows, audit_knows_len);
	random_state = request->random_state;
	if (request->cut) {
		disk = request->spool;
		pins = folder_new();
		is_recovery = true;
		cuts = CUTS_AGAIN;
		all_is_durable();
		auditor_start();
		fsx_hook = cut_at_sync;
	}
	right = audit_right(request->spool);
	fsx_hook = NULL;
	if (request->cut) {
		auditor_stop();
		folder_free(pins);
	}
	_exit(right ? 0 : 1);
}

static void auditor_run(int fd)
{
	static struct audit_request request;

	fsx_hook = NULL;
	while (recv(fd, &request, sizeof(request), 0) == sizeof(request)) {
		pid_t pid = fork();
		int status;
		bool right;

		if (pid == 0) {
			close(fd);
			audit_now(&request);
		}
		right = waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
		if (send(fd, &right, sizeof(right), 0) != sizeof(right))
			break;
	}
	_exit(0);
}

static void auditor_start(void)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	auditor.pid = fork();
	if (auditor.pid == 0) {
		close(ends[0]);
		auditor_run(ends[1]);
	}
	close(ends[1]);
	auditor.fd = ends[0];
}

static void auditor_stop(void)
{
	if (auditor.fd == 0)
		return;
	close(auditor.fd);
	auditor.fd = 0;
	waitpid(auditor.pid, NULL, 0);
}

/* cut: with cuts at each sync of its recovery. The spool is used up. */
static bool audit(const char *spool, bool cut)
{
	struct audit_request *request = xcalloc(1, sizeof(*request));
	bool right = false;

	request->cut = cut;
	request->random_state = random_state;
	snprintf(request->spool, sizeof(request->spool), "%s", spool);
	if (audit_knows_len > 0)
		memcpy(request->knows, audit_knows, audit_knows_len);
	if (send(auditor.fd, request, sizeof(*request), MSG_NOSIGNAL) != sizeof(*request) ||
	    recv(auditor.fd, &right, sizeof(right), 0) != sizeof(right))
		right = false;
	free(request);
	return right;
}

static void begin(void)
{
	tree_clear(&durable_names);
	tree_clear(&durable_bytes);
	while (rename_count > 0) {
		free(renames[--rename_count].from);
		free(renames[rename_count].to);
	}
	assert_true(audit_knows_len <= sizeof(((struct audit_request *)0)->knows));
	disk = folder_new();
	pins = folder_new();
	auditor_stop(); /* of a test that has failed */
	auditor_start();
}

static void end(void)
{
	fsx_hook = NULL;
	auditor_stop();
	folder_free(disk);
	folder_free(pins);
}

static void cut_now(const char *what, const char *path)
{
	struct tree now = {.count = 0};

	walk(&now, "");
	for (int i = 0; i < cuts && tally->wrong == 0; i++) {
		char *spool = folder_new();
		unsigned before = random_state;

		build(spool, &now);
		copy_databases(spool);
		*(is_recovery ? &tally->recoveries : &tally->states) += 1;
		if (!audit(spool, !is_recovery && i % ONE_IN == 0) && tally->wrong++ == 0)
			print_message("wrong after a power cut before %s of %s, random state %u\n", what, path, before);
		folder_free(spool);
	}
	synced(&now, what, path);
	tree_clear(&now);
}

/* Several threads sync. */
static int cut_at_sync(const char *what, const char *path, const char *to)
{
	bool is_rename = strcmp(what, "rename") == 0;

	if (!is_rename && !is_sync(what))
		return 0;
	pthread_mutex_lock(&cutting);
	if (is_rename)
		note_rename(path, to);
	else
		cut_now(what, path);
	pthread_mutex_unlock(&cutting);
	return 0;
}

static unsigned number_from(const char *variable, unsigned otherwise)
{
	const char *text = getenv(variable);

	return text == NULL ? otherwise : (unsigned)strtoul(text, NULL, 10);
}

/* A run with a cut at each sync, this often by default. */
static void cut_life(void (*life)(const char *spool), bool (*right)(const char *spool), unsigned often)
{
	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(tally != MAP_FAILED);
	random_state = number_from("LANPOST_POWER_SEED", 1);
	cuts = (int)number_from("LANPOST_POWER_CUTS", often);
	audit_right = right;
	begin();
	fsx_hook = cut_at_sync;
	life(disk);
	end();
	assert_int_equal(tally->wrong, 0);
	print_message("%d states after a power cut, %d after another one during recovery\n", tally->states, tally->recoveries);
	munmap(tally, sizeof(*tally));
}

#endif
