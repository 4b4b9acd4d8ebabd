#include "spool/mailbox/maildir_change.h"

#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/map.h"
#include "spool/layout_priv.h"
#include "spool/mailbox/maildir.h"
#include "spool/mailbox/maildir_flags.h"
#include "spool/mailbox/maildir_name.h"
#include "spool/storage/mailbox.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define WALKS_MAX 3
#define WAITING "copy."

/* Files that are to be changed, found in one walk. */
struct found {
	struct map wanted; /* unique name -> what becomes of it */
	struct strlist files, changes;
};

static int find_fn(void *context, int dir_fd, const char *folder, const char *name)
{
	struct found *found = context;
	const char *to = map_get(&found->wanted, maildir_unique(name));
	char *file;

	(void)dir_fd;
	if (to == NULL)
		return 0;
	file = xasprintf("%s/%s", folder, name);
	strlist_add(&found->files, file);
	strlist_add(&found->changes, to);
	free(file);
	return 0;
}

static int find(struct found *found, const struct spool *spool, const char *mailbox, const struct maildir_change *changes, size_t count,
    struct error *error)
{
	for (size_t i = 0; i < count; i++)
		map_put(&found->wanted, slice_of(changes[i].unique), (void *)(uintptr_t)changes[i].to);
	return maildir_each_file(spool, mailbox, find_fn, found, error);
}

static void found_clear(struct found *found)
{
	map_clear(&found->wanted);
	strlist_clear(&found->files);
	strlist_clear(&found->changes);
}

int maildir_change_file(const struct spool *spool, const char *from, const char *file, const char *to, const char *name, struct error *error)
{
	char *target = xasprintf("cur/%s", name), *old = layout_mailbox(spool, from, file), *new = layout_mailbox(spool, to, target);
	int result = strcmp(old, new) == 0 ? 0 : fsx_rename(old, new, error);

	free(new);
	free(old);
	free(target);
	return result;
}

static bool has_same_bytes(const char *a, const char *b)
{
	struct slice x, y;
	struct error error;
	bool same;

	if (fsx_map(a, &x, &error) != 0)
		return false;
	if (fsx_map(b, &y, &error) != 0) {
		fsx_unmap(x);
		return false;
	}
	same = slice_equal(x, y) && fsx_check_map(x, &error) == 0 && fsx_check_map(y, &error) == 0;
	fsx_unmap(y);
	fsx_unmap(x);
	return same;
}

/* After a power cut a message may have a file under its old name and one under the name with flags. 1: there was only one. 0: there were both:
 * the old one goes if it is the same; else the other one, which recovery may have written, is not replaced. */
static int keep_other(const struct spool *spool, const char *mailbox, const char *file, const char *name, struct error *error)
{
	char *target = xasprintf("cur/%s", name), *old = layout_mailbox(spool, mailbox, file), *new = layout_mailbox(spool, mailbox, target);
	int result = strcmp(old, new) == 0 || access(new, F_OK) != 0 ? 1 : 0;

	if (result == 0 && has_same_bytes(old, new))
		result = fsx_unlink(old, error);
	free(new);
	free(old);
	free(target);
	return result;
}

/* Another program may rename a file meanwhile: it is looked for again. */
static int change_all(const struct spool *spool, const char *from, const char *to, const struct maildir_change *changes, size_t count,
    bool flags, struct error *error)
{
	int result = 0;
	bool missed = true;

	for (int walk = 0; walk < WALKS_MAX && missed && result == 0; walk++) {
		struct found found = {.wanted = MAP_INIT};

		missed = false;
		result = find(&found, spool, from, changes, count, error);
		/* A folder without any of the files may have been deleted, and is not made again. */
		if (result == 0 && found.files.count > 0)
			result = mailbox_make(spool, to, error);
		for (size_t i = 0; i < found.files.count && result == 0; i++) {
			const char *base = strchr(found.files.items[i], '/') + 1;
			char *name = flags ? maildir_flags_name(base, found.changes.items[i]) : xstrdup(found.changes.items[i]);

			result = flags ? keep_other(spool, from, found.files.items[i], name, error) : 1;
			if (result > 0)
				result = maildir_change_file(spool, from, found.files.items[i], to, name, error);
			if (result != 0 && error->saved_errno == ENOENT) {
				missed = true;
				result = 0;
			}
			free(name);
		}
		found_clear(&found);
	}
	return result;
}

int maildir_change_flags(const struct spool *spool, const char *mailbox, const struct maildir_change *changes, size_t count,
    struct error *error)
{
	return change_all(spool, mailbox, mailbox, changes, count, true, error);
}

int maildir_change_mailbox(const struct spool *spool, const char *from, const char *to, const struct maildir_change *changes, size_t count,
    struct error *error)
{
	return change_all(spool, from, to, changes, count, false, error);
}

char *maildir_change_waiting(const char *name)
{
	return xasprintf("tmp/" WAITING "%s", name);
}

bool maildir_change_is_waiting(const char *file)
{
	return strncmp(file, WAITING, strlen(WAITING)) == 0;
}

int maildir_change_place(const struct spool *spool, const char *mailbox, const char *const *names, size_t count, struct error *error)
{
	int result = 0;

	for (size_t i = 0; i < count && result == 0; i++) {
		char *waiting = maildir_change_waiting(names[i]), *path = layout_mailbox(spool, mailbox, waiting);

		if (access(path, F_OK) == 0 && mailbox_make(spool, mailbox, error) != 0)
			result = -1;
		else
			result = maildir_change_file(spool, mailbox, waiting, mailbox, names[i], error);
		free(path);
		free(waiting);
		if (result != 0 && error->saved_errno == ENOENT)
			result = 0;
	}
	return result;
}
