/* The bytes of a connection: sent and received until a deadline, compressed if both sides agreed, and counted on the line. */
#include "upstream/remote_priv.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/net/deflate.h"

#include <errno.h>
#include <linux/tcp.h> /* the C library's struct tcp_info ends before the bytes */
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>

#define CANCEL_LOOK_MS 200

/* --- counting */

/* TCP counts what it has received, also if nobody has read it: the line has carried it. */
bool remote_socket_bytes(curl_socket_t socket, struct remote_bytes *bytes)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &len) != 0 ||
	    len < offsetof(struct tcp_info, tcpi_bytes_received) + sizeof(info.tcpi_bytes_received))
		return false;
	bytes->received = info.tcpi_bytes_received;
	bytes->sent = info.tcpi_bytes_sent > 0 ? info.tcpi_bytes_sent : info.tcpi_bytes_acked; /* older kernels */
	return true;
}

static void count(struct remote *remote, curl_socket_t socket)
{
	struct remote_bytes now;

	if (remote->wire == NULL || !remote_socket_bytes(socket, &now))
		return;
	if (socket != remote->counted_fd)
		remote->counted_received = remote->counted_sent = 0;
	remote->counted_fd = socket;
	atomic_fetch_add(&remote->wire->received, now.received - remote->counted_received);
	atomic_fetch_add(&remote->wire->sent, now.sent - remote->counted_sent);
	remote->counted_received = now.received;
	remote->counted_sent = now.sent;
}

void remote_count_end(struct remote *remote, curl_socket_t socket)
{
	count(remote, socket);
	if (socket == remote->counted_fd)
		remote->counted_fd = CURL_SOCKET_BAD;
}

struct remote_bytes remote_moved(const struct remote *remote)
{
	return remote->moved;
}

/* --- waiting */

static enum remote_result wait_for(struct remote *remote, short events, int64_t deadline)
{
	struct pollfd poll_fd = {.fd = -1, .events = events};
	curl_socket_t fd = CURL_SOCKET_BAD;
	int left;

	if (curl_easy_getinfo(remote->curl, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK || fd == CURL_SOCKET_BAD)
		return REMOTE_CLOSED;
	count(remote, fd);
	poll_fd.fd = fd;
	if (remote_is_cancelled(remote))
		return REMOTE_CANCELLED;
	left = clock_left_ms(deadline);
	if (left == 0)
		return REMOTE_TIMEOUT;
	if (poll(&poll_fd, 1, left < CANCEL_LOOK_MS ? left : CANCEL_LOOK_MS) < 0 && errno != EINTR)
		return REMOTE_CLOSED;
	return REMOTE_OK;
}

/* --- sending */

static enum remote_result send_all(struct remote *remote, struct slice bytes, int64_t deadline)
{
	while (bytes.len > 0) {
		size_t sent = 0;
		CURLcode code = curl_easy_send(remote->curl, bytes.ptr, bytes.len, &sent);
		enum remote_result result;

		if (code == CURLE_OK) {
			bytes = slice_from(bytes, sent);
			remote->moved.sent += sent;
			continue;
		}
		if (code != CURLE_AGAIN)
			return REMOTE_CLOSED;
		result = wait_for(remote, POLLOUT, deadline);
		if (result != REMOTE_OK)
			return result;
	}
	return remote_is_cancelled(remote) ? REMOTE_CANCELLED : REMOTE_OK;
}

enum remote_result remote_send(struct remote *remote, struct slice bytes, int64_t deadline)
{
	if (remote->deflate == NULL || bytes.len == 0)
		return send_all(remote, bytes, deadline);
	buf_reset(&remote->out);
	deflate_compress(remote->deflate, bytes, &remote->out);
	return send_all(remote, buf_slice(&remote->out), deadline);
}

/* --- receiving */

static enum remote_result take_rest(struct remote *remote, char *bytes, size_t size, size_t *got)
{
	*got = remote->rest.len < size ? remote->rest.len : size;
	memcpy(bytes, remote->rest.ptr, *got);
	buf_consume(&remote->rest, *got);
	return REMOTE_OK;
}

/* As it comes; the deadline was checked. */
static enum remote_result receive(struct remote *remote, char *bytes, size_t size, size_t *got, int64_t deadline)
{
	if (remote->rest.len > 0)
		return take_rest(remote, bytes, size, got);
	for (;;) {
		enum remote_result result;
		CURLcode code;

		*got = 0;
		/* Before any wait: TLS may have decoded bytes while the socket is silent. */
		code = curl_easy_recv(remote->curl, bytes, size, got);
		remote->moved.received += code == CURLE_OK ? *got : 0;
		if (code == CURLE_OK)
			return *got > 0 ? REMOTE_OK : REMOTE_CLOSED;
		if (code != CURLE_AGAIN)
			return REMOTE_CLOSED;
		result = wait_for(remote, POLLIN, deadline);
		if (result != REMOTE_OK)
			return result;
	}
}

/* A server can also send without end what expands to nothing. */
static enum remote_result check(const struct remote *remote, int64_t deadline)
{
	if (remote_is_cancelled(remote))
		return REMOTE_CANCELLED;
	return clock_left_ms(deadline) == 0 ? REMOTE_TIMEOUT : REMOTE_OK;
}

static enum remote_result receive_deflated(struct remote *remote, char *bytes, size_t size, size_t *got, int64_t deadline)
{
	enum remote_result result = REMOTE_OK;

	while (result == REMOTE_OK) {
		ssize_t expanded = deflate_expand(remote->deflate, bytes, size);
		size_t room;
		char *into;

		*got = expanded > 0 ? (size_t)expanded : 0;
		if (expanded != 0)
			return expanded > 0 ? REMOTE_OK : REMOTE_GARBLED;
		result = check(remote, deadline);
		if (result != REMOTE_OK)
			break;
		into = deflate_room(remote->deflate, &room);
		result = receive(remote, into, room, &room, deadline);
		if (result == REMOTE_OK)
			deflate_received(remote->deflate, room);
	}
	return result;
}

enum remote_result remote_recv(struct remote *remote, char *bytes, size_t size, size_t *got, int64_t deadline)
{
	/* Also if more bytes are available: a server that never stops must not exceed its deadline. */
	enum remote_result result = check(remote, deadline);

	if (result != REMOTE_OK)
		return result;
	return remote->deflate != NULL ? receive_deflated(remote, bytes, size, got, deadline) : receive(remote, bytes, size, got, deadline);
}

void remote_start_deflate(struct remote *remote, struct slice input)
{
	if (remote->deflate != NULL)
		return;
	remote->deflate = deflate_new();
	buf_append_slice(&remote->rest, input);
}
