/*
 * A descriptor passed to another process beside a message of an AF_UNIX socket (SCM_RIGHTS, unix(7)).
 */
#ifndef LANPOST_BASE_PASS_FD_H
#define LANPOST_BASE_PASS_FD_H

#include "base/str.h"

#include <sys/types.h>

/* sendmsg(2) with those flags, the bytes and a descriptor, which stays the caller's. */
ssize_t pass_fd_send(int fd, struct slice bytes, int passed, int flags);
/* Receives one message (of a stream: what is there) and at most one descriptor, close-on-exec; *passed is -1 where none came.
 * All others that the peer may have sent are closed by the kernel. A message longer than size is cut: *cut says so. Returns as
 * recvmsg(2); EINTR never. */
ssize_t pass_fd_receive(int fd, char *bytes, size_t size, int *passed, bool *cut);

#endif
