/*
 * What programs that list messages ask for, made of a message once, as one value that a cache can keep: the ENVELOPE, the header fields that
 * lists, SEARCH, SORT and THREAD need, and optionally BODY and BODYSTRUCTURE.
 */
#ifndef LANPOST_MESSAGE_IMAP_LISTING_H
#define LANPOST_MESSAGE_IMAP_LISTING_H

#include "message/imap/imap_part.h"
#include "message/imap/imap_section.h"

#define IMAP_LISTING_MAX (64u << 10)

struct imap_listing {
	struct slice envelope;
	struct slice header; /* the fields that imap_listing_has() names, as they are in the message, in its order */
	struct slice body, structure; /* BODY and BODYSTRUCTURE; ptr NULL: not made */
};

/* Whether a field of that name is in the header of a listing (if the message has it). */
bool imap_listing_has(struct slice name);
/* Whether the header of a listing answers HEADER.FIELDS (...). */
bool imap_listing_answers(const struct imap_section *section);
/* Appends a listing. tree NULL: without BODY and BODYSTRUCTURE. False: it would be larger than IMAP_LISTING_MAX; nothing is appended. */
bool imap_listing_make(struct slice header, const struct imap_tree *tree, struct buf *out);
/* Borrows from the value. False: it is not a listing of this version. */
bool imap_listing_read(struct slice value, struct imap_listing *listing);

#endif
