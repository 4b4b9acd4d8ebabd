/*
 * A byte stream over a connected socket, plain or inside TLS, where every wait has a deadline.
 *
 * Deadlines are absolute (base/clock.h), so a byte now and then renews nothing. Output gathers in
 * a buffer that is sent before anything is waited for, so a batch of pipelined commands gets its
 * replies in one piece. The socket is non-blocking underneath.
 */
#ifndef LANPOST_BASE_STREAM_H
#define LANPOST_BASE_STREAM_H

#include "base/buf.h"
#include "base/err.h"
#include "base/tls/tls.h"

enum stream_result {
	STREAM_OK,
	STREAM_TOO_LONG, /* the line was longer than the limit; it was read and dropped */
	STREAM_CLOSED,   /* the peer is gone */
	STREAM_TIMEOUT,  /* the deadline passed */
	STREAM_STOPPED,  /* the session was cancelled */
};

struct stream {
	int fd;
	int stop_fd;     /* readable when waiting for input should end; -1: nothing ends it */
	struct tls *tls; /* NULL: plain */
	struct buf in, out;
	size_t read_at;  /* bytes of `in` that were handed out already */
	size_t found_at; /* bytes of `in` that were searched for a line's end already */
	bool dropping;   /* within a line that is too long */
};

/* Takes the socket over. */
void stream_init(struct stream *stream, int fd, int stop_fd);
/* Says that nothing more will come, and waits for the peer to say the same, so that our last words
 * are not lost: closing with input unread would make the system take back what was sent. */
void stream_linger(struct stream *stream, int64_t deadline);
/* Says goodbye inside TLS, closes, frees. Does not wait and does not flush. */
void stream_close(struct stream *stream);

/* Reads one line of at most `limit` bytes without its end. CRLF ends it; a LF alone does too, since
 * people type commands by hand (docs/tolerated.md). *line is valid until the next call. */
enum stream_result stream_read_line(
    struct stream *stream, size_t limit, int64_t deadline, struct slice *line);
/* Whatever is there, at least one byte; say with stream_consume() how much of it was used. */
enum stream_result stream_read(struct stream *stream, int64_t deadline, struct slice *bytes);
void stream_consume(struct stream *stream, size_t len);
/* True if the peer sent more than was read of it. */
bool stream_has_input(const struct stream *stream);

/* Adds to the output; sends when much has gathered. */
enum stream_result stream_write(struct stream *stream, struct slice bytes, int64_t deadline);
enum stream_result stream_flush(struct stream *stream, int64_t deadline);

/* Shakes hands as a server. There must be no input left (stream_has_input), or a third party
 * could have put commands before the encryption (CVE-2011-0411). */
enum stream_result stream_start_tls(
    struct stream *stream, struct tls_context *context, int64_t deadline, struct error *error);

#endif
