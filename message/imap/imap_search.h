/*
 * Whether a message matches a search key with a text or a date of its header (RFC 9051 section 6.4.4).
 *
 * Compared is decoded text, in any charset, without regard to case, with e and yo of Russian equal, as rules compare it. Work is counted
 * against the thread's budget (message/budget.h): budget_begin() for each command.
 */
#ifndef LANPOST_MESSAGE_IMAP_SEARCH_H
#define LANPOST_MESSAGE_IMAP_SEARCH_H

#include "message/header.h"
#include "message/imap/imap_part.h"

/* Makes the text of a key comparable; appended to out. To be done once for each key, not for each message. */
void imap_search_fold(struct slice text, struct buf *out);
/* Whether a field of that name contains the folded text; an empty text: whether there is such a field. */
bool imap_search_field(struct slice header, const char *name, struct slice folded);
/* Calls fn with each text that imap_search_text() looks at, folded, until it returns true; ptr NULL: one that costs more than is left of the
 * budget. Those of the body (parts, and names of attachments), and the fields of the header. Returns whether fn did. */
typedef bool (*imap_search_fn)(void *context, struct slice folded);
bool imap_search_each_text(const struct imap_tree *tree, imap_search_fn fn, void *context);
bool imap_search_each_field(struct slice header, imap_search_fn fn, void *context);
bool imap_search_visit_field(const struct header_field *field, struct slice charset, imap_search_fn fn, void *context);
/* Whether the body's text (decoded, of all parts that are text, and the names of attachments) contains the folded text; with_header: or any
 * header field of the message (TEXT). */
bool imap_search_text(const struct imap_tree *tree, bool with_header, struct slice folded);
/* Appends the beginning of the text that people read, white space as single blanks, at most `characters` (PREVIEW, RFC 8970). */
void imap_search_preview(const struct imap_tree *tree, size_t characters, struct buf *out);

/* The day of the Date field as written, without its zone (RFC 9051 SENTON), in days since 1970. False if there is none that can be read. */
bool imap_search_sent_day(struct slice header, int64_t *day);
/* The Date field as seconds since 1970 (SORT DATE). False as above. */
bool imap_search_sent_time(struct slice header, int64_t *time);

#endif
