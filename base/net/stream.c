#include "base/net/stream.h"

#include "base/clock.h"
#include "base/i18n.h"
#include "base/net/deflate.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_SIZE 16384       /* one TLS record */
#define INPUT_MAX (64 * 1024) /* above any line's limit plus one read */
#define GIVEN_UP_LOOK_MS 200
#define FLUSH_AT (32 * 1024)
#define KEEP_CAPACITY (32 * 1024)
#define LINGER_MAX (4 * 1024 * 1024) /* bytes of a peer that sends without end */

void stream_init(struct stream *stream, int fd, int stop_fd)
{
	*stream = (struct stream){.fd = fd, .stop_fd = stop_fd, .wake_fd = -1};
	buf_init(&stream->in, INPUT_MAX);
	buf_init(&stream->out, SIZE_MAX / 4); /* bounded by FLUSH_AT and one write */
	buf_init(&stream->wire, SIZE_MAX / 4); /* of that size at most, and a little */
}

void stream_close(struct stream *stream)
{
	if (stream->tls != NULL)
		tls_shutdown(stream->tls);
	tls_free(stream->tls);
	close(stream->fd);
	deflate_free(stream->deflate);
	buf_clear(&stream->in);
	buf_clear(&stream->out);
	buf_clear(&stream->wire);
	stream->tls = NULL;
	stream->deflate = NULL;
	stream->fd = -1;
}

static bool is_given_up(const struct stream *stream)
{
	return stream->is_given_up != NULL && atomic_load(stream->is_given_up);
}

/* Waits until the socket is ready. A stop ends only waits for input; the output of a finished
 * command is still sent. */
static enum stream_result wait_ready(struct stream *stream, short events, int64_t deadline)
{
	struct pollfd fds[3] = {
	    {.fd = stream->fd, .events = events},
	    {.fd = events == POLLIN ? stream->stop_fd : -1, .events = POLLIN},
	    {.fd = events == POLLIN ? stream->wake_fd : -1, .events = POLLIN},
	};

	for (;;) {
		int left = clock_left_ms(deadline);
		int ready = poll(fds, 3, events == POLLOUT && left > GIVEN_UP_LOOK_MS ? GIVEN_UP_LOOK_MS : left);

		if (ready < 0 && errno != EINTR)
			return STREAM_CLOSED;
		if (ready > 0)
			return fds[0].revents != 0 ? STREAM_OK : fds[1].revents != 0 ? STREAM_STOPPED : STREAM_WOKEN;
		if (left == 0)
			return STREAM_TIMEOUT;
		if (events == POLLOUT && is_given_up(stream))
			return STREAM_CLOSED;
	}
}

void stream_linger(struct stream *stream, int64_t deadline)
{
	char dropped[4096];
	ssize_t got = 1, total = 0;

	if (stream->tls != NULL)
		tls_shutdown(stream->tls);
	if (shutdown(stream->fd, SHUT_WR) != 0)
		return;
	while (got > 0 && total < LINGER_MAX && wait_ready(stream, POLLIN, deadline) == STREAM_OK) {
		got = recv(stream->fd, dropped, sizeof(dropped), 0);
		total += got;
	}
}

/* Receives once. Returns bytes or enum tls_result. */
static ssize_t receive(struct stream *stream, char *room, size_t size)
{
	ssize_t got;

	if (stream->tls != NULL)
		return tls_read(stream->tls, room, size);
	got = recv(stream->fd, room, size, 0);
	if (got >= 0)
		return got == 0 ? TLS_CLOSED : got;
	return errno == EAGAIN || errno == EINTR ? TLS_WANT_READ : TLS_FAILED;
}

/* The same, expanded. Input that expands to nothing yet is received until the peer has sent all that it has, or the
 * deadline. */
