/* Reads files: whole, or mapped into memory if they are large. */
#include "base/file/fsx.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "base/file/mapped.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int fsx_read(const char *path, size_t limit, char **data, size_t *len, struct error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO is not a file, and must not block */
	struct stat st;
	size_t used = 0;
	char *bytes;

	if (fd < 0)
		return error_errno(error, N_("cannot open %s"), path);
	if (fstat(fd, &st) != 0) {
		error_errno(error, N_("cannot stat %s"), path);
		close(fd);
		return -1;
	}
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > limit) {
		close(fd);
		return error_set(error, ERROR_LIMIT, N_("%s is not a regular file, or is larger "
		    "than %zu bytes"), path,
		    limit);
	}
	bytes = xmalloc((size_t)st.st_size + 1);
	while (used < (size_t)st.st_size) {
		ssize_t got = read(fd, bytes + used, (size_t)st.st_size - used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			error_errno(error, N_("cannot read %s"), path);
			free(bytes);
			close(fd);
			return -1;
		}
		if (got == 0)
			break;
		used += (size_t)got;
	}
	close(fd);
	bytes[used] = '\0';
	*data = bytes;
	*len = used;
	return 0;
}

/* Below this, reading is cheaper than a mapping and its page faults. */
#define MAP_MIN (256 * 1024)

static int read_whole(int fd, char *out, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t got = read(fd, out + done, len - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			errno = got == 0 ? ESTALE : errno; /* the file was truncated meanwhile */
			return -1;
		}
		done += (size_t)got;
	}
	return 0;
}

static int load(int fd, size_t size, struct slice *data)
{
	char *at;

	if (size == 0) {
		*data = slice_make("", 0);
		return 0;
	}
	if (size >= MAP_MIN) {
		at = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
		*data = slice_make(at, size);
		if (at == MAP_FAILED)
			return -1;
		if (mapped_add(at, size))
			return 0;
		munmap(at, size);
	}
	at = xmalloc(size);
	*data = slice_make(at, size);
	if (read_whole(fd, at, size) == 0)
		return 0;
	free(at);
	return -1;
}

int fsx_map(const char *path, struct slice *data, struct error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* as above */
	struct stat st;
	int result;

	if (fd < 0)
		return error_errno(error, N_("cannot open %s"), path);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return error_set(error, ERROR_IO, N_("%s is not a regular file"), path);
	}
	result = load(fd, (size_t)st.st_size, data);
	if (result != 0)
		error_errno(error, N_("cannot read %s"), path);
	close(fd);
	return result;
}

void fsx_unmap(struct slice data)
{
	if (data.len >= MAP_MIN && mapped_remove(data.ptr))
		munmap((char *)data.ptr, data.len);
	else if (data.len > 0)
		free((char *)data.ptr);
}

int fsx_check_map(struct slice data, struct error *error)
{
	if (mapped_is_intact(data.ptr))
		return 0;
	return error_set(error, ERROR_IO, N_("the file was truncated or became unreadable while it "
	    "was being read"));
}

/* Only for a listed mapping: its pages are read again from the file, so nothing is lost. */
void fsx_let_go(struct slice bytes)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t from = ((uintptr_t)bytes.ptr + page - 1) & ~(page - 1);
	uintptr_t to = ((uintptr_t)bytes.ptr + bytes.len) & ~(page - 1);

	if (from < to && mapped_holds((const void *)from))
		madvise((void *)from, to - from, MADV_DONTNEED);
}
