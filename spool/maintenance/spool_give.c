#include "spool/maintenance/spool_give.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/process/root_path.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char *const marks[] = {"lanpostd.lock", "version", "state.db", "wal", "mailboxes", "queue"};

static bool is_mark(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (strcmp(name, marks[i]) == 0)
			return true;
	return false;
}

/* A spool that belongs to root, or an empty folder for a new one. */
static bool is_a_spool(int folder)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	bool marked = false, empty = true;

	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while ((entry = readdir(dir)) != NULL) {
		marked = marked || is_mark(entry->d_name);
		empty = empty && (entry->d_name[0] == '.' || strcmp(entry->d_name, "lost+found") == 0);
	}
	closedir(dir);
	return marked || empty;
}

int spool_give(const char *path, const struct service_user *user, struct error *error)
{
	int folder = root_path_open(path, true, error), result;

	if (folder < 0)
		return error_context(error, N_("cannot give the spool %s to user %s"), path, user->name);
	if (is_a_spool(folder))
		result = root_path_give(folder, path, user, error);
	else
		result = error_set(error, ERROR_CONFIG,
		    N_("%s belongs to root and contains other files: choose another folder as "
		       "[gateway] spool, or give this one to user %s"),
		    path, user->name);
	close(folder);
	if (result == 0)
		log_info("event=spool-given spool=%s user=%s", LOG_CSTR(path), user->name);
	return result;
}
