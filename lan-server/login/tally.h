/*
 * A bounded memory of keys (addresses, names, digests) with a few numbers each. When it is full, the key that was used
 * longest ago is forgotten. Keys are kept as keyed digests, so that nobody who chooses keys can choose collisions, and
 * no name or password stays in memory.
 *
 * Not locked: the owner has a mutex.
 */
#ifndef LANPOST_LAN_SERVER_TALLY_H
#define LANPOST_LAN_SERVER_TALLY_H

#include "base/str.h"

struct tally;

struct tally_item {
	double count;  /* of failures, as it was at `when` */
	int64_t when;  /* monotonic ms */
	int64_t until; /* monotonic ms; what ends then is the owner's business. 0: nothing */
	unsigned times;
};

struct tally *tally_new(size_t most);
void tally_free(struct tally *tally);
/* The item of a key, NULL if none exists; valid until the next tally_make(). */
struct tally_item *tally_find(struct tally *tally, struct slice key);
/* The same; a new one is all zero. */
struct tally_item *tally_make(struct tally *tally, struct slice key);

#endif
