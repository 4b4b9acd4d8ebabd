#include "base/process/root_path.h"

#include "base/alloc.h"
#include "base/i18n.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 20
#define DEPTH_MAX 16

struct way {
	const char *path; /* the requested path */
	char rest[2 * PATH_MAX];
	int at; /* the folder reached so far */
	int links;
	bool make;
};

static int go_to(struct way *way, int fd)
{
	if (way->at >= 0)
		close(way->at);
	way->at = fd;
	return fd < 0 ? -1 : 0;
}

static int unsafe(const struct way *way, struct error *error)
{
	return error_set(error, ERROR_CONFIG, N_("%s: users other than root can change a folder of "
	    "its path"), way->path);
}

/* In a folder with the sticky bit, such as /tmp, other users cannot rename or remove what
 * belongs to root. */
static bool is_only_roots(const struct stat *st)
{
	return st->st_uid == 0 && (!S_ISDIR(st->st_mode) || (st->st_mode & 022) == 0 || (st->st_mode & S_ISVTX) != 0);
}

/* Puts the target of the link before the rest of the path. */
static int follow(struct way *way, int link, struct error *error)
{
	char target[PATH_MAX], rest[sizeof(way->rest)];
	ssize_t len = readlinkat(link, "", target, sizeof(target) - 1);

	if (len <= 0 || ++way->links > LINKS_MAX)
		return error_set(error, ERROR_CONFIG, N_("%s: too many links"), way->path);
	target[len] = '\0';
	if ((size_t)len + strlen(way->rest) + 2 > sizeof(rest))
		return error_set(error, ERROR_CONFIG, N_("%s: too many links"), way->path);
	snprintf(rest, sizeof(rest), "%s/%s", target, way->rest);
	memcpy(way->rest, rest, sizeof(rest));
	if (target[0] == '/' && go_to(way, open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)) != 0)
		return error_errno(error, N_("cannot open folder %s"), "/");
	return 0;
}

/* Opens the next name of the path itself, never the target of a link of that name. */
static int open_next(const struct way *way, const char *name, bool is_last)
{
	int fd = openat(way->at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 || errno != ENOENT || !way->make || mkdirat(way->at, name, is_last ? 0700 : 0755) != 0)
		return fd;
	return openat(way->at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

/* Takes the next name of the path; returns false at its end. */
static bool cut_name(struct way *way, char *name, size_t size)
{
	const char *from = way->rest + strspn(way->rest, "/");
	size_t len = strcspn(from, "/");

	if (len == 0 || len >= size) /* a name that is too long does not exist */
		return false;
	memcpy(name, from, len);
	name[len] = '\0';
	memmove(way->rest, from + len, strlen(from + len) + 1);
	return true;
}

static int step(struct way *way, const char *name, struct error *error)
{
	bool is_last = way->rest[strspn(way->rest, "/")] == '\0';
	int fd = open_next(way, name, is_last), result;
	struct stat st;

	if (fd < 0)
		return error_errno(error, N_("cannot open %s"), way->path);
	if (fstat(fd, &st) != 0)
		result = error_errno(error, N_("cannot open %s"), way->path);
	else if (!is_only_roots(&st))
		result = unsafe(way, error);
	else if (S_ISLNK(st.st_mode))
		result = follow(way, fd, error);
	else
		return go_to(way, fd);
	close(fd);
	return result;
}

static int begin(struct way *way, struct error *error)
{
	char folder[PATH_MAX] = "";

	if (way->path[0] != '/' && getcwd(folder, sizeof(folder)) == NULL)
		return error_errno(error, N_("cannot open %s"), way->path);
	if ((size_t)snprintf(way->rest, sizeof(way->rest), "%s/%s", folder, way->path) >= sizeof(way->rest))
		return error_set(error, ERROR_CONFIG, N_("%s: the path is too long"), way->path);
	if (go_to(way, open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)) != 0)
		return error_errno(error, N_("cannot open folder %s"), "/");
	return 0;
}

int root_path_open(const char *path, bool make, struct error *error)
{
	struct way way = {.path = path, .at = -1, .make = make};
	int result = begin(&way, error);
	char name[NAME_MAX + 1];

	while (result == 0 && cut_name(&way, name, sizeof(name)))
		result = step(&way, name, error);
	if (result == 0 && way.rest[strspn(way.rest, "/")] != '\0')
		result = error_set(error, ERROR_CONFIG, N_("%s: the path is too long"), path);
	if (result != 0)
		go_to(&way, -1);
	return way.at;
}

/* --- giving */

static int give_entry(int folder, const char *name, const struct service_user *user, int depth, struct error *error);

static bool stays(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, "lost+found") == 0;
}

static int give_all(int folder, const char *name, const struct service_user *user, int depth, struct error *error)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), result = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return error_errno(error, N_("cannot open folder %s"), name);
	}
	while (result == 0 && (entry = readdir(dir)) != NULL)
		if (!stays(entry->d_name))
			result = give_entry(folder, entry->d_name, user, depth, error);
	closedir(dir);
	return result;
}

/* Files that other users may have put there keep their owner. */
static int give_entry(int folder, const char *name, const struct service_user *user, int depth, struct error *error)
{
	int fd = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), result = 0;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0) {
		result = errno == ENOENT ? 0 : error_errno(error, N_("cannot open %s"), name);
	} else if (st.st_uid == 0 && !S_ISLNK(st.st_mode)) {
		if (S_ISDIR(st.st_mode) && (st.st_mode & 022) == 0 && depth > 0)
			result = give_all(fd, name, user, depth - 1, error);
		if (result == 0 && fchownat(fd, "", user->uid, user->gid, AT_EMPTY_PATH) != 0)
			result = error_errno(error, N_("cannot give %s to user %s"), name, user->name);
	}
	if (fd >= 0)
		close(fd);
	return result;
}

int root_path_give(int folder, const char *path, const struct service_user *user, struct error *error)
{
	int result = give_all(folder, path, user, DEPTH_MAX, error);

	if (result == 0 && fchownat(folder, "", user->uid, user->gid, AT_EMPTY_PATH) != 0)
		result = error_errno(error, N_("cannot give %s to user %s"), path, user->name);
	return result;
}
