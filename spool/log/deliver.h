/*
 * From a log record to the places: mailboxes, queue, boss, daemon. No sync here; the log holds the message.
 */
#ifndef LANPOST_SPOOL_DELIVER_H
#define LANPOST_SPOOL_DELIVER_H

#include "base/fsx.h"
#include "spool/envelope.h"
#include "spool/spool.h"
#include "spool/state/state.h"

struct delivery {
	const struct spool *spool;
	const char *hostname;
	struct state *state;
	const struct envelope *envelope;
	struct slice body;
	/* Asked for each place; NULL: all are wanted. */
	bool (*wanted)(void *context, const struct envelope *envelope, const struct place *place);
	/* Asked for each mailbox that wants it: the file there whose place it takes ("new/..."); NULL: none. */
	const char *(*over)(void *context);
	/* Called for each place that has been served, or has failed with that error (NULL: served). */
	void (*report)(void *context, const struct envelope *envelope, const struct place *place,
	    const struct error *error);
	void *context;
};

/* What the file of this message in that mailbox (or the queue) holds, in parts one behind the other. header is an empty buffer that
 * the parts borrow. Returns how many parts there are. */
#define DELIVER_PARTS 5
_Static_assert(DELIVER_PARTS <= FSX_PARTS_MAX, "a message is written in one go");
size_t deliver_parts(const struct delivery *delivery, const struct place *place, struct buf *header, struct slice *parts);

/* Delivers to every wanted place. Returns how many places could not be served. */
size_t deliver_places(const struct delivery *delivery);

#endif
