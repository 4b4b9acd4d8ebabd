#include "base/net/frame.h"

#include "base/clock.h"
#include "base/i18n.h"
#include "base/net/pass_fd.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define PARTS_MAX 8
#define PIECE (16u << 10) /* a block of more than 64 KiB makes free() tidy up */
#define CANCEL_LOOK_MS 200
#define ROOM (1 << 20)

struct head {
	uint32_t kind, len;
};

int frame_pair(int pair[2], struct error *error)
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
		return error_errno(error, N_("cannot make a socket pair"));
	for (int i = 0; i < 2; i++)
		setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &(int){ROOM}, sizeof(int)); /* fewer system calls; the kernel limits
		 * the value */
	return 0;
}

static enum frame_result wait_for(int fd, short events, struct frame_wait wait)
{
	struct pollfd polled = {.fd = fd, .events = events};
	int left = clock_left_ms(wait.deadline);

	if (wait.cancel != NULL && atomic_load(wait.cancel))
		return FRAME_CANCELLED;
	if (left == 0)
		return FRAME_TIMEOUT;
	if (wait.cancel != NULL && left > CANCEL_LOOK_MS)
		left = CANCEL_LOOK_MS;
	if (poll(&polled, 1, left) < 0 && errno != EINTR)
		return FRAME_CLOSED;
	return FRAME_OK;
}

/* --- sending */

/* The descriptor is sent with the first bytes. */
static ssize_t send_some(int fd, struct iovec *parts, size_t count, int passed)
{
	const struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};

	if (passed > 0)
		return pass_fd_send(fd, slice_make(parts->iov_base, parts->iov_len), passed, MSG_NOSIGNAL);
	return sendmsg(fd, &message, MSG_NOSIGNAL);
}

static void advance(struct iovec **parts, size_t *count, size_t sent)
{
	while (*count > 0 && sent >= (*parts)->iov_len) {
		sent -= (*parts)->iov_len;
		(*parts)++;
		(*count)--;
	}
	if (*count > 0) {
		(*parts)->iov_base = (char *)(*parts)->iov_base + sent;
		(*parts)->iov_len -= sent;
	}
}

enum frame_result frame_send(int fd, const struct frame *frame, struct frame_wait wait)
{
	struct head head = {.kind = frame->kind};
	struct iovec list[PARTS_MAX + 1] = {{.iov_base = &head, .iov_len = sizeof(head)}}, *rest = list;
	size_t left = frame->count + 1;
	int passed = frame->passed;

	if (frame->count > PARTS_MAX)
		return FRAME_CLOSED;
	for (size_t i = 0; i < frame->count; i++) {
		struct slice part = frame->parts[i];

		if (part.len > UINT32_MAX - head.len)
			return FRAME_CLOSED;
		head.len += (uint32_t)part.len;
		list[i + 1] = (struct iovec){.iov_base = (char *)(uintptr_t)part.ptr, .iov_len = part.len};
	}
	while (left > 0) {
		ssize_t sent = send_some(fd, rest, left, passed);
		enum frame_result result = FRAME_OK;

		if (sent >= 0) {
			advance(&rest, &left, (size_t)sent);
			passed = 0;
		} else if (errno == EAGAIN) {
			result = wait_for(fd, POLLOUT, wait);
		} else if (errno != EINTR) {
			result = FRAME_CLOSED;
		}
		if (result != FRAME_OK)
			return result;
	}
	return FRAME_OK;
}

/* --- receiving */

/* Takes a received descriptor; returns false if none is expected, or if it is a second one. */
static bool take_descriptor(int came, int *passed)
{
	if (came < 0)
		return true;
	if (passed != NULL && *passed < 0) {
		*passed = came;
		return true;
	}
	close(came);
	return false;
}

/* Reads the available bytes, up to `most`. */
static enum frame_result receive_some(int fd, struct buf *body, size_t most, int *passed, struct frame_wait wait)
{
	char *room = buf_reserve(body, most);
	enum frame_result result = room == NULL ? FRAME_CLOSED : FRAME_OK;

	while (result == FRAME_OK) {
		int came;
		bool cut;
		ssize_t got = pass_fd_receive(fd, room, most, &came, &cut);

		if (got >= 0) {
			body->len += (size_t)got;
			return take_descriptor(came, passed) && got > 0 ? FRAME_OK : FRAME_CLOSED;
		}
		result = errno == EAGAIN ? wait_for(fd, POLLIN, wait) : FRAME_CLOSED;
	}
	return result;
}

static enum frame_result receive(int fd, struct head *head, struct buf *body, int *passed, struct frame_wait wait)
{
	/* Requests and replies alternate: data is rarely available already. */
	enum frame_result result = wait_for(fd, POLLIN, wait);

	while (result == FRAME_OK && body->len < FRAME_HEAD)
		result = receive_some(fd, body, PIECE < body->limit - body->len ? PIECE : body->limit - body->len, passed, wait);
	if (result != FRAME_OK)
		return result;
	memcpy(head, body->ptr, sizeof(*head));
	if (head->len > body->limit - FRAME_HEAD)
		return FRAME_CLOSED;
	buf_consume(body, FRAME_HEAD); /* now, while little data follows it */
	while (result == FRAME_OK && body->len < head->len)
		result = receive_some(fd, body, head->len - body->len, passed, wait);
	return result == FRAME_OK && body->len > head->len ? FRAME_CLOSED : result;
}

enum frame_result frame_receive(int fd, uint32_t *kind, struct buf *body, int *passed, struct frame_wait wait)
{
	struct head head = {0};
	enum frame_result result;

	buf_reset(body);
	if (passed != NULL)
		*passed = -1;
	result = body->limit < FRAME_HEAD ? FRAME_CLOSED : receive(fd, &head, body, passed, wait);
	if (result != FRAME_OK && passed != NULL && *passed >= 0) {
		close(*passed);
		*passed = -1;
	}
	if (result != FRAME_OK) {
		buf_reset(body);
		return result;
	}
	*kind = head.kind;
	return FRAME_OK;
}

/* --- fields */

void frame_put(struct buf *body, char tag, struct slice value)
{
	const uint32_t len = (uint32_t)value.len;

	if (value.len > UINT32_MAX) {
		body->overflow = true;
		return;
	}
	buf_append_byte(body, tag);
	buf_append(body, &len, sizeof(len));
	buf_append_slice(body, value);
}

bool frame_take(struct slice *rest, char *tag, struct slice *value)
{
	uint32_t len;

	if (rest->len < 1 + sizeof(len))
		return false;
	memcpy(&len, rest->ptr + 1, sizeof(len));
	if (len > rest->len - 1 - sizeof(len))
		return false;
	*tag = rest->ptr[0];
	*value = slice_make(rest->ptr + 1 + sizeof(len), len);
	*rest = slice_from(*rest, 1 + sizeof(len) + len);
	return true;
}
