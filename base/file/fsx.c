#include "base/file/fsx.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/owned.h"
#include "base/file/path.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define WRITE_PIECE (4u << 20) /* a larger part is written piece by piece */

int (*_Atomic fsx_hook)(const char *what, const char *path, const char *to);

int fsx_point(const char *what, const char *path, const char *to)
{
	int (*hook)(const char *, const char *, const char *) = fsx_hook;

	return hook == NULL ? 0 : hook(what, path, to);
}

static ssize_t write_some(int fd, const struct iovec *parts, int count)
{
	int small = 0;
	ssize_t done;

	while (small < count && small < IOV_MAX && parts[small].iov_len <= WRITE_PIECE)
		small++;
	if (small > 0)
		return writev(fd, parts, small);
	done = write(fd, parts->iov_base, WRITE_PIECE);
	if (done > 0)
		fsx_let_go(slice_make(parts->iov_base, (size_t)done));
	return done;
}

int fsx_writev(int fd, struct iovec *parts, int count, const char *path, struct error *error)
{
	if (fsx_point("write", path, NULL) != 0)
		return error_errno(error, N_("cannot write %s"), path);
	while (count > 0) {
		ssize_t done = write_some(fd, parts, count);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return error_errno(error, N_("cannot write %s"), path);
		while (count > 0 && (size_t)done >= parts->iov_len) {
			done -= (ssize_t)parts->iov_len;
			parts++;
			count--;
		}
		if (count > 0) {
			parts->iov_base = (char *)parts->iov_base + done;
			parts->iov_len -= (size_t)done;
		}
	}
	return 0;
}

int fsx_write(int fd, struct slice data, const char *path, struct error *error)
{
	struct iovec part = {.iov_base = (char *)data.ptr, .iov_len = data.len};

	return fsx_writev(fd, &part, data.len > 0, path, error);
}

int fsx_sync_data(int fd, const char *path, struct error *error)
{
	if (fsx_point("fdatasync", path, NULL) != 0 || fdatasync(fd) != 0)
		return error_errno(error, N_("cannot sync %s to disk"), path);
	return 0;
}

static int open_dir(const char *path, struct error *error)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		error_errno(error, N_("cannot open folder %s"), path);
	return fd;
}

int fsx_sync_dir(const char *path, struct error *error)
{
	int fd = open_dir(path, error);
	int result = 0;

	if (fd < 0)
		return -1;
	if (fsx_point("fsync-dir", path, NULL) != 0 || fsync(fd) != 0)
		result = error_errno(error, N_("cannot sync folder %s to disk"), path);
	close(fd);
	return result;
}

int fsx_open_filesystem(const char *path, struct error *error)
{
	return open_dir(path, error);
}

int fsx_sync_opened(int fd, const char *path, struct error *error)
{
	if (fsx_point("syncfs", path, NULL) != 0 || syncfs(fd) != 0)
		return error_errno(error, N_("cannot sync the file system of %s"), path);
	return 0;
}

int fsx_sync_filesystem(const char *path, struct error *error)
{
	int fd = open_dir(path, error);
	int result;

	if (fd < 0)
		return -1;
	result = fsx_sync_opened(fd, path, error);
	close(fd);
	return result;
}

int fsx_close(int fd, const char *path, struct error *error)
{
	if (close(fd) != 0 && errno != EINTR)
		return error_errno(error, N_("cannot close %s"), path);
	return 0;
}

int fsx_rename(const char *from, const char *to, struct error *error)
{
	if (fsx_point("rename", from, to) != 0 || rename(from, to) != 0)
		return error_errno(error, N_("cannot rename %s to %s"), from, to);
	return 0;
}

static int point_in(const char *what, const char *path, const char *from, const char *to)
{
	char *old, *new;
	int result;

	if (fsx_hook == NULL)
		return 0;
	old = xasprintf("%s/%s", path, from);
	new = xasprintf("%s/%s", path, to);
	result = fsx_point(what, old, new);
	free(new);
	free(old);
	return result;
}

int fsx_rename_in(int folder, const char *path, const char *from, const char *to, struct error *error)
{
	if (point_in("rename", path, from, to) != 0 || renameat(folder, from, folder, to) != 0)
		return error_errno(error, N_("cannot rename %s to %s"), from, to);
	return 0;
}

/* If the file system does not support exchange (NFS), `to` may be removed between the check and the rename; then
 * the rename creates it again. */
