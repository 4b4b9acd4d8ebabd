/*
 * A byte stream over a connected socket, plain or inside TLS, where every wait has a deadline.
 *
 * Deadlines are absolute (base/clock.h), so a byte now and then does not extend them. Output is
 * collected in a buffer that is sent before each wait, so a batch of pipelined commands gets its
 * replies in one piece. The socket is non-blocking underneath.
 */
#ifndef LANPOST_BASE_STREAM_H
#define LANPOST_BASE_STREAM_H

#include "base/buf.h"
#include "base/err.h"
#include "base/tls/tls.h"

#include <stdatomic.h>

struct deflate;

enum stream_result {
	STREAM_OK,
	STREAM_TOO_LONG, /* the line was longer than the limit; it was read and dropped */
	STREAM_CLOSED,   /* the peer is gone */
	STREAM_TIMEOUT,  /* the deadline passed */
	STREAM_STOPPED,  /* the session was cancelled */
	STREAM_WOKEN,    /* wake_fd is readable, and no input has come */
};

struct stream {
	int fd;
	int stop_fd;     /* readable when waiting for input should end; -1: never */
	const atomic_bool *is_given_up; /* set by another thread: a peer that does not read is waited for no more; NULL: never */
	int wake_fd;     /* readable when a wait for input should be interrupted; -1: never */
	struct tls *tls; /* NULL: plain */
	struct deflate *deflate; /* NULL: not compressed */
	struct buf in, out;
	bool is_cut; /* some output is lost: nothing may follow it, since the peer would take it for the missing bytes */
	struct buf wire; /* of the output: what is compressed, and not sent yet */
	size_t read_at;  /* bytes of `in` that were already handed out */
	size_t found_at; /* bytes of `in` that were already searched for a line end */
	bool dropping;   /* within a line that is too long */
};

/* Takes ownership of the socket. */
void stream_init(struct stream *stream, int fd, int stop_fd);
/* Shuts down the sending side and waits for the peer to do the same, so that our last reply is
 * not lost: closing with unread input would discard data that was sent. */
void stream_linger(struct stream *stream, int64_t deadline);
/* Sends TLS close_notify, closes, frees. Does not wait and does not flush. */
void stream_close(struct stream *stream);

/* Reads one line of at most `limit` bytes without its end. It ends with CRLF or LF alone, since
 * people type commands by hand (docs/tolerated.md). *line is valid until the next call. */
enum stream_result stream_read_line(
    struct stream *stream, size_t limit, int64_t deadline, struct slice *line);
/* Returns the available input, at least one byte; stream_consume() takes the part that was used. */
enum stream_result stream_read(struct stream *stream, int64_t deadline, struct slice *bytes);
void stream_consume(struct stream *stream, size_t len);
/* True if there is unread input of the peer. */
bool stream_has_input(const struct stream *stream);
/* True if the connection has ended in both directions. */
bool stream_is_hung_up(const struct stream *stream);

/* Appends to the output; sends when the buffer is large. */
enum stream_result stream_write(struct stream *stream, struct slice bytes, int64_t deadline);
enum stream_result stream_flush(struct stream *stream, int64_t deadline);

/* TLS handshake as a server. There must be no unread input (stream_has_input): a third party
 * could have injected commands before the encryption (CVE-2011-0411). */
enum stream_result stream_start_tls(
    struct stream *stream, struct tls_context *context, int64_t deadline, struct error *error);
/* From now on both sides compress (base/net/deflate.h); output that is pending is sent before, as it is. There must be
 * no unread input (stream_has_input): the peer waits for the reply before it compresses (RFC 4978 section 3). */
enum stream_result stream_start_deflate(struct stream *stream, int64_t deadline);

#endif
