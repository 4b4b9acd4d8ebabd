/*
 * Passes a descriptor to another process with a message of an AF_UNIX socket (SCM_RIGHTS,
 * unix(7)).
 */
#ifndef LANPOST_BASE_PASS_FD_H
#define LANPOST_BASE_PASS_FD_H

#include "base/str.h"

#include <sys/types.h>

/* sendmsg(2) with these flags, the bytes and a descriptor, which remains the caller's. */
ssize_t pass_fd_send(int fd, struct slice bytes, int passed, int flags);
/* Receives one message (of a stream: what is there) and at most one descriptor, close-on-exec; *passed is -1 if none came.
 * The kernel closes any others that the peer sent. A message longer than size is truncated: then *cut is true. Returns as
 * recvmsg(2), but never EINTR. */
ssize_t pass_fd_receive(int fd, char *bytes, size_t size, int *passed, bool *cut);

#endif
