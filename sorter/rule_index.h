/*
 * Which rules can match a message at all, found in one pass over its header.
 *
 * A rule whose condition requires one of certain texts in a header is only checked if one of
 * them is there, so that a thousand rules cost little more than ten. All others (size, account,
 * not, regular expressions) are always checked. The index never changes and may be used by many
 * threads.
 */
#ifndef LANPOST_SORTER_RULE_INDEX_H
#define LANPOST_SORTER_RULE_INDEX_H

#include "sorter/rule_parse.h"
#include "sorter/message_view.h"

struct rule_index;

/* Stores in the conditions the numbers of their texts in rule_index_body(). */
struct rule_index *rule_index_new(struct condition *const *conditions, size_t count);
void rule_index_free(struct rule_index *index);

/* A bit for each rule that may match, as an array of uint64_t; the caller frees it. */
uint64_t *rule_index_candidates(const struct rule_index *index, struct message_view *view);
/* The next bit that is set from `from` on, count if none exists. */
size_t rule_index_next(const uint64_t *candidates, size_t from, size_t count);
/* The texts that rules search for in bodies, for message_view_source; NULL if there are none. */
const struct literals *rule_index_body(const struct rule_index *index);

#endif