static ssize_t receive_deflated(struct stream *stream, char *room, size_t size, int64_t deadline)
{
	for (;;) {
		ssize_t got = deflate_expand(stream->deflate, room, size);
		size_t len;
		char *into;

		if (got != 0)
			return got > 0 ? got : TLS_FAILED;
		if (clock_left_ms(deadline) == 0)
			return TLS_WANT_READ;
		into = deflate_room(stream->deflate, &len);
		got = receive(stream, into, len);
		if (got <= 0)
			return got;
		deflate_received(stream->deflate, (size_t)got);
	}
}

/* Reads once into the free space of the buffer. */
static ssize_t read_once(struct stream *stream, char *room, int64_t deadline)
{
	return stream->deflate != NULL ? receive_deflated(stream, room, READ_SIZE, deadline) : receive(stream, room, READ_SIZE);
}

static ssize_t write_once(struct stream *stream, struct slice bytes)
{
	ssize_t sent;

	if (stream->tls != NULL)
		return tls_write(stream->tls, bytes);
	sent = send(stream->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
	if (sent > 0)
		return sent;
	return errno == EAGAIN || errno == EINTR ? TLS_WANT_WRITE : TLS_FAILED;
}

/* Waits for what the last attempt needs. Inside TLS a peer can also send without a pause what is no data. */
static enum stream_result wait_result(struct stream *stream, ssize_t result, int64_t deadline)
{
	if (clock_left_ms(deadline) == 0)
		return STREAM_TIMEOUT;
	if (result == TLS_WANT_READ)
		return wait_ready(stream, POLLIN, deadline);
	if (result == TLS_WANT_WRITE)
		return wait_ready(stream, POLLOUT, deadline);
	return STREAM_CLOSED;
}

/* Sends the bytes of a buffer; they are gone afterwards in any case. */
static enum stream_result send_all(struct stream *stream, struct buf *buf, int64_t deadline)
{
	enum stream_result result = stream->is_cut ? STREAM_CLOSED : STREAM_OK;
	size_t done = 0;

	while (done < buf->len && result == STREAM_OK) {
		ssize_t sent = write_once(stream, slice_from(buf_slice(buf), done));

		if (sent > 0)
			done += (size_t)sent;
		else
			result = wait_result(stream, sent, deadline);
	}
	stream->is_cut = stream->is_cut || done < buf->len;
	if (result != STREAM_OK || buf->capacity > 2 * KEEP_CAPACITY)
		buf_clear(buf);
	else
		buf_reset(buf);
	return result;
}

enum stream_result stream_flush(struct stream *stream, int64_t deadline)
{
	if (stream->deflate == NULL || stream->out.len == 0)
		return send_all(stream, &stream->out, deadline);
	deflate_compress(stream->deflate, buf_slice(&stream->out), &stream->wire);
	if (stream->out.capacity > 2 * KEEP_CAPACITY)
		buf_clear(&stream->out);
	else
		buf_reset(&stream->out);
	return send_all(stream, &stream->wire, deadline);
}

enum stream_result stream_write(struct stream *stream, struct slice bytes, int64_t deadline)
{
	buf_append_slice(&stream->out, bytes);
	return stream->out.len < FLUSH_AT ? STREAM_OK : stream_flush(stream, deadline);
}

/* Drops the bytes that were handed out, so that positions start at 0. */
static void forget_used(struct stream *stream)
{
	buf_consume(&stream->in, stream->read_at);
	stream->found_at -= stream->found_at < stream->read_at ? stream->found_at : stream->read_at;
	stream->read_at = 0;
}

/* Reads more input, after sending the pending output. */
static enum stream_result fill(struct stream *stream, int64_t deadline)
{
	enum stream_result result = stream_flush(stream, deadline);

	forget_used(stream);
	/* The deadline also applies to a peer that sends without a pause. */
	if (result == STREAM_OK && clock_left_ms(deadline) == 0)
		result = STREAM_TIMEOUT;
	while (result == STREAM_OK) {
		char *room = buf_reserve(&stream->in, READ_SIZE);
		ssize_t got;

		assert(room != NULL);
		got = read_once(stream, room, deadline);
		if (got > 0) {
			stream->in.len += (size_t)got;
			return STREAM_OK;
		}
		if (stream->in.len == 0)
			buf_clear(&stream->in); /* idle sessions keep no buffers */
		result = wait_result(stream, got, deadline);
	}
	return result;
}

static struct slice unread(const struct stream *stream)
{
	return slice_make(stream->in.ptr + stream->read_at, stream->in.len - stream->read_at);
}

bool stream_has_input(const struct stream *stream)
{
	return stream->in.len > stream->read_at || (stream->deflate != NULL && deflate_has_input(stream->deflate)) ||
	       (stream->tls != NULL && tls_pending(stream->tls));
}

/* A peer that has only ended its own direction still reads. */
bool stream_is_hung_up(const struct stream *stream)
{
	struct pollfd fd = {.fd = stream->fd};

	return poll(&fd, 1, 0) > 0;
}

enum stream_result stream_read(struct stream *stream, int64_t deadline, struct slice *bytes)
{
	if (stream->in.len == stream->read_at) {
		enum stream_result result = fill(stream, deadline);

		if (result != STREAM_OK)
			return result;
	}
	*bytes = unread(stream);
	return STREAM_OK;
}

void stream_consume(struct stream *stream, size_t len)
{
	stream->read_at += len;
	stream->found_at = stream->read_at;
}

/* Takes a line off the unread input. Returns false if its end has not arrived yet. */
static bool take_line(struct stream *stream, struct slice *line)
{
	struct slice rest = slice_from(buf_slice(&stream->in), stream->found_at);
	ptrdiff_t end = slice_find(rest, '\n');

	if (end < 0) {
		stream->found_at = stream->in.len;
		return false;
	}
	line->ptr = stream->in.ptr + stream->read_at;
	line->len = stream->found_at + (size_t)end - stream->read_at;
	stream->read_at = stream->found_at = stream->found_at + (size_t)end + 1;
	if (line->len > 0 && line->ptr[line->len - 1] == '\r')
		line->len--;
	return true;
}

enum stream_result stream_read_line(
    struct stream *stream, size_t limit, int64_t deadline, struct slice *line)
{
	assert(limit + READ_SIZE < INPUT_MAX);
	for (;;) {
		enum stream_result result;

		if (take_line(stream, line)) {
			bool too_long = stream->dropping || line->len > limit;

			stream->dropping = false;
			return too_long ? STREAM_TOO_LONG : STREAM_OK;
		}
		if (stream->in.len - stream->read_at > limit + 1) {
			stream->dropping = true;
			stream_consume(stream, stream->in.len - stream->read_at);
		}
		result = fill(stream, deadline);
		if (result != STREAM_OK)
			return result;
	}
}

enum stream_result stream_start_tls(
    struct stream *stream, struct tls_context *context, int64_t deadline, struct error *error)
{
	enum stream_result result = stream_flush(stream, deadline);
	char reason[120];
	int done;

	assert(!stream_has_input(stream) && stream->tls == NULL);
	stream->tls = tls_new(context, stream->fd);
	while (result == STREAM_OK && (done = tls_handshake(stream->tls)) != 1)
		result = wait_result(stream, done, deadline);
	if (result == STREAM_TIMEOUT)
		error_set(error, ERROR_TEMPORARY, N_("TLS handshake timed out"));
	else if (result != STREAM_OK)
		error_set(error, ERROR_PROTOCOL, N_("TLS handshake failed: %s"),
		    tls_reason(reason, sizeof(reason)));
	return result;
}

enum stream_result stream_start_deflate(struct stream *stream, int64_t deadline)
{
	enum stream_result result = stream_flush(stream, deadline);

	assert(!stream_has_input(stream) && stream->deflate == NULL);
	stream->deflate = deflate_new();
	return result;
}
