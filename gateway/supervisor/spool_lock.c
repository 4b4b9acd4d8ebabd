#include "gateway/supervisor/spool_lock.h"

#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/owned.h"
#include "spool/layout.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int write_pid(int fd, const char *path, struct error *error)
{
	char text[32];

	snprintf(text, sizeof(text), "%d\n", (int)getpid());
	if (fsx_truncate(fd, 0, path, error) != 0)
		return -1;
	return fsx_write(fd, slice_of(text), path, error);
}

int spool_lock(const struct spool *spool, int *fd, struct error *error)
{
	char *path = layout_gateway_lock(spool);
	char pid[32] = "";
	int result = 0;

	*fd = owned_open(path, O_RDWR, 0600);
	if (*fd < 0) {
		result = error_errno(error, N_("cannot open %s"), path);
	} else if (!fsx_lock(*fd)) {
		ssize_t got = read(*fd, pid, sizeof(pid) - 1);
		struct slice holder = slice_trim(slice_make(pid, got > 0 ? (size_t)got : 0));

		result = error_set(error, ERROR_CONFIG,
		    N_("another lanpostd (pid %.*s) is already running on the spool %s: stop it "
		       "first, or use a different spool"),
		    SLICE_PRINT(holder), spool->folder);
	} else {
		result = write_pid(*fd, path, error);
	}
	if (result != 0 && *fd >= 0)
		close(*fd);
	free(path);
	return result;
}

void spool_unlock(const struct spool *spool, int fd)
{
	char *path = layout_gateway_lock(spool);
	struct error ignored;

	/* The file stays: unlinking it could let two other processes lock two different files of
	 * this name. */
	fsx_truncate(fd, 0, path, &ignored);
	close(fd);
	free(path);
}
