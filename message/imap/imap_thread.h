/*
 * Conversations: the threads of messages (RFC 5256 section 3), ORDEREDSUBJECT and REFERENCES.
 *
 * Linear in the number of messages and references besides sorting, whatever the messages claim to answer.
 */
#ifndef LANPOST_MESSAGE_IMAP_THREAD_H
#define LANPOST_MESSAGE_IMAP_THREAD_H

#include "base/buf.h"

#define IMAP_THREAD_REFERENCES_MAX 100 /* of one message; the last ones count */

struct imap_thread_message {
	uint32_t number; /* its UID or sequence number, as the reply names it */
	int64_t date;	 /* as in SORT DATE */
	char *subject;	 /* imap_subject_base(); owned */
	bool is_reply;
	char *message_id;	   /* without <>; NULL: none; owned */
	struct strlist references; /* the same, the oldest first */
};

/* Reads message_id and references from the header, the subject from the decoded one; the caller sets number and date. */
void imap_thread_message_read(struct imap_thread_message *message, struct slice header, struct slice subject);
/* About the bytes that it takes, with its places in the tree that an answer makes. */
size_t imap_thread_message_bytes(const struct imap_thread_message *message);
void imap_thread_message_clear(struct imap_thread_message *message);

/* Appends the threads: "(1)(2 (3)(4 5))". The messages are in the order of the mailbox. */
void imap_thread_by_subject(const struct imap_thread_message *messages, size_t count, struct buf *out);
void imap_thread_by_references(const struct imap_thread_message *messages, size_t count, struct buf *out);

#endif