static int rename_over(const char *from, const char *to)
{
	return access(to, F_OK) == 0 ? rename(from, to) : -1;
}

int fsx_swap_in(const char *from, const char *to, struct error *error)
{
	bool exchanged;

	if (fsx_point("exchange", from, to) != 0)
		return error_errno(error, N_("cannot replace %s"), to);
	exchanged = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_EXCHANGE) == 0;
	if (!exchanged && ((errno != EINVAL && errno != ENOSYS) || rename_over(from, to) != 0))
		return error_errno(error, N_("cannot replace %s"), to);
	return exchanged ? fsx_unlink(from, error) : 0;
}

int fsx_link(const char *from, const char *to, struct error *error)
{
	if (fsx_point("link", from, to) != 0 || link(from, to) != 0)
		return error_errno(error, N_("cannot link %s to %s"), from, to);
	return 0;
}

int fsx_unlink(const char *path, struct error *error)
{
	if ((fsx_point("unlink", path, NULL) != 0 || unlink(path) != 0) && errno != ENOENT)
		return error_errno(error, N_("cannot remove %s"), path);
	return 0;
}

#define COPY_AT_ONCE (1u << 30)

/* Appends a whole file. The kernel shares the blocks if the file system supports it and the offsets are at block
 * boundaries. */
static int append_file(int fd, const char *source, struct error *error)
{
	int from = open(source, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t copied;

	if (from < 0)
		return error_errno(error, N_("cannot open %s"), source);
	do
		copied = copy_file_range(from, NULL, fd, NULL, COPY_AT_ONCE, 0);
	while (copied > 0 || (copied < 0 && errno == EINTR));
	if (copied < 0)
		error_errno(error, N_("cannot copy %s"), source);
	close(from); /* read only */
	return copied < 0 ? -1 : 0;
}

static int create(const char *path, const struct slice *parts, size_t count, const char *source, unsigned mode,
    struct error *error)
{
	struct iovec vec[FSX_PARTS_MAX];
	int used = 0, result;
	int fd;

	assert(count <= FSX_PARTS_MAX); /* a missing part would truncate the message */
	if (fsx_point("create", path, NULL) != 0)
		return error_errno(error, N_("cannot create %s"), path);
	fd = owned_open(path, O_WRONLY | O_TRUNC | O_NOFOLLOW, (mode_t)mode);
	if (fd < 0)
		return error_errno(error, N_("cannot create %s"), path);
	for (size_t i = 0; i < count; i++)
		if (parts[i].len > 0)
			vec[used++] = (struct iovec){(char *)parts[i].ptr, parts[i].len};
	result = fsx_writev(fd, vec, used, path, error);
	if (result == 0 && source != NULL)
		result = append_file(fd, source, error);
	if (result != 0)
		close(fd);
	else
		result = fsx_close(fd, path, error);
	if (result != 0)
		unlink(path);
	return result;
}

int fsx_create(const char *path, const struct slice *parts, size_t count, unsigned mode,
    struct error *error)
{
	return create(path, parts, count, NULL, mode, error);
}

int fsx_create_sharing(const char *path, struct slice header, const char *source, unsigned mode, struct error *error)
{
	return create(path, &header, 1, source, mode, error);
}

/* A file of this name was left behind by a dead process with the same process id. */
static int make_anew(int folder, const char *name, unsigned mode)
{
	int fd = owned_make_at(folder, name, O_WRONLY, (mode_t)mode);

	if (fd >= 0 || errno != EEXIST || unlinkat(folder, name, 0) != 0)
		return fd;
	return owned_make_at(folder, name, O_WRONLY, (mode_t)mode);
}

/* Gives the new file the owner and mode of the one that it replaces. Only root can change the owner, and not on every file
 * system. */
static int take_after(int folder, const char *name, int fd)
{
	struct stat st;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISREG(st.st_mode))
		return 0;
	if (fchown(fd, st.st_uid, st.st_gid) != 0 && errno != EPERM && errno != EINVAL)
		return -1;
	return fchmod(fd, st.st_mode & 07777);
}

struct replacement {
	const char *path, *name; /* the name in the folder */
	char *tmp;		 /* the whole path of the file that takes its place */
	int folder;
	bool keep; /* owner and mode */
};

