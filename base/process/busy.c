#include "base/process/busy.h"

#include "base/i18n.h"
#include "base/owned.h"

#include <fcntl.h>
#include <unistd.h>

int busy_open(const char *path, struct error *error)
{
	int fd = owned_open(path, O_RDWR | O_NOFOLLOW, 0600);

	return fd >= 0 ? fd : error_errno(error, N_("cannot open %s"), path);
}

/* A lock of the open file, not of the process: several may hold it, and its end needs no cooperation. */
void busy_set(int fd, bool is_busy)
{
	struct flock lock = {.l_type = is_busy ? F_RDLCK : F_UNLCK, .l_whence = SEEK_SET};

	(void)fcntl(fd, F_OFD_SETLK, &lock); /* if there are no locks left, other processes see less */
}

/* Asks who is in the way of a lock, and takes none. */
bool busy_is_set(const char *path)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool is_set;

	if (fd < 0)
		return false;
	is_set = fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
	close(fd);
	return is_set;
}
