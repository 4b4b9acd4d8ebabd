#include "base/owned.h"

#include "base/i18n.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A name and the folder that contains it. */
struct place {
	char path[PATH_MAX];
	const char *name;
	int folder;
};

static int find_place(struct place *place, const char *path)
{
	size_t len = strlen(path);
	char *slash;

	while (len > 1 && path[len - 1] == '/')
		len--;
	if (len >= sizeof(place->path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(place->path, path, len);
	place->path[len] = '\0';
	slash = strrchr(place->path, '/');
	place->name = slash == NULL ? place->path : slash + 1;
	if (slash != NULL)
		*slash = '\0';
	place->folder = open(slash == NULL ? "." : slash == place->path ? "/" : place->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (place->name[0] == '\0')
		place->name = "."; /* of the root folder */
	return place->folder < 0 ? -1 : 0;
}

/* Keeps errno. */
static void close_quietly(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
}

/* Ignored: file systems without owners, and users that do not exist in this name space. */
static bool is_harmless(int code)
{
	return code == EPERM || code == EINVAL || code == EOPNOTSUPP;
}

static int give(int folder, int fd)
{
	struct stat st, mine;

	if (fstat(folder, &st) != 0 || fstat(fd, &mine) != 0)
		return -1;
	if (st.st_uid == mine.st_uid && st.st_gid == mine.st_gid)
		return 0;
	return fchown(fd, st.st_uid, st.st_gid) == 0 || is_harmless(errno) ? 0 : -1;
}

/* Whether the path still led to that folder when the file was created. */
static int check_place(const struct place *place, int fd)
{
	struct stat named, mine;

	if (fstatat(place->folder, place->name, &named, AT_SYMLINK_NOFOLLOW) != 0 || fstat(fd, &mine) != 0)
		return -1;
	if (named.st_dev == mine.st_dev && named.st_ino == mine.st_ino)
		return 0;
	errno = ESTALE;
	return -1;
}

/* A file in a public folder (/tmp) may belong to any user, who can read what is written there. */
static bool is_strangers(const struct place *place, const struct stat *st)
{
	struct stat folder;

	return fstat(place->folder, &folder) != 0 ||
	       ((folder.st_mode & S_IWOTH) != 0 && st->st_uid != 0 && st->st_uid != folder.st_uid);
}

/* The file existed before, in a folder of a user other than root: a link there, symbolic or hard, may lead to any file. */
static int open_there(const struct place *place, int flags)
{
	int fd = openat(place->folder, place->name, (flags & ~(O_CREAT | O_TRUNC)) | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1 || is_strangers(place, &st)) {
		close(fd);
		errno = ELOOP;
		return -1;
	}
	if ((flags & O_TRUNC) != 0 && ftruncate(fd, 0) != 0) {
		close_quietly(fd);
		return -1;
	}
	return fd;
}

static int open_at(const struct place *place, const char *path, int flags, mode_t mode)
{
	int fd = open(path, flags | O_EXCL | O_NOFOLLOW, mode);

	if (fd < 0 && errno == EEXIST && (flags & O_EXCL) == 0)
		return open_there(place, flags);
	if (fd >= 0 && (check_place(place, fd) != 0 || give(place->folder, fd) != 0)) {
		close_quietly(fd);
		return -1;
	}
	return fd;
}

/* Then a new file has the right owner anyway, and no other user can create one. Most folders are like this, and it
 * takes one call instead of seven. */
static bool is_in_folder_of_root(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - path) + 1;
	char folder[PATH_MAX];
	struct stat st;

	if (len >= sizeof(folder))
		return false;
	memcpy(folder, path, len);
	folder[len] = '\0';
	return stat(len == 0 ? "." : folder, &st) == 0 && st.st_uid == 0 && st.st_gid == 0 && (st.st_mode & S_IWOTH) == 0;
}

int owned_open(const char *path, int flags, mode_t mode)
{
	struct place place;
	int fd;

	flags |= O_CREAT | O_CLOEXEC;
	if (geteuid() != 0 || is_in_folder_of_root(path))
		return open(path, flags, mode);
	if (find_place(&place, path) != 0)
		return -1;
	fd = open_at(&place, path, flags, mode);
	close_quietly(place.folder);
	return fd;
}

int owned_make_at(int folder, const char *name, int flags, mode_t mode)
{
	int fd = openat(folder, name, flags | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

	if (fd >= 0 && geteuid() == 0 && give(folder, fd) != 0) {
		close_quietly(fd);
		return -1;
	}
	return fd;
}

static int make_at(const struct place *place, mode_t mode)
{
	int fd, result;

	if (mkdirat(place->folder, place->name, mode) != 0)
		return -1;
	fd = openat(place->folder, place->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	result = give(place->folder, fd);
	close_quietly(fd);
	return result;
}

int owned_mkdir(const char *path, mode_t mode)
{
	struct place place;
	int result;

	if (geteuid() != 0)
		return mkdir(path, mode);
	if (find_place(&place, path) != 0)
		return -1;
	result = make_at(&place, mode);
	close_quietly(place.folder);
	return result;
}

void owned_touch(const char *path, mode_t mode)
{
	int fd = geteuid() == 0 && access(path, F_OK) != 0 ? owned_open(path, O_RDWR, mode) : -1;

	if (fd >= 0)
		close(fd);
}

int owned_like(const char *path, const char *other, struct error *error)
{
	struct stat st, mine;
	int fd, result = 0;
	mode_t mode;

	if (geteuid() != 0)
		return 0;
	if (stat(other, &st) != 0)
		return error_errno(error, N_("cannot stat %s"), other);
	mode = st.st_gid == 0 ? 0600 : st.st_mode & 0640;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &mine) != 0 || !S_ISREG(mine.st_mode) || mine.st_nlink != 1 ||
	    (fchown(fd, st.st_uid, st.st_gid) != 0 && !is_harmless(errno)) || fchmod(fd, mode) != 0)
		result = error_errno(error, N_("cannot change the owner of %s to the owner of %s"), path, other);
	if (fd >= 0)
		close(fd);
	return result;
}
