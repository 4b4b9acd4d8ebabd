/*
 * An index of one message's text, for BODY and TEXT: it says which messages cannot contain a text, so that only the others are read.
 *
 * SEARCH finds parts of words, in any script. So the index knows which sequences of three characters the folded text has, those of the body
 * and those of the header apart, as bits of a filter (Bloom's): about six bits for each. It may say "perhaps" of a text that is not there,
 * never "no" of one that is. docs/performance.md compares it with SQLite's FTS5 and says why it is not Xapian.
 */
#ifndef LANPOST_MESSAGE_IMAP_TEXT_INDEX_H
#define LANPOST_MESSAGE_IMAP_TEXT_INDEX_H

#include "message/imap/imap_part.h"

#define IMAP_TEXT_INDEX_MAX (512u << 10)

/* Appends the index of a message. tree NULL: one that admits any text. */
void imap_text_index_make(const struct imap_tree *tree, struct buf *out);

/* The sequences of a text that is searched for. */
#define IMAP_TEXT_KEY_MAX 64 /* more than that of a long text are not needed */
struct imap_text_key {
	uint64_t sequences[IMAP_TEXT_KEY_MAX];
	size_t count; /* 0: it has fewer than three characters, or is not UTF-8, and no index can exclude it */
};
void imap_text_key_make(struct imap_text_key *key, struct slice folded);
/* Whether the message of this index may contain the text, in its body or (with_header) its header. */
bool imap_text_index_admits(struct slice index, bool with_header, const struct imap_text_key *key);

#endif
