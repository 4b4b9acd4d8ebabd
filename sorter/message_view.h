/*
 * A message as conditions see it: fields, parts and text, decoded and folded on first use.
 *
 * The cost of a hostile message is limited: the number of fields, the bytes per field and in total, the text of the
 * body, and the total work (message/budget.h). Rules do not see the rest: such a message is delivered according to the
 * rules, and also to the recipient of unsorted mail; no rule matches because of text that it could not check.
 */
#ifndef LANPOST_SORTER_MESSAGE_VIEW_H
#define LANPOST_SORTER_MESSAGE_VIEW_H

#include "base/buf.h"
#include "message/header.h"

#define MESSAGE_VIEW_FIELDS_MAX 200000
#define MESSAGE_VIEW_FIELD_BYTES_MAX (1u << 20)
#define MESSAGE_VIEW_BYTES_MAX (16u << 20)
#define MESSAGE_VIEW_ADDRESSES_MAX 10000   /* of one field */
#define MESSAGE_VIEW_BODY_MAX (512u << 10) /* bytes of decoded text */
#define MESSAGE_VIEW_GAVE_UP_MAX 20        /* limit of regular expressions that reached their limit, before no more are tried */

struct literals;
struct scan_verdict;

/* The source of the view; everything is borrowed. */
struct message_view_source {
	struct slice message; /* header and body, or as much of it as there is */
	const char *account;  /* "" for none */
	uint64_t size;
	int64_t arrived; /* seconds since 1970 */
	bool fold_yo;
	const struct scan_verdict *verdict; /* of our scanners; NULL: there is none */
	int64_t spam_limit; /* the score from which on it is spam; 0: none */
	const struct literals *body_literals; /* see rule_index.h; NULL for none */
};

struct message_view_text {
	struct buf decoded, folded;
	bool is_cut; /* incomplete, or partly not decoded: a text that was not found may be there */
	struct strlist addresses; /* plain, folded; of address fields */
};

struct message_view_field {
	struct header_field field;
	struct message_view_text *text; /* NULL until first used */
};

/* A part that has a file name or is an attachment. */
struct message_view_part {
	struct message_view_text name, type;
	bool is_attachment;
};

struct message_view {
	struct message_view_source source;
	struct slice charset; /* of the message */
	struct message_view_field *fields;
	size_t field_count;
	size_t bytes;   /* decoded so far */
	size_t gave_up; /* searches that reached their limit so far */
	/* Read on first use. */
	bool has_parts, has_body;
	bool fields_are_cut, parts_are_cut; /* there are more of them */
	bool is_cut; /* something is beyond the limits: no rule has seen it */
	size_t doubts; /* tests that found nothing, but could not check everything */
	struct message_view_part *parts;
	size_t part_count;
	struct message_view_text body;     /* of all text parts, white space as single blanks */
	unsigned char *body_marks; /* which of body_literals are in it */
};

void message_view_init(struct message_view *view, const struct message_view_source *source);
void message_view_clear(struct message_view *view);
/* Fields that mailing lists add to their mail (RFC 2369, RFC 2919, and older ones). */
bool message_view_is_list_field(const struct header_field *field);
/* Fields in which a provider marks the message as spam. */
bool message_view_is_spam_field(const struct header_field *field);
/* Empty if beyond the limits. */
const struct message_view_text *message_view_field_text(struct message_view *view, struct message_view_field *field);
const struct message_view_text *message_view_body(struct message_view *view);
/* Fills view->parts. */
void message_view_read_parts(struct message_view *view);

#endif
