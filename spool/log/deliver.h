/*
 * Delivers a log record to its places: mailboxes, queue, the sender's copy, boss, daemon. No sync here; the log has the
 * message.
 */
#ifndef LANPOST_SPOOL_DELIVER_H
#define LANPOST_SPOOL_DELIVER_H

#include "base/file/fsx.h"
#include "spool/envelope_parts.h"
#include "spool/spool.h"
#include "spool/storage/state.h"

struct delivery {
	const struct spool *spool;
	const char *hostname;
	struct state *state;
	const struct envelope *envelope;
	struct slice body;
	/* Called for each place: whether to deliver; NULL: deliver to all. */
	bool (*wanted)(void *context, const struct envelope *envelope, const struct place *place);
	/* Called for each mailbox: the file ("new/...") that the message replaces; NULL: none. */
	const char *(*over)(void *context);
	/* Called for each place that was delivered (error is NULL) or has failed with that error. */
	void (*report)(void *context, const struct envelope *envelope, const struct place *place,
	    const struct error *error);
	void *context;
};

/* The content of this message's file in that mailbox (or the queue), as consecutive parts. header is an empty buffer that
 * the parts borrow. Returns the number of parts. */
#define DELIVER_PARTS (1 + ENVELOPE_PARTS_MAX)
_Static_assert(DELIVER_PARTS <= FSX_PARTS_MAX, "a message is written in one go");
size_t deliver_parts(const struct delivery *delivery, const struct place *place, struct buf *header, struct slice *parts);

/* Delivers to every wanted place. Returns the number of places that failed. */
size_t deliver_places(const struct delivery *delivery);

#endif
