#include "spool/mailbox/maildir.h"

#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "spool/layout_priv.h"
#include "spool/mailbox/maildir_name.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* New mail first: a file that another program moves from new to cur during the walk is then seen
 * at least once. */
static const char *const folders[] = {"new", "cur"};

/* Messages are regular files. Everything else (folders, FIFOs, links to files that the user may not read) is ignored. */
static bool is_message(int dir_fd, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_name[0] == '.')
		return false;
	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_REG;
	return fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

int maildir_each_file_in(const struct spool *spool, const char *mailbox, const char *folder, maildir_each_fn fn, void *context,
    struct error *error)
{
	char *path = layout_mailbox(spool, mailbox, folder);
	DIR *dir = opendir(path);
	struct dirent *entry;
	int result = 0;

	if (dir == NULL && errno != ENOENT)
		result = error_errno(error, N_("cannot list %s"), path);
	while (dir != NULL && result == 0 && (errno = 0, entry = readdir(dir)) != NULL)
		if (is_message(dirfd(dir), entry))
			result = fn(context, dirfd(dir), folder, entry->d_name);
	if (dir != NULL && result == 0 && errno != 0)
		result = error_errno(error, N_("cannot list %s"), path);
	if (dir != NULL)
		closedir(dir);
	free(path);
	return result;
}

int maildir_each_file(const struct spool *spool, const char *mailbox, maildir_each_fn fn, void *context, struct error *error)
{
	int result = 0;

	for (size_t i = 0; i < ARRAY_LEN(folders) && result == 0; i++)
		result = maildir_each_file_in(spool, mailbox, folders[i], fn, context, error);
	return result;
}

struct search {
	struct slice unique;
	char *file; /* found: "folder/name" */
};

static int search_fn(void *context, int dir_fd, const char *folder, const char *name)
{
	struct search *search = context;

	(void)dir_fd;
	if (!slice_equal(maildir_unique(name), search->unique))
		return 0;
	free(search->file);
	search->file = xasprintf("%s/%s", folder, name);
	return 0;
}

int maildir_find(const struct spool *spool, const char *user, const char *unique, char **file, struct error *error)
{
	struct search search = {.unique = slice_of(unique)};
	int result = maildir_each_file(spool, user, search_fn, &search, error);

	if (result != 0) {
		free(search.file);
		search.file = NULL;
	}
	*file = search.file;
	return result;
}

struct unlinking {
	const struct map *uniques;
	size_t found;
	struct error *error;
};

static int unlink_fn(void *context, int dir_fd, const char *folder, const char *name)
{
	struct unlinking *work = context;

	(void)folder;
	if (map_get(work->uniques, maildir_unique(name)) == NULL)
		return 0;
	work->found++;
	if ((fsx_point("unlink", name, NULL) != 0 || unlinkat(dir_fd, name, 0) != 0) && errno != ENOENT)
		return error_errno(work->error, N_("cannot remove %s"), name);
	return 0;
}

int maildir_unlink(const struct spool *spool, const char *user, const char *const *uniques, size_t count,
    struct error *error)
{
	struct map wanted = MAP_INIT;
	struct unlinking work = {.uniques = &wanted, .error = error};
	int result = 0;

	for (size_t i = 0; i < count; i++)
		map_put(&wanted, slice_of(uniques[i]), (void *)1);
	/* Until a walk finds none: another program may rename a file during the first walk. */
	for (int walk = 0; walk < 3 && result == 0; walk++) {
		work.found = 0;
		result = maildir_each_file(spool, user, unlink_fn, &work, error);
		if (work.found == 0)
			break;
	}
	map_clear(&wanted);
	return result;
}

static int collect_file(void *context, int dir_fd, const char *folder, const char *name)
{
	struct slice id;

	(void)dir_fd;
	if (maildir_unique_id(maildir_unique(name), &id))
		free(map_put(context, id, xasprintf("%s/%s", folder, name)));
	return 0;
}

int maildir_files(const struct spool *spool, const char *user, struct map *files, struct error *error)
{
	return maildir_each_file(spool, user, collect_file, files, error);
}
