/* Declarations that the parts of the plan share: seen messages by the digest of their header (plan_known.c), and keys (plan_key.c). */
#ifndef LANPOST_FETCHER_PLAN_PRIV_H
#define LANPOST_FETCHER_PLAN_PRIV_H

#include "fetcher/plan.h"

enum plan_likeness {
	PLAN_UNLIKE, /* no message with this header was seen */
	PLAN_ALIKE,  /* one was, but it may be another message: its size differs, or it is also in the listing */
	PLAN_SAME,
};

/* Whether a message with this header and size was seen. */
struct plan_known *plan_match(struct plan *plan, const struct map *seen, uint64_t digest, uint64_t size,
    enum plan_likeness *likeness);
void plan_known_clear(struct plan *plan);
/* The set of sizes of seen messages that are not in the listing unchanged, or of all; the caller calls
 * map_clear(). */
void plan_sizes(const struct plan *plan, const struct map *seen, bool all, struct map *sizes);
bool plan_has_size(const struct map *sizes, uint64_t size);

/* The key of a message with this UIDL, new memory. */
char *plan_uidl_key(struct slice uidl);
/* The key of a message without UIDL: by the digest of its header; 0: by all its bytes. New memory. */
char *plan_header_key(uint64_t digest, struct slice header);
/* Whether it is one of those. */
bool plan_is_header_key(const char *key);

#endif
