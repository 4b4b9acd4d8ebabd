/*
 * Frames: what two of our own processes say to each other over a pair of sockets, one asking and one answering in turn.
 *
 * The other side may have been taken over: a frame has a kind and a bounded body, perhaps a descriptor, and there is never more than
 * one under way. What is longer than the reader allows, what comes behind a frame, and a descriptor too many are the same as a
 * peer that is gone. Every wait has a deadline.
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
	FRAME_CLOSED, /* the peer is gone, or speaks nonsense */
	FRAME_TIMEOUT,
	FRAME_CANCELLED,
};

/* What is sent. */
struct frame {
	uint32_t kind;
	const struct slice *parts; /* of its body */
	size_t count;
	int passed; /* a descriptor that goes with it, above 0 */
};

/* How long is waited for the peer. */
struct frame_wait {
	int64_t deadline;	   /* base/clock.h; INT64_MAX: none */
	const atomic_bool *cancel; /* may be NULL */
};

/* Both ends, not blocking, closed in programs that are run. */
int frame_pair(int pair[2], struct error *error);
enum frame_result frame_send(int fd, const struct frame *frame, struct frame_wait wait);
/* Puts the next frame's body into *body, which is emptied before; its limit is the most that is taken, FRAME_HEAD included. *passed
 * is the descriptor that came with it, the caller's, or -1; with passed NULL none may come. */
enum frame_result frame_receive(int fd, uint32_t *kind, struct buf *body, int *passed, struct frame_wait wait);

/* A body of several fields: each has a tag. */
void frame_put(struct buf *body, char tag, struct slice value);
/* Cuts the next one off *rest; false at the end, and where what is left is not a field: then *rest is not empty. */
bool frame_take(struct slice *rest, char *tag, struct slice *value);

#endif
