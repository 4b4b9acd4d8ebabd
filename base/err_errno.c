/* What the system's error numbers mean, in the words of glibc, so that logs are as usual. Translated here, since
 * glibc's translations exist only for installed locales. */
#include "base/alloc.h"
#include "base/err.h"
#include "base/i18n.h"

#include <errno.h>

static const struct {
	int number;
	const char *word;
} words[] = {
    {EPERM, N_("Operation not permitted")},
    {ENOENT, N_("No such file or directory")},
    {EINTR, N_("Interrupted system call")},
    {EIO, N_("Input/output error")},
    {ENXIO, N_("No such device or address")},
    {E2BIG, N_("Argument list too long")},
    {ENOEXEC, N_("Exec format error")},
    {EBADF, N_("Bad file descriptor")},
    {ECHILD, N_("No child processes")},
    {EAGAIN, N_("Resource temporarily unavailable")},
    {ENOMEM, N_("Cannot allocate memory")},
    {EACCES, N_("Permission denied")},
    {EBUSY, N_("Device or resource busy")},
    {EEXIST, N_("File exists")},
    {EXDEV, N_("Invalid cross-device link")},
    {ENODEV, N_("No such device")},
    {ENOTDIR, N_("Not a directory")},
    {EISDIR, N_("Is a directory")},
    {EINVAL, N_("Invalid argument")},
    {ENFILE, N_("Too many open files in system")},
    {EMFILE, N_("Too many open files")},
    {ENOTTY, N_("Inappropriate ioctl for device")},
    {ETXTBSY, N_("Text file busy")},
    {EFBIG, N_("File too large")},
    {ENOSPC, N_("No space left on device")},
    {ESPIPE, N_("Illegal seek")},
    {EROFS, N_("Read-only file system")},
    {EMLINK, N_("Too many links")},
    {EPIPE, N_("Broken pipe")},
    {ENAMETOOLONG, N_("File name too long")},
    {ENOSYS, N_("Function not implemented")},
    {ENOTEMPTY, N_("Directory not empty")},
    {ELOOP, N_("Too many levels of symbolic links")},
    {EILSEQ, N_("Invalid or incomplete multibyte or wide character")},
    {EADDRINUSE, N_("Address already in use")},
    {EADDRNOTAVAIL, N_("Cannot assign requested address")},
    {EAFNOSUPPORT, N_("Address family not supported by protocol")},
    {ENETDOWN, N_("Network is down")},
    {ENETUNREACH, N_("Network is unreachable")},
    {ECONNABORTED, N_("Software caused connection abort")},
    {ECONNRESET, N_("Connection reset by peer")},
    {ENOTCONN, N_("Transport endpoint is not connected")},
    {ETIMEDOUT, N_("Connection timed out")},
    {ECONNREFUSED, N_("Connection refused")},
    {EHOSTDOWN, N_("Host is down")},
    {EHOSTUNREACH, N_("No route to host")},
    {EPROTONOSUPPORT, N_("Protocol not supported")},
    {EOPNOTSUPP, N_("Operation not supported")},
    {ESTALE, N_("Stale file handle")},
    {EDQUOT, N_("Disk quota exceeded")},
};

const char *error_errno_word(int number)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (words[i].number == number)
			return words[i].word;
	return N_("unknown system error");
}
