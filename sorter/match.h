/*
 * Whether a condition holds for a message, and why.
 */
#ifndef LANPOST_SORTER_MATCH_H
#define LANPOST_SORTER_MATCH_H

#include "sorter/rule_parse.h"
#include "sorter/message_view.h"

/* The reason why a condition is true. */
struct hit {
	const struct test *test; /* NULL: nothing to show (always, not) */
	char *header;  /* its name as in the message; "attachment", "body" and similar */
	char *value;   /* decoded; of a body the context of the match */
	char *matched; /* the part of value */
};
void match_clear_hit(struct hit *hit);

/* True if the condition holds; *hit (initialised to zero) is then set. */
bool match_condition(const struct condition *condition, struct message_view *view, struct hit *hit);

#endif
