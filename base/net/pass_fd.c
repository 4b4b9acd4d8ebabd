#include "base/net/pass_fd.h"

#include <errno.h>
#include <sys/socket.h>

union one_fd {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

ssize_t pass_fd_send(int fd, struct slice bytes, int passed, int flags)
{
	struct iovec part = {(void *)bytes.ptr, bytes.len};
	union one_fd control = {.room = {0}};
	struct msghdr message = {
	    .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof(control.room)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &passed, sizeof(int));
	return sendmsg(fd, &message, flags);
}

ssize_t pass_fd_receive(int fd, char *bytes, size_t size, int *passed, bool *cut)
{
	struct iovec part = {bytes, size};
	union one_fd control = {.room = {0}};
	/* CMSG_LEN, not CMSG_SPACE: the padding would have room for a second descriptor. */
	struct msghdr message = {
	    .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = CMSG_LEN(sizeof(int))};
	const struct cmsghdr *header;
	ssize_t got;

	do
		got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	*passed = -1;
	*cut = got >= 0 && (message.msg_flags & MSG_TRUNC) != 0;
	header = got < 0 ? NULL : CMSG_FIRSTHDR(&message);
	if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
	    header->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(passed, CMSG_DATA(header), sizeof(int));
	return got;
}
