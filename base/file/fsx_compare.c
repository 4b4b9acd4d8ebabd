/* Compares files on the disk with their expected content: for recovery, which trusts no size. */
#include "base/file/fsx.h"
#include "base/i18n.h"

#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define PIECE (64 * 1024)

static void forget(int fd)
{
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED); /* only advice: pages that are not synced yet stay */
}

void fsx_forget(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return;
	forget(fd);
	close(fd);
}

/* Reads as many bytes as available, at most len. */
static ssize_t read_some(int fd, char *out, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t got = read(fd, out + done, len - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

static enum fsx_match match_piece(const char *have, const char *want, size_t len)
{
	enum fsx_match match = FSX_SAME;

	if (memcmp(have, want, len) == 0)
		return FSX_SAME;
	for (size_t i = 0; i < len && match != FSX_OTHER; i++)
		if (have[i] != want[i])
			match = have[i] == 0 ? FSX_REMAINS : FSX_OTHER;
	return match;
}

/* A bad sector stays bad: its content is lost. Returns -1 for a temporary error. */
static int compare_part(int fd, struct slice part, enum fsx_match *match)
{
	char piece[PIECE];

	while (part.len > 0 && *match != FSX_OTHER) {
		size_t len = part.len < PIECE ? part.len : PIECE;
		ssize_t got = read_some(fd, piece, len);
		enum fsx_match found;

		if (got < 0 && errno != EIO)
			return -1;
		if (got < (ssize_t)len)
			*match = FSX_REMAINS;
		if (got <= 0)
			return 0;
		found = match_piece(piece, part.ptr, (size_t)got);
		if (found > *match)
			*match = found;
		if (got < (ssize_t)len)
			return 0;
		part = slice_from(part, len);
	}
	return 0;
}

int fsx_compare(const char *path, const struct slice *parts, size_t count, enum fsx_match *match, struct error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), result = 0;
	char more;

	if (fd < 0)
		return error_errno(error, N_("cannot open %s"), path);
	forget(fd);
	*match = FSX_SAME;
	for (size_t i = 0; i < count && result == 0; i++)
		result = compare_part(fd, parts[i], match);
	if (result == 0 && *match == FSX_SAME && read_some(fd, &more, 1) != 0)
		*match = FSX_OTHER;
	if (result != 0)
		error_errno(error, N_("cannot read %s"), path);
	close(fd);
	return result;
}
