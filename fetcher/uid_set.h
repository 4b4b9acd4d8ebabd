/*
 * A set of UIDs as ascending ranges: 50,000 messages in a row are one range. Its text is that of IMAP (RFC 3501, sequence-set).
 */
#ifndef LANPOST_FETCHER_UID_SET_H
#define LANPOST_FETCHER_UID_SET_H

#include "base/buf.h"

struct uid_range {
	uint32_t first, last;
};

struct uid_set {
	struct uid_range *ranges;
	size_t range_count;
	uint64_t count; /* of UIDs */
};

void uid_set_clear(struct uid_set *set);
/* Adds a UID that is greater than all in the set; another one is ignored. */
void uid_set_add(struct uid_set *set, uint32_t uid);
bool uid_set_has(const struct uid_set *set, uint32_t uid);
/* Reads "1:5,7" into an empty set. Returns false, and leaves it empty, if the text is not a set in ascending order, or has more than `max` UIDs. An
 * empty text is an empty set. */
bool uid_set_read(struct uid_set *set, struct slice text, uint64_t max);
void uid_set_write(const struct uid_set *set, struct buf *out);
/* Walks the UIDs: begin with *range = *uid = 0; returns false at the end. */
bool uid_set_next(const struct uid_set *set, size_t *range, uint32_t *uid);

#endif
