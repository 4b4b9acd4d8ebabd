/*
 * A message as conditions see it: fields, parts and text, decoded and folded when first asked for.
 *
 * What a hostile message can cost is bounded: this many fields are looked at, this many bytes of each,
 * this many in all, this much text of the body, and the work in all (message/budget.h). What is beyond, rules have not seen: such a message
 * is delivered as they say, and to where unsorted mail goes, too; no rule matches by what it could not look at.
 */
#ifndef LANPOST_SORTER_VIEW_H
#define LANPOST_SORTER_VIEW_H

#include "base/buf.h"
#include "message/header.h"

#define VIEW_FIELDS_MAX 200000
#define VIEW_FIELD_BYTES_MAX (1u << 20)
#define VIEW_BYTES_MAX (16u << 20)
#define VIEW_ADDRESSES_MAX 10000   /* of one field */
#define VIEW_BODY_MAX (512u << 10) /* bytes of decoded text */
#define VIEW_GAVE_UP_MAX 20        /* regular expressions that ran wild, before no more are tried */

struct literals;

/* What the view is made of; all is borrowed. */
struct view_source {
	struct slice message; /* header and body, or as much of it as there is */
	const char *account;  /* "" for none */
	uint64_t size;
	int64_t arrived; /* seconds since 1970 */
	bool fold_yo;
	const struct literals *body_literals; /* see rule_index.h; NULL for none */
};

struct view_text {
	struct buf decoded, folded;
	bool is_cut; /* it is not all of it, or in part undecoded: what is not found may be there */
	struct strlist addresses; /* plain, folded; of address fields */
};

struct view_field {
	struct header_field field;
	struct view_text *text; /* NULL until it is asked for */
};

/* A part that has a file name or is an attachment. */
struct view_part {
	struct view_text name, type;
	bool is_attachment;
};

struct view {
	struct view_source source;
	struct slice charset; /* of the message */
	struct view_field *fields;
	size_t field_count;
	size_t bytes;   /* decoded so far */
	size_t gave_up; /* searches that came to their bounds so far */
	/* Read when first asked for. */
	bool has_parts, has_body;
	bool fields_are_cut, parts_are_cut; /* there are more of them */
	bool is_cut; /* something is beyond the bounds: no rule has seen all of it */
	size_t doubts; /* tests that found nothing, but could not look at all */
	struct view_part *parts;
	size_t part_count;
	struct view_text body;     /* of all text parts, white space as single blanks */
	unsigned char *body_marks; /* which of body_literals are in it */
};

void view_init(struct view *view, const struct view_source *source);
void view_clear(struct view *view);
/* Fields that mailing lists put into their mail (RFC 2369, RFC 2919, and older ways). */
bool view_is_list_field(const struct header_field *field);
/* Fields in which a provider says that it takes the message for spam. */
bool view_is_spam_field(const struct header_field *field);
/* Past the bounds it is empty. */
const struct view_text *view_field_text(struct view *view, struct view_field *field);
const struct view_text *view_body(struct view *view);
/* Fills view->parts. */
void view_read_parts(struct view *view);

#endif
