#include "base/process/sealed.h"

#include "base/file/fsx.h"
#include "base/i18n.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

int sealed_new(const char *name, struct slice text, struct error *error)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING), result;

	if (fd < 0)
		return error_errno(error, N_("cannot create a file in memory"));
	result = fsx_write(fd, text, name, error);
	if (result == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0)
		result = error_errno(error, N_("cannot create a file in memory"));
	if (result == 0)
		return fd;
	close(fd);
	return -1;
}

int sealed_read(int fd, struct buf *out, struct error *error)
{
	char bytes[4096];
	off_t at = 0;
	ssize_t got;

	while ((got = pread(fd, bytes, sizeof(bytes), at)) > 0) {
		if (buf_append(out, bytes, (size_t)got) < 0)
			return error_set(error, ERROR_LIMIT, N_("the data from another process is too long"));
		at += got;
	}
	explicit_bzero(bytes, sizeof(bytes));
	return got == 0 ? 0 : error_errno(error, N_("cannot read the data from another process"));
}
