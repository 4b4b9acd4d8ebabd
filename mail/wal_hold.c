#include "mail/wal_hold.h"

#include "base/fsx.h"
#include "base/log.h"
#include "mail/wal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#define WAIT_SECONDS 60

int wal_hold(const char *spool, struct error *error)
{
	char *path = wal_path(spool, "backup.lock");
	int fd = fsx_lock_file(path, WAIT_SECONDS, error);

	free(path);
	return fd;
}

int wal_retire_begin(const char *spool)
{
	char *path = wal_path(spool, "backup.lock");
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);

	if (fd < 0)
		log_warn("event=lock-failed file=%s", LOG_CSTR(path));
	free(path);
	if (fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}
