#include "spool/reserve.h"

#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/owned.h"
#include "spool/layout_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define RESERVE_BYTES (4 << 20)
#define SPACE_FLOOR (16u << 20)
#define PLENTY (16u * RESERVE_BYTES)
#define FILES_FLOOR 4096
#define FILES_SHARE 16 /* on a small disk the minimum is this fraction of the total */

static int allocate(const char *path, struct error *error)
{
	int fd = owned_open(path, O_WRONLY | O_NONBLOCK, 0600), code;

	if (fd < 0)
		return error_errno(error, N_("cannot create %s"), path);
	code = posix_fallocate(fd, 0, RESERVE_BYTES);
	if (code != 0) {
		errno = code;
		error_errno(error, N_("cannot allocate %s"), path);
		close(fd);
		return -1;
	}
	return fsx_close(fd, path, error);
}

/* Multiple of the minimum. */
static bool has_files(const struct spool *spool, uint64_t times)
{
	uint64_t all, left = fsx_free_files(spool->folder, &all);
	uint64_t floor = all / FILES_SHARE < FILES_FLOOR ? all / FILES_SHARE : FILES_FLOOR;

	return left >= times * floor;
}

bool reserve_has_room(const struct spool *spool, uint64_t bytes)
{
	/* Twice: once in the log and once in the delivered file. */
	return bytes < UINT64_MAX / 4 && fsx_free_bytes(spool->folder) >= 2 * bytes + SPACE_FLOOR && has_files(spool, 1);
}

bool reserve_has_few_files(const struct spool *spool)
{
	return !has_files(spool, 2);
}

void reserve_keep(const struct spool *spool)
{
	char *path = layout_reserve(spool);
	struct error error;
	struct stat st;

	if ((stat(path, &st) != 0 || st.st_size < RESERVE_BYTES) && fsx_free_bytes(spool->folder) >= PLENTY &&
	    allocate(path, &error) != 0)
		log_warnx("event=no-reserve reason=%s", LOG_ERROR(&error));
	free(path);
}

bool reserve_spend(const struct spool *spool, const struct error *error)
{
	char *path;
	bool spent;

	if (error->class != ERROR_FULL)
		return false;
	path = layout_reserve(spool);
	spent = truncate(path, 0) == 0; /* the file stays: a process in a sandbox could not create it again */
	if (spent)
		log_warnx("event=reserve-spent reason=%s", LOG_ERROR(error));
	free(path);
	return spent;
}
