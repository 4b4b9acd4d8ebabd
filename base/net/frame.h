/*
 * Frames: messages between two of our own processes over a pair of sockets, request and reply in turn.
 *
 * The other process may be compromised: a frame has a kind, a bounded body and perhaps a descriptor, and there is only one
 * at a time. A frame that is longer than the reader allows, data after a frame and an unexpected descriptor count as a
 * closed connection. Every wait has a deadline.
 */
#ifndef LANPOST_BASE_FRAME_H
#define LANPOST_BASE_FRAME_H

#include "base/buf.h"
#include "base/err.h"

#include <stdatomic.h>
#include <stdint.h>

#define FRAME_HEAD 8

enum frame_result {
	FRAME_OK,
	FRAME_CLOSED, /* the peer is gone or violated the protocol */
	FRAME_TIMEOUT,
	FRAME_CANCELLED,
};

/* The frame to send. */
struct frame {
	uint32_t kind;
	const struct slice *parts; /* of its body */
	size_t count;
	int passed; /* a descriptor to send with it, above 0 */
};

/* Time limit for the peer. */
struct frame_wait {
	int64_t deadline;	   /* base/clock.h; INT64_MAX: none */
	const atomic_bool *cancel; /* may be NULL */
};

/* Creates both ends, non-blocking and close-on-exec. */
int frame_pair(int pair[2], struct error *error);
enum frame_result frame_send(int fd, const struct frame *frame, struct frame_wait wait);
/* Reads the body of the next frame into *body, which is emptied first; its limit is the largest size accepted, FRAME_HEAD
 * included. *passed is the descriptor that came with it, owned by the caller, or -1; if passed is NULL, a descriptor is an
 * error. */
enum frame_result frame_receive(int fd, uint32_t *kind, struct buf *body, int *passed, struct frame_wait wait);

/* A body of several fields: each has a tag. */
void frame_put(struct buf *body, char tag, struct slice value);
/* Takes the next field off *rest. Returns false at the end, and if the rest is not a field: then *rest is not
 * empty. */
bool frame_take(struct slice *rest, char *tag, struct slice *value);

#endif
