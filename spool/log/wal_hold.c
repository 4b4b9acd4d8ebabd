#include "spool/log/wal_hold.h"

#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/owned.h"
#include "spool/layout_priv.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#define WAIT_SECONDS 60

int wal_hold(const struct spool *spool, struct error *error)
{
	char *path = layout_wal(spool, "backup.lock");
	int fd = fsx_lock_file(path, WAIT_SECONDS, error);

	free(path);
	return fd;
}

int wal_retire_begin(const struct spool *spool, int *fd, struct error *error)
{
	char *path = layout_wal(spool, "backup.lock");
	int result = 0;

	*fd = owned_open(path, O_RDWR, 0600);
	if (*fd < 0)
		result = error_errno(error, N_("cannot open %s"), path);
	free(path);
	if (result == 0 && flock(*fd, LOCK_SH | LOCK_NB) != 0) {
		close(*fd);
		result = 1;
	}
	return result;
}
