/*
 * Which rules can match a message at all, found in one pass over its header.
 *
 * A rule whose condition cannot hold unless one of certain texts is in a header is only looked
 * at where one of them does, so that a thousand rules cost little more than ten. All others (size,
 * account, not, regular expressions) are always looked at. It never changes once made and may be
 * used by many threads.
 */
#ifndef LANPOST_SORTER_RULE_INDEX_H
#define LANPOST_SORTER_RULE_INDEX_H

#include "sorter/rule_parse.h"
#include "sorter/view.h"

struct rule_index;

/* The conditions get the numbers of their texts in rule_index_body(). */
struct rule_index *rule_index_new(struct condition *const *conditions, size_t count);
void rule_index_free(struct rule_index *index);

/* A bit for each rule that may match, in uint64_t's; the caller frees it. */
uint64_t *rule_index_candidates(const struct rule_index *index, struct view *view);
/* The next bit that is set from `from` on, count if none exists. */
size_t rule_index_next(const uint64_t *candidates, size_t from, size_t count);
/* The texts that rules look for in bodies, for view_source; NULL if none exist. */
const struct literals *rule_index_body(const struct rule_index *index);

#endif
