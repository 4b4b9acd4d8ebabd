/*
 * A message as conditions see it, and whether one holds.
 *
 * Each header is decoded and folded at most once, when the first condition asks for it. What a
 * hostile message can cost is bounded: so many fields are looked at, so many bytes of each, so many
 * in all.
 */
#ifndef LANPOST_SORTER_MATCH_H
#define LANPOST_SORTER_MATCH_H

#include "base/buf.h"
#include "mail/header.h"
#include "sorter/rule_parse.h"

#define VIEW_FIELDS_MAX 10000
#define VIEW_FIELD_BYTES_MAX (1u << 20)
#define VIEW_BYTES_MAX (16u << 20)
#define VIEW_ADDRESSES_MAX 10000 /* of one field */
#define VIEW_GAVE_UP_MAX 20      /* regular expressions that ran wild, before no more are tried */

struct view_field {
	struct header_field field;
	struct view_text *text; /* NULL until it is asked for */
};

struct view {
	struct slice message;
	const char *account;
	uint64_t size;
	struct slice charset; /* of the message */
	struct view_field *fields;
	size_t field_count;
	size_t bytes;   /* decoded so far */
	size_t gave_up; /* searches that came to their bounds so far */
};

/* All is borrowed. */
void view_init(struct view *view, struct slice message, const char *account, uint64_t size);
void view_clear(struct view *view);

/* What made a condition true. */
struct hit {
	const struct test *test; /* NULL: nothing that could be shown (always, not) */
	char *header;            /* its name as the message has it */
	char *value;             /* decoded */
	char *matched;           /* the part of value */
};
void hit_clear(struct hit *hit);

/* True if the condition holds; *hit (initialised to zero) is then set. */
bool condition_match(const struct condition *condition, struct view *view, struct hit *hit);

#endif
