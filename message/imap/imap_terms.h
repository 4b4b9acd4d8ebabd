/*
 * What SEARCH, SORT and THREAD compare of a message's header, decoded and folded once, as one value that a cache can keep.
 */
#ifndef LANPOST_MESSAGE_IMAP_TERMS_H
#define LANPOST_MESSAGE_IMAP_TERMS_H

#include "message/imap/imap_thread.h"

#define IMAP_TERMS_MAX (512u << 10)

struct imap_terms {
	bool has_date;
	int64_t sent_time, sent_day; /* as imap_search_sent_time(), imap_search_sent_day() */
	bool is_reply;
	struct slice subject;	     /* imap_subject_base() */
	struct slice from, to, cc;   /* the mailbox (local part) of the first address, folded */
	struct slice ids;	     /* Message-ID and references, for imap_terms_thread() */
	struct slice fields;	     /* of imap_terms_find(); ptr NULL: too large */
};

/* Appends the value for a header, which may be that of a listing. */
void imap_terms_make(struct slice header, struct buf *out);
/* Borrows from the value. False: it is not one of this version. */
bool imap_terms_read(struct slice value, struct imap_terms *terms);
/* The number of a field that is searched for often; -1: of any other. A listing has all of them. */
int imap_terms_field(struct slice name);
/* As imap_search_field(), for a field of this number. */
bool imap_terms_find(const struct imap_terms *terms, int field, struct slice folded);
/* As imap_thread_message_read(): subject, is_reply, message_id and references. */
void imap_terms_thread(const struct imap_terms *terms, struct imap_thread_message *message);

#endif