static int fill(const struct replacement *replacement, int fd, struct slice data, struct error *error)
{
	if (replacement->keep && take_after(replacement->folder, replacement->name, fd) != 0)
		return error_errno(error, N_("cannot restore the owner and mode of %s"), replacement->path);
	if (fsx_write(fd, data, replacement->tmp, error) != 0)
		return -1;
	return fsx_sync_data(fd, replacement->tmp, error);
}

static int put(const struct replacement *replacement, struct slice data, unsigned mode, struct error *error)
{
	const char *tmp_name = replacement->tmp + (replacement->name - replacement->path);
	int fd = make_anew(replacement->folder, tmp_name, mode), result;

	if (fd < 0)
		return error_errno(error, N_("cannot create %s"), replacement->tmp);
	result = fill(replacement, fd, data, error);
	if (result == 0)
		result = fsx_close(fd, replacement->tmp, error);
	else
		close(fd);
	if (result == 0 && (fsx_point("rename", replacement->tmp, replacement->path) != 0 ||
			       renameat(replacement->folder, tmp_name, replacement->folder, replacement->name) != 0))
		result = error_errno(error, N_("cannot rename %s to %s"), replacement->tmp, replacement->path);
	if (result != 0)
		unlinkat(replacement->folder, tmp_name, 0);
	return result;
}

/* The folder is opened once: a change of the path to it cannot redirect the calls that follow. */
static int replace(const char *path, struct slice data, unsigned mode, bool keep, struct error *error)
{
	struct replacement replacement = {.path = path, .name = path_name(path), .keep = keep};
	char *folder = path_folder(path);
	int result = -1;

	replacement.folder = open_dir(folder, error);
	if (replacement.folder >= 0) {
		replacement.tmp = xasprintf("%s.tmp%d", path, (int)getpid());
		result = put(&replacement, data, mode, error);
		if (result == 0 && (fsx_point("fsync-dir", folder, NULL) != 0 || fsync(replacement.folder) != 0))
			result = error_errno(error, N_("cannot sync folder %s to disk"), folder);
		close(replacement.folder);
	}
	free(replacement.tmp);
	free(folder);
	return result;
}

int fsx_replace(const char *path, struct slice data, unsigned mode, struct error *error)
{
	return replace(path, data, mode, false, error);
}

int fsx_replace_keeping(const char *path, struct slice data, unsigned mode, struct error *error)
{
	return replace(path, data, mode, true, error);
}

int fsx_truncate(int fd, uint64_t size, const char *path, struct error *error)
{
	if (fsx_point("truncate", path, NULL) != 0 || ftruncate(fd, (off_t)size) != 0 || lseek(fd, (off_t)size, SEEK_SET) < 0)
		return error_errno(error, N_("cannot truncate %s"), path);
	return 0;
}

int fsx_make_dirs(const char *path, struct error *error)
{
	char *folder;
	int result;

	if (owned_mkdir(path, 0700) == 0 || errno == EEXIST)
		return 0;
	if (errno != ENOENT)
		return error_errno(error, N_("cannot make folder %s"), path);
	folder = path_folder(path);
	result = fsx_make_dirs(folder, error);
	free(folder);
	if (result == 0 && owned_mkdir(path, 0700) != 0 && errno != EEXIST)
		return error_errno(error, N_("cannot make folder %s"), path);
	return result;
}

bool fsx_lock(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB) == 0;
}

int fsx_lock_file(const char *path, int seconds, struct error *error)
{
	int64_t deadline = clock_now_ms() + (int64_t)seconds * 1000;
	int fd = owned_open(path, O_RDWR | O_NOFOLLOW, 0600);

	if (fd < 0)
		return error_errno(error, N_("cannot open %s"), path);
	while (!fsx_lock(fd)) {
		if (clock_left_ms(deadline) == 0) {
			close(fd);
			return error_set(error, ERROR_TEMPORARY, N_("%s is still held by another process"),
			    path);
		}
		poll(NULL, 0, 10);
	}
	return fd;
}

uint64_t fsx_free_bytes(const char *path)
{
	struct statvfs st;

	if (statvfs(path, &st) != 0)
		return UINT64_MAX;
	return (uint64_t)st.f_bavail * st.f_frsize;
}

uint64_t fsx_free_files(const char *path, uint64_t *all)
{
	struct statvfs st;
	bool is_counted = statvfs(path, &st) == 0 && st.f_files > 0;

	*all = is_counted ? st.f_files : UINT64_MAX;
	return is_counted ? st.f_favail : UINT64_MAX;
}
