/*
 * Whether a condition holds for a message, and what made it hold.
 */
#ifndef LANPOST_SORTER_MATCH_H
#define LANPOST_SORTER_MATCH_H

#include "sorter/rule_parse.h"
#include "sorter/view.h"

/* What made a condition true. */
struct hit {
	const struct test *test; /* NULL: nothing that could be shown (always, not) */
	char *header;  /* its name as the message has it; "attachment", "body" and the like */
	char *value;   /* decoded; of a body the surroundings of the match */
	char *matched; /* the part of value */
};
void hit_clear(struct hit *hit);

/* True if the condition holds; *hit (initialised to zero) is then set. */
bool condition_match(const struct condition *condition, struct view *view, struct hit *hit);

#endif
